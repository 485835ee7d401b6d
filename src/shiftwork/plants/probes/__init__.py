"""Small plants whose values are known exactly, for tests of everything that learns."""
