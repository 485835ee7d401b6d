"""From tables to compact rows: times, values, statuses, and how each table was read."""
