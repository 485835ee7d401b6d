"""The test run itself: what it checks of all code, and how it ends when a worker is lost."""

import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

ROOT = Path(__file__).parents[1]


def run(folder, text, *options):
    """Run a file of tests in a process of its own with the project's options."""
    (folder / "test_inner.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", folder]
    return subprocess.run(
        [*command, *options, folder / "test_inner.py"],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip


def test_jax_adds_no_axis_and_changes_no_dtype_by_itself():
    with pytest.raises(ValueError, match="rank_promotion"):
        jnp.ones((2, 3)) + jnp.ones(3)
    with pytest.raises(jax.dtypes.TypePromotionError, match="dtype_promotion"):
        jnp.ones(3) * jnp.ones(3, bool)


def test_a_lost_worker_ends_the_run_with_the_name_of_its_test(tmp_path):
    text = (
        "import os, signal\n"
        "def test_dies():\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "def test_lives():\n    pass\n"
    )
    found = run(tmp_path, text, "-n", "1", "--dist", "worksteal")
    assert found.returncode != 0
    assert "test_dies" in found.stdout
    assert "crashed" in found.stdout


def test_a_test_over_the_limit_fails_unless_it_is_marked_slow(tmp_path):
    # Twelve times the limit: no machine is that much slower than the one on which it was set.
    burn = "    end = time.process_time() + 0.6\n    while time.process_time() < end: pass\n"
    text = (
        "import pytest, time\n"
        f"def test_long():\n{burn}"
        f"@pytest.mark.slow\ndef test_marked():\n{burn}"
        "def test_short():\n    pass\n"
    )
    options = ("-n", "0", "-p", "support.quick_limit", "--quick-limit", "0.05")
    found = run(tmp_path, text, *options)
    assert found.returncode == 1, found.stdout + found.stderr
    assert "3 passed, 1 error" in found.stdout
    assert "test_long took" in found.stdout
    assert run(tmp_path, text, *options[:-1], "5").returncode == 0
