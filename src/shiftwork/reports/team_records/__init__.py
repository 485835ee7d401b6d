"""What a team's records hold: occasions, choices, and what can be learned of them."""
