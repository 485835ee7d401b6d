"""Why an agent proposes what it proposes: what it saw, and what its own critics make of it."""
