"""A session with an OPC UA server: every node found, with the type and rights that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asyncua import Client, ua

from shiftwork.errors import UserError
from shiftwork.operation.opcua.settings import OpcUa, parse_node
from shiftwork.records.historian.plant_file.model import PlantFile


@dataclass
class Session:
    """A client that is connected, with the nodes as this session's namespaces number them."""

    client: Client
    tags: dict[str, ua.NodeId]
    remote: dict[str, ua.NodeId]
    staged: dict[str, ua.NodeId]
    control: dict[str, ua.NodeId]


async def open_session(
    client: Client, plant: PlantFile, settings: OpcUa, *, again: bool
) -> Session:
    """Connect a client, find every node, and check that it can do what the plant file asks of it.

    Args:
        client: Not connected yet.
        plant: Names the tags and their nodes.
        settings: The table ``[opcua]``.
        again: Whether a session was opened before; a tag that has gone away since then is bad.

    Raises:
        UserError: The plant file does not fit the server.
    """
    await client.connect()
    uris = await client.get_namespace_array()

    def node(text: str, where: str) -> ua.NodeId:
        uri, rest = parse_node(text, where)
        if uri and uri not in uris:
            raise UserError(
                f"{where}: the server has no namespace '{uri}'; it has {', '.join(uris[1:])}"
            )
        return ua.NodeId.from_string(f"ns={uris.index(uri) if uri else 0};{rest}")

    path = plant.path
    session = Session(
        client,
        {k: node(str(t.node), f"{path}: tags.{k}.node") for k, t in plant.tags.items()},
        {k: node(t, f"{path}: opcua.remote.{k}") for k, t in settings.remote.items()},
        {k: node(t, f"{path}: opcua.staged.{k}") for k, t in settings.staged.items()},
        {k: node(t, f"{path}: opcua.control.{k}") for k, t in settings.control},
    )
    await _check(session, plant, again)
    return session


async def _check(session: Session, plant: PlantFile, again: bool) -> None:
    """Check that nodes exist, hold what they should, and may be written."""
    read = session.client.uaclient.read_attributes
    path = plant.path
    wanted: dict[str, tuple[ua.NodeId, tuple[ua.VariantType, ...]]] = {}
    for key, node in session.tags.items():
        text = plant.tags[key].role == "state"
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
            if key.startswith("tags.") and again:
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
        if not int(value_of(value) or 0) & 2:
            raise UserError(
                f"{path}: {key}: the server lets this user only read the node; give it the "
                "right to write it"
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
_UNKNOWN = (ua.StatusCodes.BadNodeIdUnknown, ua.StatusCodes.BadNodeIdInvalid)


def is_good(value: ua.DataValue) -> bool:
    """Whether a value may be used as it is."""
    return value.StatusCode is None or value.StatusCode.is_good()


def status_name(value: ua.DataValue) -> str:
    """A value's status by its name."""
    return value.StatusCode.name if value.StatusCode is not None else "good"


def value_of(value: ua.DataValue) -> Any:
    """A value without what stands around it."""
    return None if value.Value is None else value.Value.Value
