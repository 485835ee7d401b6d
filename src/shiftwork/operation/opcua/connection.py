"""A connection to a plant by OPC UA that finds its own way back.

A background task keeps the session. Each attempt makes a new client, reads the namespaces and
checks nodes, types and rights again; the library's own reconnect is not used. Every wait has a
time-out set here, also those of closing a broken client, which may hang as well. Any call that
fails drops the session and raises ``Lost``: whether a write acted is then unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from asyncua import Client, ua

from shiftwork.errors import UserError
from shiftwork.operation.connection import Lost, Reading
from shiftwork.operation.opcua.settings import OpcUa, parse_node
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.values.quality import BAD, GOOD, UNCERTAIN

RETRY_S = 1.0
"""Between two attempts, and between two signs of life of an idle session."""

Answer = TypeVar("Answer")

# The library reports each broken link with a traceback; ours is one line, in the audit.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)


@dataclass
class _Session:
    """A client that is connected, with the nodes as this session's namespaces number them."""

    client: Client
    tags: dict[str, ua.NodeId]
    remote: dict[str, ua.NodeId]
    staged: dict[str, ua.NodeId]
    control: dict[str, ua.NodeId]


@dataclass
class OpcUaConnection:
    """Implements ``Connection``.

    Attributes:
        plant: Names the tags and their nodes.
        settings: The table ``[opcua]``.
        timeout_s: Longest wait for one answer.
        problem: Why there is no session, "" while there is one.
    """

    plant: PlantFile
    settings: OpcUa
    timeout_s: float
    problem: str = "not connected yet"
    _session: _Session | None = None
    _was_connected: bool = False
    _keeper: asyncio.Task[None] | None = None
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        """Connect, and keep the session from now on.

        Raises:
            UserError: The plant file does not fit the server; a server that cannot be reached is
                tried again and again instead.
        """
        with contextlib.suppress(Lost):
            await self._connect()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End the session."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self._drop("stopped")
        await asyncio.gather(*self._closing)

    async def read(self) -> Reading:
        """Read everything in one call."""
        session = self._here()
        groups = (session.tags, session.remote, session.control)
        nodes = [node for group in groups for node in group.values()]
        found = await self._ask(
            session.client.uaclient.read_attributes(nodes, ua.AttributeIds.Value)
        )
        if len(found) != len(nodes):
            self._drop("the server answered less than was asked")
            raise Lost(self.problem)
        values = iter(found)
        tags, remote, control = ({key: next(values) for key in group} for group in groups)
        for name, value in control.items():
            if name in ("beat", "commit", "take_back"):
                continue
            if not (_good(value) and isinstance(_value(value), _HELD[name])):
                self._drop(f"node '{name}' is {_status(value)}: {_value(value)!r}")
                raise Lost(self.problem)
        return Reading(
            samples={key: self._sample(key, value) for key, value in tags.items()},
            tick=int(_value(control["tick"])),
            taken=int(_value(control["taken"])),
            enabled=bool(_value(control["enabled"])),
            remote={key: _good(value) and bool(_value(value)) for key, value in remote.items()},
            owner=str(_value(control["owner"]) or ""),
            shed=bool(_value(control["shed"])),
        )

    async def beat(self, owner: str) -> None:
        """Write the owner's name: the plant counts each write as a sign of life."""
        session = self._here()
        await self._write([session.control["beat"]], [ua.Variant(owner, ua.VariantType.String)])

    async def stage(self, values: dict[str, float]) -> dict[str, str]:
        """Stage values; their order within the call does not matter."""
        session = self._here()
        codes = await self._write(
            [session.staged[key] for key in values],
            [ua.Variant(float(value), ua.VariantType.Double) for value in values.values()],
        )
        # Anything but plainly good (clamped, completes later) is not what was asked for.
        return {
            key: code.name
            for key, code in zip(values, codes, strict=True)
            if code.value != ua.StatusCodes.Good
        }

    async def commit(self, tick: int, crc: int) -> str:
        """Write tick and checksum as one value."""
        session = self._here()
        value = ua.Variant([tick, crc], ua.VariantType.Int64)
        [code] = await self._write([session.control["commit"]], [value])
        return "" if code.is_good() else code.name

    async def shed(self) -> None:
        """Ask the plant to take its loops back."""
        session = self._here()
        await self._write(
            [session.control["take_back"]], [ua.Variant(True, ua.VariantType.Boolean)]
        )

    async def _write(self, nodes: list[ua.NodeId], values: list[ua.Variant]) -> list[ua.StatusCode]:
        # Value alone: many servers refuse a client's time stamps.
        data = [ua.DataValue(value) for value in values]
        return await self._ask(self._here().client.uaclient.write_attributes(nodes, data))

    def _here(self) -> _Session:
        if self._session is None:
            raise Lost(self.problem)
        return self._session

    async def _ask(self, call: Awaitable[Answer]) -> Answer:
        try:
            return await asyncio.wait_for(call, self.timeout_s)
        # The library raises all sorts of errors on bytes that make no sense.
        except Exception as error:
            self._drop(_words(error, self.timeout_s))
            raise Lost(self.problem) from None

    def _drop(self, problem: str) -> None:
        """Forget the session and close it behind our back: that may take long."""
        session, self._session, self.problem = self._session, None, problem
        if session is not None:
            task = asyncio.create_task(_closed(session.client, self.timeout_s))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _keep(self) -> None:
        while True:
            try:
                if self._session is None:
                    await self._connect()
                else:
                    nodes = [self._session.control["tick"]]
                    await self._ask(
                        self._session.client.uaclient.read_attributes(nodes, ua.AttributeIds.Value)
                    )
            except (Lost, UserError) as error:
                self.problem = str(error)
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> None:
        # The library's own watchdog breaks the link under slow calls; ours is ``_keep``.
        client = Client(self.settings.endpoint, timeout=self.timeout_s, watchdog_intervall=3600.0)
        if self.settings.user:
            client.set_user(self.settings.user)
            client.set_password(self.settings.password)
        try:
            session = await asyncio.wait_for(self._open(client), 2 * self.timeout_s)
        except UserError:
            await _closed(client, self.timeout_s)
            raise
        except Exception as error:  # as above
            await _closed(client, self.timeout_s)
            raise Lost(_words(error, 2 * self.timeout_s)) from None
        self._session, self.problem, self._was_connected = session, "", True

    async def _open(self, client: Client) -> _Session:
        await client.connect()
        uris = await client.get_namespace_array()

        def node(text: str, where: str) -> ua.NodeId:
            uri, rest = parse_node(text, where)
            if uri and uri not in uris:
                raise UserError(
                    f"{where}: the server has no namespace '{uri}'; it has {', '.join(uris[1:])}"
                )
            return ua.NodeId.from_string(f"ns={uris.index(uri) if uri else 0};{rest}")

        path, settings = self.plant.path, self.settings
        session = _Session(
            client,
            {k: node(str(t.node), f"{path}: tags.{k}.node") for k, t in self.plant.tags.items()},
            {k: node(t, f"{path}: opcua.remote.{k}") for k, t in settings.remote.items()},
            {k: node(t, f"{path}: opcua.staged.{k}") for k, t in settings.staged.items()},
            {k: node(t, f"{path}: opcua.control.{k}") for k, t in settings.control},
        )
        await self._check(session)
        return session

    async def _check(self, session: _Session) -> None:
        """Check that nodes exist, hold what they should, and may be written."""
        read = session.client.uaclient.read_attributes
        path = self.plant.path
        wanted: dict[str, tuple[ua.NodeId, tuple[ua.VariantType, ...]]] = {}
        for key, node in session.tags.items():
            text = self.plant.tags[key].role == "state"
            wanted[f"tags.{key}.node"] = (node, _TEXT if text else _NUMBERS)
        for key, node in session.staged.items():
            wanted[f"opcua.staged.{key}"] = (node, (ua.VariantType.Double,))
        for key, node in session.remote.items():
            wanted[f"opcua.remote.{key}"] = (node, (ua.VariantType.Boolean,))
        for key, node in session.control.items():
            wanted[f"opcua.control.{key}"] = (node, _CONTROL[key])
        found = await read([node for node, _ in wanted.values()], ua.AttributeIds.Value)
        for (key, (node, kinds)), value in zip(wanted.items(), found, strict=True):
            code = value.StatusCode
            if code is not None and code.value in _UNKNOWN:
                if key.startswith("tags.") and self._was_connected:
                    continue  # one tag that goes away later does not stop all others
                raise UserError(
                    f"{path}: {key}: the server has no node '{node.Identifier}'; correct it"
                )
            if value.Value is None or value.Value.Value is None:
                continue  # bad just now: what it is shows later
            kind = value.Value.VariantType
            if kind not in kinds:
                needed = " or ".join(sorted(k.name for k in kinds))
                raise UserError(f"{path}: {key}: node is {kind.name}, needed is {needed}")
        written = [f"opcua.staged.{key}" for key in session.staged]
        written += [f"opcua.control.{key}" for key in ("beat", "commit", "take_back")]
        rights = await read([wanted[key][0] for key in written], ua.AttributeIds.UserAccessLevel)
        for key, value in zip(written, rights, strict=True):
            if not int(_value(value) or 0) & 2:
                raise UserError(
                    f"{path}: {key}: the server lets this user only read the node; give it the "
                    "right to write it"
                )

    def _sample(self, key: str, value: ua.DataValue) -> Sample:
        code = value.StatusCode
        status = GOOD if code is None or code.is_good() else UNCERTAIN
        content = _value(value)
        text = self.plant.tags[key].role == "state"
        if (code is not None and code.is_bad()) or content is None:
            status, content = BAD, None
        elif isinstance(content, list) or not (text or isinstance(content, int | float)):
            status, content = BAD, None  # the server holds something else there now
        return Sample(
            value=None if text or content is None else float(content),
            status=status,
            state=str(content) if text and content is not None else None,
            source_us=_stamp(value.SourceTimestamp),
            server_us=_stamp(value.ServerTimestamp),
        )


_NUMBERS = tuple(
    ua.VariantType[name]
    for name in ("Double", "Float", "SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64",
                 "UInt64", "Boolean")
)  # fmt: skip
_TEXT = (ua.VariantType.String,)
_INTEGERS = (ua.VariantType.Int64, ua.VariantType.UInt32, ua.VariantType.Int32)
_CONTROL = {
    "tick": _INTEGERS,
    "taken": _INTEGERS,
    "enabled": (ua.VariantType.Boolean,),
    "owner": _TEXT,
    "shed": (ua.VariantType.Boolean,),
    "beat": _TEXT,
    "commit": (ua.VariantType.Int64,),
    "take_back": (ua.VariantType.Boolean,),
}
_HELD: dict[str, type | tuple[type, ...]] = {
    "tick": int,
    "taken": int,
    "enabled": bool,
    "owner": (str, type(None)),
    "shed": bool,
}
_UNKNOWN = (ua.StatusCodes.BadNodeIdUnknown, ua.StatusCodes.BadNodeIdInvalid)


async def _closed(client: Client, timeout_s: float) -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.disconnect(), timeout_s)


def _words(error: BaseException, timeout_s: float) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return f"no answer in {timeout_s:g} s"
    return str(error) or type(error).__name__


def _good(value: ua.DataValue) -> bool:
    return value.StatusCode is None or value.StatusCode.is_good()


def _status(value: ua.DataValue) -> str:
    return value.StatusCode.name if value.StatusCode is not None else "good"


def _value(value: ua.DataValue) -> Any:
    return None if value.Value is None else value.Value.Value


def _stamp(stamp: datetime | None) -> int | None:
    return None if stamp is None else round(stamp.timestamp() * 1e6)
