"""Whether the furnace's trends are those of detailed mechanisms that ship with Cantera."""
