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
    "disasters",
    "scale",
    "export_fuzz",
    "team",
    "team_comparison",
    "team_speed",
    "team_learning_speed",
    "cracker_fit",
    "furnace",
    "centre_speed",
    "centre_rules",
    "centre",
    "centre_people",
    "centre_team",
    "assistant_questions",
    "assistant_model",
    "assistant_explain",
    "assistant_worth",
    "assistant_search",
    "assistant_tutorial",
    "centre_pictures",
    "speed.run",
    "readme",
)


def main() -> None:
    """Run each benchmark in a process of its own and stop at the first that fails."""
    for module in MODULES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=True)


if __name__ == "__main__":
    main()
