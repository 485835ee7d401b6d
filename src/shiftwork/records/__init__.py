"""What people did: recorded episodes, from files and to files."""
