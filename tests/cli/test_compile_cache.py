"""What was compiled is found again, in a folder that stays small and that the user may choose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shiftwork.cli.compile_cache import forget_oldest, keep_compiled

FOLDER = "JAX_COMPILATION_CACHE_DIR"
PROGRAM = """
{first}
from shiftwork.cli.compile_cache import keep_compiled
keep_compiled()
import jax
found = []
jax.monitoring.register_event_listener(lambda event, **_: found.append(event))
print(jax.jit(lambda x: x @ x + 1)(jax.numpy.eye(2)).sum())
print(sum("cache_hits" in event for event in found) > 0)
"""


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process that has not imported JAX, whose caches are in an empty folder."""
    monkeypatch.delitem(sys.modules, "jax")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # Set before it is deleted, so that what keep_compiled sets is undone after the test.
    for name in (FOLDER, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path


@pytest.mark.parametrize("first", ["", "import jax"])
def test_the_next_process_finds_what_one_compiled(first: str, tmp_path: Path) -> None:
    about = os.environ | {
        "XDG_CACHE_HOME": str(tmp_path),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    about.pop(FOLDER, None)
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(first=first)],
            env=about,
            capture_output=True,
            text=True,
            check=True,
        )
        for _ in range(2)
    ]
    assert [done.stdout.split() for done in said] == [["6.0", "False"], ["6.0", "True"]]
    assert [done.stderr for done in said] == ["", ""]


def test_the_folder_is_the_users_alone(fresh: Path) -> None:
    keep_compiled()
    own = Path(os.environ[FOLDER])
    assert own.parent == fresh / "shiftwork" / "compiled"
    assert own.stat().st_mode & 0o077 == 0


def test_the_users_own_folder_wins(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, "elsewhere")
    keep_compiled()
    assert os.environ[FOLDER] == "elsewhere"
    assert list(fresh.iterdir()) == []


def test_where_nothing_can_be_written_all_is_compiled_as_ever(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (fresh / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(fresh / "file"))
    keep_compiled()
    assert FOLDER not in os.environ


def test_who_was_not_used_for_longest_is_forgotten_first(tmp_path: Path) -> None:
    # Name, used and written at, in seconds; 100 bytes each.
    for name, used, written in (("a", 9, 1), ("b", 2, 2), ("c", 3, 8), ("d", 4, 4), ("e", 7, 7)):
        path = tmp_path / name / "program-cache"
        path.parent.mkdir()
        path.write_bytes(bytes(100))
        os.utime(path, (used, written))
    forget_oldest(tmp_path, 399)
    assert sorted(path.parent.name for path in tmp_path.glob("*/*")) == ["a", "c", "e"]
    forget_oldest(tmp_path, 399)
    assert len(list(tmp_path.glob("*/*"))) == 3
