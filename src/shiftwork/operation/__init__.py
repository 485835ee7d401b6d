"""Agents at the plant: envelope, modes, cycle, audit, connection."""
