"""Every benchmark, one after the other; some hours on two cores.

python -m benchmarks.all
"""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    "evidence",
    "extrapolation",
    "offline",
    "online",
    "selection",
    "distillation",
    "scale",
    "team",
    "team_speed",
    "speed.run",
    "readme",
)


def main() -> None:
    """Run each benchmark in a process of its own and stop at the first that fails."""
    for module in MODULES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=True)


if __name__ == "__main__":
    main()
