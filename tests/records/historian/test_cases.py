"""Sixty-six exports as people have them: each is read right, or refused with what helps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from support.export_judge import problem_of

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def test_all_of_them_are_here():
    assert len(NAMES) == 66


@pytest.mark.parametrize("name", NAMES)
def test_case(name, tmp_path, monkeypatch):
    case = CASES / name
    what = json.loads((case / "case.json").read_text(encoding="utf-8"))
    # Under bare names, so that no message is matched by the case's own name.
    shutil.copytree(case / "export", tmp_path / "e" / "export")
    plant = None
    if (case / "plant.toml").exists():
        plant = tmp_path / "e" / "p.toml"
        shutil.copy(case / "plant.toml", plant)
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "e")
    assert problem_of(case, Path(what["arg"]), plant, tmp_path / "out", monkeypatch) == ""
