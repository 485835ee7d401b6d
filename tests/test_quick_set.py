"""The rules of the test run itself: slow tests say so, and a lost worker ends the run with its name."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(folder, text, *options):
    (folder / "test_made.py").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_lost_worker_ends_the_run_with_the_tests_name(tmp_path):
    text = (
        "import os, signal, pytest\n"
        "@pytest.mark.parametrize('number', range(20))\n"
        "def test_dies(number):\n"
        "    if number == 3:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = run(tmp_path, text, "-n", "2", "--max-worker-restart", "0")
    assert done.returncode != 0
    assert "crashed while running" in done.stdout
    assert "test_dies[3]" in done.stdout


def test_a_test_that_is_not_quick_fails_unless_it_is_marked_slow(tmp_path):
    text = (
        "import time, pytest\n"
        "def busy():\n"
        "    until = time.process_time() + 0.3\n"
        "    while time.process_time() < until:\n"
        "        pass\n"
        "def test_takes_long():\n    busy()\n"
        "def test_is_quick():\n    pass\n"
        "@pytest.mark.slow\ndef test_says_so():\n    busy()\n"
    )
    (tmp_path / "conftest.py").write_text(
        "import support.quick_tests as plugin\nplugin.LIMIT_S = 0.02\n"
        "pytest_plugins = ['support.quick_tests']\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow: of the slow set\n")
    done = run(tmp_path, text)
    assert "test_takes_long took 0.3" in done.stdout
    assert "mark it slow" in done.stdout
    assert "1 failed, 2 passed" in done.stdout
