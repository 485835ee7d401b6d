"""The people who run a naphtha cracking centre today, and the records that they leave."""
