"""The cells of an export: numbers, times, time zones and quality."""
