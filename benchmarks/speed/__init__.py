"""Updates per second, ours against d3rlpy."""
