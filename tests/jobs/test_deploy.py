"""Files for clusters say what the documentation says, and are what their readers accept."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tyro
import yaml

from shiftwork.jobs.run import parse_workers

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def things() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def containers() -> Iterator[dict[str, Any]]:
    for thing in things():
        if thing["kind"] in ("Deployment", "Job"):
            yield from thing["spec"]["template"]["spec"]["containers"]


def test_the_manifest_holds_together():
    kinds = [thing["kind"] for thing in things()]
    assert kinds == [
        "PersistentVolumeClaim", "Service", "Deployment", "Deployment", "Job", "NetworkPolicy",
    ]  # fmt: skip
    for thing in things():
        assert {"apiVersion", "kind", "metadata", "spec"} == set(thing)
        if thing["kind"] == "Deployment":
            wanted = thing["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= thing["spec"]["template"]["metadata"]["labels"].items()
        if thing["kind"] in ("Deployment", "Job"):
            pod = thing["spec"]["template"]["spec"]
            mounts = {m["name"] for c in pod["containers"] for m in c["volumeMounts"]}
            assert mounts == {volume["name"] for volume in pod["volumes"]}
    assert len({container["image"] for container in containers()}) == 1
    head, worker, job = containers()
    service = things()[1]
    ports = {port["name"]: port["port"] for port in service["spec"]["ports"]}
    assert f"--port={ports['gcs']}" in head["command"]
    assert f"--ray-client-server-port={ports['client']}" in head["command"]
    name = service["metadata"]["name"]
    assert f"--address={name}:{ports['gcs']}" in worker["command"]
    assert f"ray://{name}:{ports['client']}" in job["command"]


def test_its_command_is_one_of_ours():
    from shiftwork.cli.commands import Learn

    *_, job = containers()
    assert job["command"][0] == "shiftwork"
    assert job["command"][1] == "learn"
    options = tyro.cli(Learn, args=job["command"][2:])
    assert options.seeds == 20
    assert parse_workers(options.workers).startswith("ray://")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_batch_file_is_correct_shell():
    file = DEPLOY / "slurm.sbatch"
    subprocess.run(["bash", "-n", str(file)], check=True)
    text = file.read_text(encoding="utf-8")
    options = re.findall(r"^#SBATCH (--[a-z-]+)=\S+$|^#SBATCH (--requeue)$", text, re.MULTILINE)
    assert len(options) == text.count("\n#SBATCH")
    # SLURM reads them up to the first command only.
    assert text.index("\nset -euo") > text.rindex("#SBATCH")


def test_the_container_is_built_from_the_lock():
    text = (DEPLOY / "Containerfile.scale").read_text(encoding="utf-8")
    assert "--require-hashes -r /lock.txt" in text
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    assert re.search(r"^ray==2\.", lock, re.MULTILINE)
    assert re.search(r"^grpcio==", lock, re.MULTILINE)
