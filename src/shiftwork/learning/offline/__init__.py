"""Learning from records: one file for each algorithm, on a few shared leaves."""
