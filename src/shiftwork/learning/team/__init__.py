"""Learning for teams: every agent decides on its own clock."""
