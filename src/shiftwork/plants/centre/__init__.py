"""A naphtha cracking centre: ships, tanks and furnaces, run by a team."""
