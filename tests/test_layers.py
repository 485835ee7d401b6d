"""What is loaded when a layer is imported, in a fresh process: contracts are light, learning draws no page."""

import json
import subprocess
import sys

import pytest

CONTRACTS = {
    # What is imported -> what must not come along.
    "shiftwork": ("jax", "matplotlib", "polars", "pyarrow", "shiftwork.plants", "shiftwork.learning"),
    "shiftwork.cli.main": ("jax", "matplotlib", "polars", "shiftwork.plants", "shiftwork.learning"),
    "shiftwork.jobs.run": ("jax", "numpy", "polars", "ray", "shiftwork.plants", "shiftwork.learning"),
    "shiftwork.records.episodes": ("jax", "matplotlib", "polars", "shiftwork.plants"),
    "shiftwork.records.historian.cut": ("jax", "matplotlib", "shiftwork.plants"),
    "shiftwork.assistant.tools.compare": ("jax", "matplotlib", "shiftwork.plants", "shiftwork.learning"),
    "shiftwork.plants.plant": ("matplotlib", "polars", "gymnasium", "shiftwork.plants.tasks"),
    "shiftwork.plants.team_plant": (
        "matplotlib", "polars", "gymnasium", "shiftwork.plants.tasks", "shiftwork.plants.centre",
        "shiftwork.plants.cracker", "shiftwork.learning",
    ),
    "shiftwork.plants.operator": ("matplotlib", "polars", "gymnasium", "shiftwork.plants.tasks"),
    "shiftwork.plants.catalogue": ("jax", "matplotlib", "polars", "gymnasium"),
    "shiftwork.agents.agent": ("jax", "matplotlib", "polars", "shiftwork.plants"),
    "shiftwork.agents.team": ("jax", "matplotlib", "polars", "shiftwork.plants"),
    "shiftwork.learning.offline.learn": (
        "matplotlib", "polars", "gymnasium", "shiftwork.reports", "shiftwork.evaluation",
        "shiftwork.plants.tasks", "shiftwork.plants.centre", "shiftwork.people",
    ),
    "shiftwork.learning.team.train": (
        "matplotlib", "polars", "gymnasium", "shiftwork.reports", "shiftwork.plants.tasks",
        "shiftwork.plants.centre", "shiftwork.people",
    ),
    "shiftwork.evaluation.rollout": ("matplotlib", "polars", "shiftwork.reports"),
    "shiftwork.web.app": ("jax", "matplotlib", "asyncua", "shiftwork.plants", "shiftwork.learning"),
    "shiftwork.yardsticks.simple": ("matplotlib", "polars", "shiftwork.plants.centre"),
}  # fmt: skip
MOST = {"shiftwork.plants.team_plant": 16, "shiftwork.learning.offline.learn": 48}
"""Modules of the package that may be loaded at most."""


@pytest.mark.parametrize("module", CONTRACTS)
def test_a_layer_loads_no_more_than_it_needs(module):
    code = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    extra = [
        name
        for name in loaded
        for forbidden in CONTRACTS[module]
        if name == forbidden or name.startswith(forbidden + ".")
    ]
    assert not extra
    own = [name for name in loaded if name.startswith("shiftwork")]
    assert len(own) <= MOST.get(module, 1000), own


def test_every_public_name_is_there_and_loaded_on_first_use():
    code = (
        "import shiftwork, sys; assert 'jax' not in sys.modules; "
        "assert set(shiftwork.__all__) <= set(dir(shiftwork)); "
        "found = [getattr(shiftwork, name) for name in shiftwork.__all__]; "
        "assert all(found); assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    import shiftwork

    with pytest.raises(AttributeError, match="no attribute 'lern'"):
        _ = shiftwork.lern
