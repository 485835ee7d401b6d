"""How well the gate judges: a panel of agents on plants whose truth is known."""
