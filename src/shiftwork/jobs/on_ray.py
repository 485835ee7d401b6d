"""The process that hands jobs to a Ray cluster (``python -m shiftwork.jobs.on_ray ADDRESS``).

A cluster has no shared disk: input files travel through Ray's object store, each once, and what a
job wrote comes back as bytes. Ray does a job again elsewhere if its worker or node is lost. The
functions that run on nodes travel by value, so that a node without Shiftwork, or with another one,
can say so.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shiftwork.errors import UserError
from shiftwork.jobs.work import Channel, End, said, surroundings

RETRIES = 3
"""How often Ray does a job again whose worker or node was lost."""

CLIENT_PORT = 10001
"""Of a head, where an address does not say."""

KNOCK_S = 5.0

CONNECT_S = 180.0
"""For a head that takes connections until it also answers; Ray gives up after half a minute, which the
process that a busy head starts for each client can take longer than."""

CHECK_S = 120.0
"""For a node to say which versions it has."""

LONGEST_ALONE_S = 600.0
"""After which a run ends that no node is there for."""


def main() -> None:
    """Do the ordered jobs on the cluster at an address, and send how each ended."""
    channel = Channel()
    order = channel.receive()
    try:
        ray = _connected(sys.argv[1], channel)
        _refuse_other_nodes(ray, order["versions"])
        _refuse_too_much(ray, order["jobs"])
        _do_all(ray, order["jobs"], order["versions"], channel)
    except UserError as error:
        channel.send(refused=str(error))
        return
    ray.shutdown()


def _connected(address: str, channel: Channel) -> Any:
    """Connect to a cluster and return the library.

    Raises:
        UserError: There is none, it does not answer in time, or it speaks another version.
    """
    import ray

    named = os.environ.get("RAY_ADDRESS", "auto") if address == "ray" else address
    if named != "auto":
        _refuse_silence(named)
    deadline = time.monotonic() + CONNECT_S
    while True:
        try:
            ray.init(address=named, logging_level=logging.ERROR, log_to_driver=False)
        except (ConnectionError, TimeoutError) as error:
            if named == "auto":
                raise UserError(
                    "no Ray cluster runs on this machine; start one (ray start --head), or give its "
                    "address (--workers ray://HOST:10001)"
                ) from None
            if time.monotonic() > deadline:
                raise UserError(f"{_silence(named)}; Ray said: {_last_line(error)}") from None
            _refuse_silence(named)
            channel.send(told=f"the cluster at {named} is slow to answer; trying again")
        except (RuntimeError, ValueError, AssertionError) as error:
            raise UserError(f"{named}: Ray refuses the connection: {error}") from None
        else:
            return ray


def _refuse_silence(address: str) -> None:
    """Knock at an address: Ray itself takes half a minute to say that nobody is there.

    Raises:
        UserError: Nobody is, or it is no address.
    """
    try:
        at = urlsplit(address if "://" in address else f"ray://{address}")
        socket.create_connection((at.hostname or "", at.port or CLIENT_PORT), KNOCK_S).close()
    except (OSError, ValueError):
        raise UserError(_silence(address)) from None


def _silence(address: str) -> str:
    return f"no Ray cluster answers at {address}; check the address, and that ray start --head runs there"


def _last_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__


def _refuse_other_nodes(ray: Any, wanted: dict[str, str]) -> None:
    """Ask every node for its versions before any work.

    Raises:
        UserError: One has others, or does not answer.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    ask = ray.remote(num_cpus=0, max_retries=0)(_version_reader())
    asked = {
        name: ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(name, soft=False)
        ).remote()
        for name in nodes
    }
    for name, answer in asked.items():
        try:
            found = ray.get(answer, timeout=CHECK_S)
        except ray.exceptions.RayError as error:
            raise UserError(
                f"node {nodes[name]} of the cluster does not answer ({type(error).__name__}); take it "
                "out, or start it again"
            ) from None
        if difference := _difference(found, wanted):
            raise UserError(
                f"node {nodes[name]} of the cluster has {difference}; give all nodes and this machine "
                "the same"
            )


def _version_reader() -> Callable[[], dict[str, str]]:
    def read() -> dict[str, str]:
        try:
            from shiftwork.jobs.job import versions
        except ImportError:
            return {"Shiftwork": "missing"}
        return versions()

    return read


def _difference(found: dict[str, str], wanted: dict[str, str]) -> str:
    """Say which version is another one; nothing if all are the same."""
    for name, version in wanted.items():
        has = found.get(name, "missing")
        if has != version:
            return f"{name} {has}, this machine {version}"
    return ""


def _refuse_too_much(ray: Any, orders: list[dict[str, Any]]) -> None:
    """Refuse jobs that are too large for every node, unless nodes that do jobs are still to come.

    Raises:
        UserError: There is one.
    """
    if not any(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]):
        return
    for order in orders:
        if not _possible(ray, order):
            raise UserError(
                f"job '{order['key']}' asks for {order['cores']} cores and {order['gpus']} GPUs, which no "
                "node of the cluster has; ask for less, or add such a node"
            )


def _possible(ray: Any, order: dict[str, Any]) -> bool:
    has = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    return any(r.get("CPU", 0) >= order["cores"] and r.get("GPU", 0) >= order["gpus"] for r in has)


def _do_all(
    ray: Any, orders: list[dict[str, Any]], wanted: dict[str, str], channel: Channel
) -> None:
    """Hand out all jobs, and write what each gives as soon as it is there."""
    shipped = _shipped(ray, orders)
    do = ray.remote(_doer())
    pending = {}
    for order in orders:
        # In a list, so that Ray hands over references: a node may have the file already.
        inputs = {name: [shipped[sha], sha] for name, sha in order["hashes"].items()}
        begun = do.options(
            num_cpus=order["cores"],
            num_gpus=order["gpus"],
            max_retries=RETRIES,
            name=order["key"],
            # Processes that were started for it: what they import reads it once.
            runtime_env={"env_vars": surroundings(order["cores"], order["gpus"])},
        ).remote(order, inputs, wanted)
        pending[begun] = order
    alone_since = 0.0
    while pending:
        ready, _ = ray.wait(list(pending), num_returns=1, timeout=10.0)
        for reference in ready:
            order = pending.pop(reference)
            channel.ended(order["key"], _received(ray, reference, order))
        if ready or _possible(ray, next(iter(pending.values()))):
            alone_since = 0.0
        elif not alone_since:
            alone_since = time.monotonic()
            channel.send(told="the cluster has no node that can do the jobs; waiting for one")
        elif time.monotonic() - alone_since > LONGEST_ALONE_S:
            raise UserError(
                f"no node that can do the jobs came within {LONGEST_ALONE_S / 60:.0f} minutes; start some, "
                "and the same command goes on"
            )


def _shipped(ray: Any, orders: list[dict[str, Any]]) -> dict[str, Any]:
    """Put every input file into the object store, once."""
    paths = {
        sha: Path(order["inputs"][name])
        for order in orders
        for name, sha in order["hashes"].items()
    }
    return {sha: ray.put((path.name, path.read_bytes())) for sha, path in paths.items()}


def _doer() -> Callable[..., tuple[Any, ...]]:
    def do(
        order: dict[str, Any], inputs: dict[str, Any], wanted: dict[str, str]
    ) -> tuple[Any, ...]:
        from shiftwork.jobs.on_node import do_on_node

        return do_on_node(order, inputs, wanted)

    return do


def _received(ray: Any, reference: Any, order: dict[str, Any]) -> End:
    """Write what a job gave, or say why there is nothing.

    Raises:
        UserError: It cannot be written.
    """
    try:
        end, files = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        return End(said(error.cause or error, Path(order["folder"])), str(error), 0.0, "")
    except ray.exceptions.RayError as error:
        kind = ray.exceptions
        lost = (kind.WorkerCrashedError, kind.NodeDiedError, kind.OutOfMemoryError)
        cause = said(error, Path(order["folder"]))
        if isinstance(error, lost):
            cause = (
                f"its workers or nodes were lost {RETRIES + 1} times, last: {type(error).__name__}"
            )
        return End(cause, str(error), 0.0, "")
    folder = Path(order["folder"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    except OSError as error:
        raise UserError(f"{said(error, folder)}; the same command then goes on") from None
    return End(**end)


if __name__ == "__main__":
    main()
