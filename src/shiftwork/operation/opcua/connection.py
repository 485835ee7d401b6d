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
from collections.abc import Awaitable, Container
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from asyncua import Client, ua

from shiftwork.errors import UserError
from shiftwork.operation.connection import Lost, Reading
from shiftwork.operation.opcua.session import (
    Session,
    is_good,
    open_session,
    status_name,
    value_of,
)
from shiftwork.operation.opcua.settings import OpcUa
from shiftwork.operation.opcua.trust import Certificates, NotTrusted
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.values.quality import BAD, GOOD, UNCERTAIN

RETRY_S = 1.0
"""Between two attempts, and between two signs of life of an idle session."""
RETRY_TRUST_S = 60.0
"""Between two attempts while a certificate is not accepted: only people can change that."""

Answer = TypeVar("Answer")

# The library reports each broken link with a traceback; ours is one line, in the audit.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)


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
    _session: Session | None = None
    _was_connected: bool = False
    _stopped: bool = False
    _keeper: asyncio.Task[None] | None = None
    _closing: set[asyncio.Task[None]] = field(default_factory=set)
    _panel: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._panel = frozenset(tag.key for tag in self.plant.of_role("action", "limit"))

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
        self._stopped = True
        if self._keeper is not None:
            # The library may swallow the cancellation: the flag ends the task then.
            self._keeper.cancel()
            await asyncio.wait({self._keeper}, timeout=2 * self.timeout_s)
        self._drop("stopped")
        if self._closing:
            await asyncio.wait(self._closing, timeout=2 * self.timeout_s)

    def notice(self) -> str:
        """Say how soon a certificate ends, or ""."""
        certificates = certificates_of(self.plant, self.settings)
        try:
            return certificates.notice() if certificates is not None else ""
        except NotTrusted as error:
            return str(error)

    async def read(self) -> Reading:
        """Read everything in one call."""
        return await self._read(self.plant.tags)

    async def read_panel(self) -> Reading:
        """Read actions and limits in one call: with thousands of tags all others take seconds."""
        return await self._read(self._panel)

    async def _read(self, keys: Container[str]) -> Reading:
        session = self._here()
        asked = {key: node for key, node in session.tags.items() if key in keys}
        groups = (asked, session.remote, session.control)
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
            if not (is_good(value) and isinstance(value_of(value), _HELD[name])):
                self._drop(f"node '{name}' is {status_name(value)}: {value_of(value)!r}")
                raise Lost(self.problem)
        return Reading(
            samples={key: self._sample(key, value) for key, value in tags.items()},
            tick=int(value_of(control["tick"])),
            taken=int(value_of(control["taken"])),
            enabled=bool(value_of(control["enabled"])),
            remote={key: is_good(value) and bool(value_of(value)) for key, value in remote.items()},
            owner=str(value_of(control["owner"]) or ""),
            shed=bool(value_of(control["shed"])),
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

    def _here(self) -> Session:
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
        while not self._stopped:
            try:
                if self._session is None:
                    await self._connect()
                else:
                    nodes = [self._session.control["tick"]]
                    await self._ask(
                        self._session.client.uaclient.read_attributes(nodes, ua.AttributeIds.Value)
                    )
            except NotTrusted as error:
                self.problem = str(error)
                await asyncio.sleep(RETRY_TRUST_S)
            except (Lost, UserError) as error:
                self.problem = str(error)
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> None:
        # The library's own watchdog breaks the link under slow calls; ours is ``_keep``.
        client = Client(self.settings.endpoint, timeout=self.timeout_s, watchdog_intervall=3600.0)
        if self.settings.user:
            client.set_user(self.settings.user)
            client.set_password(self.settings.password)
        certificates = certificates_of(self.plant, self.settings)
        try:
            if certificates is not None:
                await asyncio.wait_for(certificates.secure(client), 2 * self.timeout_s)
            session = await asyncio.wait_for(
                open_session(client, self.plant, self.settings, again=self._was_connected),
                2 * self.timeout_s,
            )
        except UserError:
            await _closed(client, self.timeout_s)
            raise
        except Exception as error:  # as above
            await _closed(client, self.timeout_s)
            if certificates is not None and (refused := certificates.refused(error)):
                raise refused from None
            raise Lost(_words(error, 2 * self.timeout_s)) from None
        self._session, self.problem, self._was_connected = session, "", True

    def _sample(self, key: str, value: ua.DataValue) -> Sample:
        code = value.StatusCode
        status = GOOD if code is None or code.is_good() else UNCERTAIN
        content = value_of(value)
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


_HELD: dict[str, type | tuple[type, ...]] = {
    "tick": int,
    "taken": int,
    "enabled": bool,
    "owner": (str, type(None)),
    "shed": bool,
}


def certificates_of(plant: PlantFile, settings: OpcUa) -> Certificates | None:
    """The folder of certificates, beside the plant file, if sessions are encrypted."""
    folder = settings.certificates
    return Certificates(plant.path.parent / folder) if folder else None


async def _closed(client: Client, timeout_s: float) -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.disconnect(), timeout_s)


def _words(error: BaseException, timeout_s: float) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return f"no answer in {timeout_s:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens at its address"
    return str(error) or type(error).__name__


def _stamp(stamp: datetime | None) -> int | None:
    return None if stamp is None else round(stamp.timestamp() * 1e6)
