"""Lists of independent work, done in this process, in several processes or on a cluster."""
