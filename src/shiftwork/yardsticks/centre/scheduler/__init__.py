"""The rolling scheduler of the cracking centre, a mixed-integer program."""
