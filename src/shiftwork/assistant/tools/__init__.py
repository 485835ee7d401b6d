"""Read-only tools; each result is a figure that recomputes exactly."""
