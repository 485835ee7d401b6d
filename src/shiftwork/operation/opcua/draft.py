"""A first ``[opcua]`` for a plant file: a server is browsed, and its nodes are found by their names."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from asyncua import Client, ua

from shiftwork.operation.opcua.settings import ControlNodes
from shiftwork.records.historian.plant_file.model import PlantFile

MOST_NODES = 200_000
"""Nodes that are looked at."""
AT_ONCE = 200
"""Nodes whose children are asked for in one call."""


@dataclass(frozen=True)
class Found:
    """A variable of the server.

    Attributes:
        node: As the plant file names it, with its namespace's URI.
        names: What it may be known by: identifier, browse name, display name.
    """

    node: str
    names: tuple[str, ...]


async def browse(client: Client) -> list[Found]:
    """List every variable below Objects, but for the server's own.

    Args:
        client: Connected.
    """
    uris = await client.get_namespace_array()
    waiting, seen = deque([client.nodes.objects.nodeid]), {client.nodes.server.nodeid}
    found = []
    while waiting and len(seen) < MOST_NODES:
        part = [waiting.popleft() for _ in range(min(AT_ONCE, len(waiting)))]
        for reference in await _children(client, part):
            node = reference.NodeId
            if node in seen:
                continue
            seen.add(node)
            waiting.append(node)
            if reference.NodeClass == ua.NodeClass.Variable and node.NamespaceIndex:
                found.append(_found(reference, uris))
    return found


async def _children(client: Client, nodes: list[ua.NodeId]) -> list[Any]:
    """References down from some nodes, however many answers it takes."""
    wanted = []
    for node in nodes:
        one = ua.BrowseDescription()
        one.NodeId = node
        one.BrowseDirection = ua.BrowseDirection.Forward
        one.ReferenceTypeId = ua.NodeId(ua.ObjectIds.HierarchicalReferences)
        one.IncludeSubtypes = True
        one.NodeClassMask = ua.NodeClass.Object | ua.NodeClass.Variable
        one.ResultMask = ua.BrowseResultMask.All
        wanted.append(one)
    asked = ua.BrowseParameters()
    asked.NodesToBrowse = wanted
    results = await client.uaclient.browse(asked)
    references = []
    while results:
        references += [each for result in results for each in result.References or ()]
        more = [result.ContinuationPoint for result in results if result.ContinuationPoint]
        if not more:
            break
        onward = ua.BrowseNextParameters()
        onward.ContinuationPoints = more
        results = await client.uaclient.browse_next(onward)
    return references


def _found(reference: Any, uris: list[str]) -> Found:
    node = reference.NodeId
    identifier = re.sub(r"^ns=\d+;", "", node.to_string())
    names = (
        str(node.Identifier),
        str(reference.BrowseName.Name or ""),
        str(reference.DisplayName.Text or ""),
    )
    return Found(f"nsu={uris[node.NamespaceIndex]};{identifier}", names)


def match(found: list[Found], names: tuple[str, ...]) -> list[str]:
    """Nodes that bear one of some names: the whole of it, or else behind a dot, slash or colon."""
    for name in names:
        whole = [one.node for one in found if name in one.names]
        if whole:
            return whole
        end = re.compile(rf"(?i).*[./:|\\]{re.escape(name)}")
        behind = [one.node for one in found if any(end.fullmatch(text) for text in one.names)]
        if behind:
            return behind
    return []


def drafted(text: str, plant: PlantFile, endpoint: str, found: list[Found]) -> tuple[str, int]:
    """Add nodes and ``[opcua]`` to a plant file's text; nothing that stands there is changed.

    Args:
        text: The plant file.
        plant: The same, read.
        endpoint: Of the server.
        found: Its variables.

    Returns:
        The new text, and how many nodes are still to be chosen by a person.
    """
    open_, used = 0, set[str]()

    def line(name: str, names: tuple[str, ...]) -> str:
        nonlocal open_
        nodes = [node for node in match(found, names) if node not in used]
        if len(nodes) == 1:
            used.add(nodes[0])
            return f"{name} = {_quoted(nodes[0])}"
        open_ += 1
        which = "; ".join(nodes[:3]) + ("; ..." if nodes[3:] else "")
        why = f"{len(nodes)} nodes have this name: {which}" if nodes else "no node has this name"
        return f'{name} = ""  # {why}'

    lines: list[str] = []
    if not plant.opcua:
        lines += ["", "[opcua]", f"endpoint = {_quoted(endpoint)}", "", "[opcua.control]"]
        lines += [line(name, (name,)) for name in ControlNodes.model_fields]
        for table in ("staged", "remote"):
            lines += ["", f"[opcua.{table}]"]
            for tag in plant.of_role("action"):
                ends = (f"{table}.{tag.key}", f"{tag.key}.{table}", f"{tag.source}.{table}")
                lines.append(line(tag.key, ends))
    # After those: the node of a staged set-point often ends with the name of its tag.
    for tag in plant.tags.values():
        if tag.node is None:
            head = re.compile(rf"^\[tags\.\"?{re.escape(tag.key)}\"?\][^\n]*\n", re.M)
            added = line("node", (tag.source, tag.key))
            if at := head.search(text):
                text = text[: at.end()] + added + "\n" + text[at.end() :]
            else:
                text += f"\n[tags.{tag.key}]\n{added}\n"
    return text.rstrip("\n") + "\n" + "".join(f"{each}\n" for each in lines), open_


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
