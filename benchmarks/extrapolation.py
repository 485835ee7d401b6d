"""What RS-LN and PA do to values away from the data: the picture in the README.

python -m benchmarks.extrapolation
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.results import write_rows
from shiftwork.evaluation.extrapolation import extrapolate, extrapolation_figure

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "extrapolation.png"


def main() -> None:
    """Learn the four variants, write CSV and picture."""
    found = extrapolate()
    rows = [
        {"variant": name, "seed": seed, "action": float(action), "value": float(value)}
        for name, curves in found.values.items()
        for seed, curve in enumerate(curves)
        for action, value in zip(found.action[::4], curve[::4], strict=True)
    ]
    write_rows("extrapolation", rows)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    extrapolation_figure(found).savefig(PICTURE, dpi=160)


if __name__ == "__main__":
    main()
