"""The control-room page: a process of its own that reads what operate writes."""
