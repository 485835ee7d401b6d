"""Names of the time formats that no strptime letter can write."""

NUMERIC = {
    # from, below, is it UTC? The ranges do not touch: serials 1941 to 2119, epochs 1979 to 2286.
    "excel": (15e3, 80e3, False),
    "epoch_s": (3e8, 1e10, True),
    "epoch_ms": (3e11, 1e13, True),
    "epoch_us": (3e14, 1e16, True),
    "epoch_ns": (3e17, 1e19, True),
}
"""Numbers that are recognised by themselves."""

DECLARED = {
    "filetime": (1.1e17, 1.95e17, True),
    "ticks": (6.1e17, 7e17, False),
    "labview": (1.4e9, 9.4e9, True),
    "excel_1904": (13e3, 80e3, False),
    "matlab": (7e5, 8.1e5, False),
}
"""Eras whose numbers could be something else, so that the plant file must name them."""

ELAPSED_S = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Units in which time since ``export.start`` is counted."""

NAMED_FORMATS = (*NUMERIC, *DECLARED, *(f"elapsed_{unit}" for unit in ELAPSED_S))
"""Everything that ``export.time_format`` takes by name."""
