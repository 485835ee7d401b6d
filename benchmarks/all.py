"""Every benchmark, one after the other; a day or two on two cores.

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
    "ladder",
    "distillation",
    "disasters",
    "sparse_goal",
    "scale",
    "learn_memory",
    "export_fuzz",
    "compile_time",
    "team",
    "team_comparison",
    "team_speed",
    "team_learning_speed",
    "cracker_fit",
    "furnace",
    "furnace_wrong_law",
    "centre_speed",
    "centre_rules",
    "centre",
    "centre_people",
    "centre_team",
    "team_records",
    "team_record_amount",
    "team_improve",
    "team_large",
    "team_varied",
    "gate.run_panel",
    "gate.table",
    "gate.scale",
    "workers",
    "operation_envelope",
    "operation_faults",
    "operation_crashes",
    "operation_week",
    "operation_load",
    "operation_memory",
    "assistant_questions",
    "assistant_model",
    "assistant_explain",
    "assistant_worth",
    "assistant_search",
    "assistant_year",
    "assistant_tutorial",
    "centre_pictures",
    "speed.run",
    "mazes",
    "overview",
    "readme",
)

ELSEWHERE = {
    "all": "this one",
    "assistant_witness": "needs the address of a language model's server",
    "gpu": "needs a GPU",
    "pictures": "draws what make demo wrote",
    "scale_pandas": "started by scale",
    "operation_stranger": "needs packages from npm in a folder of its own",
    "cracker_trends.mechanism": "started by cracker_trends.run",
    "cracker_trends.run": "needs Cantera, in an environment of its own",
    "simglucose.check_against_records": "needs the simulator simglucose, in an environment of its own",
    "simglucose.evaluate": "needs the simulator simglucose, in an environment of its own",
    "speed.d3rlpy_worker": "started by speed.run",
    "speed.ours_worker": "started by speed.run",
}
"""Scripts that are not among them, and why."""


def main() -> None:
    """Run each benchmark in a process of its own and stop at the first that fails."""
    for module in MODULES:
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=True)


if __name__ == "__main__":
    main()
