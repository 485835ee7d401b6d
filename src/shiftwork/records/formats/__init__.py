"""Files of episodes: one module for each format that is read or written."""
