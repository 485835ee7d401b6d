"""How agents learn: one file for each algorithm, on a few shared leaves."""
