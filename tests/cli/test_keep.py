"""--keep on the command line: a command that was stopped while it read exports goes on with them."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest

from shiftwork.cli.main import main
from shiftwork.records.historian.gather.gatherer import Gatherer
from support.still_plant import Still


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """An export and its plant file."""
    export, file = Still(rows=300).write(tmp_path_factory.mktemp("still"))
    return str(export), str(file)


def converted(still, out, *options):
    main(
        ["convert", still[0], "--tags", still[1], "--stage", "samples", "--out", str(out), *options]
    )
    return pl.read_parquet(out)


def test_ctrl_c_ends_in_one_sentence_and_the_same_command_goes_on(
    still, tmp_path, monkeypatch, capsys
):
    undisturbed = converted(still, tmp_path / "a.parquet")
    out, keep = tmp_path / "b.parquet", tmp_path / "kept"
    take = Gatherer.take

    def pressed(self, *given):
        take(self, *given)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Gatherer, "take", pressed)
        with pytest.raises(SystemExit) as stop:
            converted(still, out, "--keep", str(keep))
    assert stop.value.code == 130
    assert not out.exists()
    (own,) = keep.iterdir()
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (
        "shiftwork: stopped the import, of which 0 of 1 table and 1,200 values are kept in "
        f"{own}; the same command goes on from there"
    )
    assert converted(still, out, "--keep", str(keep)).equals(undisturbed)
    assert "Going on with an import of which 0 of 1 table and 1,200 values" in said(capsys)
    # Another command, which needs the same rows.
    main(
        ["inspect", still[0], "--tags", still[1], "--out", str(tmp_path / "i"), "--keep", str(keep)]
    )
    assert "Going on with an import of which 1 of 1 table and 1,200 values" in said(capsys)


def said(capsys):
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["inspect", "EXPORT", "--draft"], "--keep is for what is read by a finished plant file"),
        (["learn", "dmsd"], "--keep is for exports, which a --tags file (.toml) describes"),
        (
            ["evaluate", "people", "--plant", "furnace"],
            "--keep is for exports that are given as --records",
        ),
    ],
)
def test_where_nothing_is_imported_it_is_refused(command, told, still, tmp_path, capsys):
    command = [still[0] if word == "EXPORT" else word for word in command]
    with pytest.raises(SystemExit) as stop:
        main([*command, "--keep", str(tmp_path / "kept")])
    assert stop.value.code == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()


OFTEN = """
import sys
from shiftwork.cli.main import main
from shiftwork.records.historian.gather import kept
from shiftwork.records.historian.readers import delimited
kept.CHECKPOINT_S = 0.05
delimited.SMALL_BLOCK_BYTES = delimited.FIRST_BYTES = 2**18
main(sys.argv[1:])
"""


@pytest.mark.slow
def test_kill_9_again_and_again_gives_the_same_in_the_end(tmp_path):
    exports, file = tmp_path / "exports", tmp_path / "p.toml"
    exports.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        rows = 400_000
        tag = rng.integers(0, 4, rows)
        second = np.sort(rng.integers(0, 10**6, rows)) + number * 900_000
        value = np.where(
            tag == 3, rng.choice(["ON", "OFF"], rows), np.round(rng.normal(size=rows), 3)
        )
        pl.DataFrame(
            {
                "time": pl.Series(second * 10**6)
                .cast(pl.Datetime("us"))
                .dt.strftime("%Y-%m-%d %H:%M:%S"),
                "tag": [f"t{n}" for n in tag],
                "value": value,
                "quality": rng.choice(["Good", "Bad"], rows, p=[0.99, 0.01]),
            }
        ).write_csv(exports / f"{number}.csv")
    file.write_text(
        'name = "p"\nperiod = "1min"\nobjective.expression = "t1"\ntags.t3.role = "state"\n'
        'tags.t0 = {role = "action", bounds = [0, 9]}\n'
        'tags.t1.role = "observation"\ntags.t2.role = "observation"\n'
    )
    command = ["convert", str(exports), "--tags", str(file), "--stage", "samples", "--out"]
    python = [sys.executable, "-c", OFTEN, *command]
    subprocess.run([*python, str(tmp_path / "a.parquet")], check=True, capture_output=True)
    random.seed(0)
    keep = tmp_path / "kept"
    starts, returned = 0, None
    while returned != 0:
        starts += 1
        process = subprocess.Popen(
            [*python, str(tmp_path / "b.parquet"), "--keep", str(keep)], stderr=subprocess.PIPE
        )
        # Not before it has kept something more, so that it comes to an end.
        before = state_of(keep)
        while process.poll() is None and state_of(keep) == before:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        _, told = process.communicate()
        returned = process.returncode
        assert returned in (0, -signal.SIGKILL), told.decode()
    assert starts > 3
    assert pl.read_parquet(tmp_path / "b.parquet").equals(pl.read_parquet(tmp_path / "a.parquet"))


def state_of(keep):
    """What tells one state from the next."""
    found = [os.stat(file).st_mtime_ns for file in keep.glob("*/state.json")]
    return found[0] if found else None
