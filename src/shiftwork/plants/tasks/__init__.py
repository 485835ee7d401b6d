"""Published tasks, reproduced step by step."""
