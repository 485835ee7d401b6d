"""What could be earned: bounds, optima and schedulers."""
