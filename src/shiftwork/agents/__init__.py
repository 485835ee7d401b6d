"""What acts, with NumPy alone: an agent, and a team of agents."""
