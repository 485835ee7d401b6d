"""A virtual plant: a simulated plant behind a real OPC UA server, with faults on request.

It has what a real one has: loops with modes, limits of its own that move, a tick, staged set-points,
a commit, a timer that takes the loops back, and somebody at the panel. Faults are asked for by
writing to the node ``fault``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from asyncua import Server, ua
from asyncua.common.callback import CallbackType

from shiftwork.errors import UserError
from shiftwork.operation.opcua.virtual_file import NAMESPACE
from shiftwork.operation.opcua.virtual_plant import VirtualPlant


@dataclass
class PlantServer:
    """Serves a virtual plant until it is stopped.

    Attributes:
        plant: The simulated plant and its panel.
        port: TCP port on this machine's own address (loopback).
        tick_s: Time between two of the plant's ticks.
    """

    plant: VirtualPlant
    port: int
    tick_s: float
    _nodes: dict[ua.NodeId, str] = field(default_factory=dict)
    _due_s: float = field(default_factory=time.monotonic)

    async def serve(self, ready: Callable[[], None]) -> None:
        """Serve until cancelled; ``ready`` is called once clients can connect.

        Raises:
            UserError: The port is in use.
        """
        server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}/")
        server.set_server_name("Shiftwork virtual plant")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await server.register_namespace(NAMESPACE)
        await self._build(server, index)
        server.subscribe_server_callback(CallbackType.PostWrite, self._written)
        try:
            await server.start()
        except OSError as error:
            raise UserError(
                f"port {self.port}: cannot be served ({error.strerror}); choose another --port"
            ) from None
        try:
            ready()
            await self._run()
        finally:
            await server.stop()

    async def _build(self, server: Server, index: int) -> None:
        """Make the nodes; those that are read ask the plant each time."""
        plant, side = self.plant, self.plant.side
        double, text = ua.VariantType.Double, ua.VariantType.String
        whole, truth = ua.VariantType.Int64, ua.VariantType.Boolean

        async def add(folder: Any, name: str, kind: ua.VariantType, value: Any) -> Any:
            node = await folder.add_variable(
                ua.NodeId(name, index), f"{index}:{name}", value, varianttype=kind
            )
            self._nodes[node.nodeid] = name
            return node

        async def shown(
            folder: Any, name: str, kind: ua.VariantType, ask: Callable[[], Any]
        ) -> None:
            node = await add(folder, name, kind, ask())

            def answer(*_: object) -> ua.DataValue:
                now = ua.DataValue(ua.Variant(ask(), kind))
                return ua.DataValue(now.Value, SourceTimestamp=plant.stepped_at)

            server.set_attribute_value_callback(node.nodeid, answer)

        root = server.nodes.objects
        tags = await root.add_folder(index, "tags")
        for key in plant.keys:
            node = await add(tags, f"tag.{key}", double, 0.0)
            server.set_attribute_value_callback(node.nodeid, self._measured(key))
        loops = await root.add_folder(index, "loops")
        for key in side.in_force:
            await shown(loops, f"tag.{key}", double, partial(self._panel, "in_force", key))
            await shown(loops, f"tag.{key}_low", double, partial(self._panel, "low", key))
            await shown(loops, f"tag.{key}_high", double, partial(self._panel, "high", key))
            await shown(loops, f"remote.{key}", truth, partial(self._panel, "remote", key))
            staged = await add(loops, f"staged.{key}", double, side.in_force[key])
            await staged.set_writable()
        control = await root.add_folder(index, "control")
        await shown(control, "tick", whole, lambda: side.tick)
        await shown(control, "taken", whole, lambda: side.taken)
        await shown(control, "enabled", truth, lambda: side.enabled)
        await shown(control, "owner", text, lambda: side.owner)
        await shown(control, "shed", truth, lambda: side.shed)
        await shown(control, "refused", whole, lambda: side.refused)
        await shown(control, "steps", whole, lambda: plant.steps)
        await shown(control, "earned", double, lambda: plant.earned)
        for name, kind, value in (
            ("beat", text, ""),
            ("commit", whole, [0, 0]),
            ("take_back", truth, False),
            ("fault", text, ""),
        ):
            await (await add(control, name, kind, value)).set_writable()

    def _panel(self, what: str, key: str) -> Any:
        return getattr(self.plant.side, what)[key]

    def _measured(self, key: str) -> Callable[..., ua.DataValue]:
        def answer(*_: object) -> ua.DataValue:
            value, quality = self.plant.measured(key)
            if quality == "gone":
                return ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown))
            if quality == "bad":
                return ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadSensorFailure))
            return ua.DataValue(
                ua.Variant(value, ua.VariantType.Double), SourceTimestamp=self.plant.stepped_at
            )

        return answer

    def _written(self, event: Any, _: object) -> None:
        """Pass on what clients write, and let the plant's refusal stand in the answer."""
        if not event.is_external:
            return
        for number, item in enumerate(event.request_params.NodesToWrite):
            name = self._nodes.get(item.NodeId, "")
            if not event.response_params[number].is_good() or item.Value.Value is None:
                continue
            code = self._take(name, item.Value.Value.Value)
            if code:
                event.response_params[number] = ua.StatusCode(getattr(ua.StatusCodes, code))

    def _take(self, name: str, value: Any) -> str:
        self._count()  # what waited in a buffer while this process hung is late
        side = self.plant.side
        if name.startswith("staged."):
            return side.stage(name.removeprefix("staged."), float(value))
        if name == "beat":
            side.beat(str(value), time.monotonic())
        elif name == "commit":
            tick, crc = value
            side.commit(int(tick), int(crc))
        elif name == "take_back":
            side.take_back()
        elif name == "fault" and not self.plant.fault(str(value)):
            return "BadInvalidArgument"
        return ""

    async def _run(self) -> None:
        """Tick and step on the monotonic clock; steps that are missed are left out, ticks are not."""
        self._due_s = time.monotonic()
        while True:
            self._count()
            self.plant.advance(time.monotonic())
            left_s = self._due_s - time.monotonic()
            await asyncio.sleep(self.tick_s if self.plant.still else max(0.0, left_s))

    def _count(self) -> None:
        """Count every tick whose time is over, also those in which this process hung."""
        while not self.plant.still and self._due_s <= time.monotonic():
            self.plant.side.advance(self._due_s)
            self._due_s += self.tick_s
