"""Yardsticks: what the best can reach where mathematical programming can still tell."""
