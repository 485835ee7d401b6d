"""The run-time type checker of the tests: an int is a float wherever Python says so (PEP 484)."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
