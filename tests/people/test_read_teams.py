"""Team episodes rebuilt from an export are the recorded ones, within the historian's compression."""

import shutil

import numpy as np
import pytest

from shiftwork.cli.team_record_verbs import rebuild_records
from shiftwork.errors import UserError
from shiftwork.people.centre.export import files_of, write_records
from shiftwork.people.centre.people import People
from shiftwork.people.centre.read_teams import files_in, read_team_episodes
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.records.formats.team_folder import load_team_records
from support.people_builders import small_years

pytestmark = pytest.mark.slow
NAME = "centre-small.simulated"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    plant, years = small_years()
    folder = tmp_path_factory.mktemp("export") / "people"
    write_records(plant, years, folder)
    return plant, folder


def test_what_is_rebuilt_is_what_was_recorded(written, tmp_path):
    plant, folder = written
    place = place_of(plant, step="1 h", reward="1,000 $")
    # The same key as ``small_years``.
    direct = record_team(plant, People(plant), place, episodes=2, seed=8)
    found, opened = read_team_episodes(plant, files_in(folder))
    assert sum(opened) == 0
    assert found.place == direct.place
    np.testing.assert_allclose(found.reward, direct.reward, atol=1e-4)
    assert found.length.tolist() == direct.length.tolist()
    for task, one, other in zip(place.tasks, direct.decisions, found.decisions, strict=True):
        made = one.made
        for name in ("episode", "step", "macro_action", "duration", "mask"):
            same = getattr(one, name)[made] == getattr(other, name)
            assert same.all(), (task.agent, name)
        off = np.abs(one.observation[made] - other.observation).max(0)
        for column, most in zip(task.observations, off, strict=True):
            # Prices are shown as ten times a logarithm, so that a dead-band shows.
            assert most < (0.1 if "price" in column else 0.04), (task.agent, column)
    records = rebuild_records(folder, "centre-small", tmp_path / "records", None)
    again = load_team_records(tmp_path / "records")
    assert len(again.reward) == len(records.reward) == 480


def changed(folder, tmp_path, file, old, new):
    copy = tmp_path / "people"
    shutil.copytree(folder, copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("occasions.csv", "blending", "blendng", "unknown task 'blendng'; did you mean 'blending'?"),
        ("occasions.csv", ",wait", ",wat", "unknown macro-action 'wat 6 h'; did you mean 'wait 6 h'?"),
        ("occasions.csv", "2031-", "2030-", "from 2030-01-01 00:00 on, but the samples"),
    ],
)  # fmt: skip
def test_an_export_that_names_what_is_not_there_is_refused(written, tmp_path, file, old, new, line):
    plant, folder = written
    copy = changed(folder, tmp_path, f"{NAME}.{file}", old, new)
    with pytest.raises(UserError) as refused:
        read_team_episodes(plant, files_in(copy))
    assert line in str(refused.value)
    assert file in str(refused.value)


def test_an_export_without_its_occasions_is_refused(written, tmp_path):
    plant, folder = written
    copy = tmp_path / "people"
    shutil.copytree(folder, copy)
    files_of(copy, NAME).occasions.unlink()
    with pytest.raises(UserError, match=r"occasions.csv: no such file; export the records again"):
        read_team_episodes(plant, files_in(copy))
    with pytest.raises(UserError, match="holds no files"):
        files_in(tmp_path)


def test_the_files_of_an_export_are_found_in_its_folder(written):
    _, folder = written
    assert files_in(folder) == files_of(folder, NAME)
