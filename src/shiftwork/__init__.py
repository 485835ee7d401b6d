"""Shiftwork: learn how a plant is run from its records, then improve by experience."""

__version__ = "0.1.0"
