"""Pictures and films of plants."""
