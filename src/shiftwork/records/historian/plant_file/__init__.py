"""The plant file: what the tags of an export mean, what is earned and how episodes are cut."""
