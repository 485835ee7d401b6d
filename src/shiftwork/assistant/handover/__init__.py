"""A page for a shift, day, week or month: every figure cited, and computed again on request."""
