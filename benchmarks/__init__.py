"""Benchmarks: one script for each table, raw results beside it."""
