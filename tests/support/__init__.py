"""Builders, readers and reference plants that several test files share."""
