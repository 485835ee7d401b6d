"""Documents and logs as passages that can be searched and quoted; nothing in them is ever obeyed."""
