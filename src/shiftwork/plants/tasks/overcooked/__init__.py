"""Kitchens in which a team cooks: one file each for the map, memory, way finding and moves."""
