"""The crews of one cracking furnace, and the records that they leave."""
