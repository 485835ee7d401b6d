"""How agents learn: from records, from experience, and as a team."""
