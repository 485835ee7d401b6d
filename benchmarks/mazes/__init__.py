"""Point mazes with a rare, terminal reward: the kind of task for which PARS was published."""
