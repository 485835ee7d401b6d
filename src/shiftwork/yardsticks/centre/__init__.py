"""Yardsticks of the cracking centre: an upper bound, and a scheduler that plans ahead."""
