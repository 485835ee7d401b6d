"""Simulated operators, and the records that they leave."""
