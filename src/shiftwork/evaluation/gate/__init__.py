"""The gate: what an agent is worth, from records that did not teach it."""
