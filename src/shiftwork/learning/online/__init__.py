"""Learning from experience, on a compiled plant or on a Gymnasium environment."""
