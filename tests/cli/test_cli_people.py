"""The verb people: records of simulated people that the other verbs take as any export."""

from __future__ import annotations

from pathlib import Path

import pytest

from shiftwork.cli.main import main


@pytest.mark.slow
def test_people_at_the_furnace_leave_records_that_can_be_inspected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "people"
    main(["people", "--out", str(out), "--years", "1", "--seed", "3"])
    told = capsys.readouterr().err.split()
    assert {path.name for path in out.iterdir()} == {
        "furnace-simulated.parquet",
        "furnace-simulated.toml",
    }
    assert "1 x 360 days of a furnace" in " ".join(told)
    # The command that it tells next works.
    command = told[told.index("inspect") :]
    main([*command, "--out", str(tmp_path / "inspection")])
    assert (tmp_path / "inspection" / "inspection.html").exists()
