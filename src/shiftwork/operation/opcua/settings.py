"""The plant file's table ``[opcua]``: endpoint, user, and the nodes that writing needs."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic import Field

from shiftwork.errors import UserError
from shiftwork.operation.settings import Table, read_table
from shiftwork.records.historian.plant_file.model import PlantFile

_NODE = re.compile(r"(?:nsu=([^;]+);)?([isgb])=(.+)", re.S)


class ControlNodes(Table):
    """Nodes of the plant's side of a write; see ``operation/plant_side.py``."""

    tick: str
    taken: str
    enabled: str
    owner: str
    shed: str
    beat: str
    commit: str
    take_back: str


class OpcUa(Table):
    """How to reach the plant.

    Attributes:
        endpoint: "opc.tcp://host:port".
        user: User name; "" for an anonymous session.
        password_env: Name of the environment variable that holds the password. The password itself
            never stands in a file.
        certificates: Folder of certificates, beside the plant file; "" for a session in the clear.
        control: The plant's side of a write.
        staged: By action the node of its staged set-point.
        remote: By action the node that says whether its loop takes set-points from outside.
    """

    endpoint: str
    user: str = ""
    password_env: str = ""
    certificates: str = ""
    control: ControlNodes
    staged: dict[str, str] = Field(default_factory=dict)
    remote: dict[str, str] = Field(default_factory=dict)

    @property
    def password(self) -> str:
        """The password from the environment.

        Raises:
            UserError: The variable is not set.
        """
        if not self.password_env:
            return ""
        if self.password_env not in os.environ:
            raise UserError(
                f"the environment variable {self.password_env} is not set; set it to the password "
                f"of '{self.user}'"
            )
        return os.environ[self.password_env]


def opcua_settings(plant: PlantFile) -> OpcUa:
    """Read and check the table ``[opcua]`` and the tags' nodes.

    Raises:
        UserError: A key, value or node is missing or wrong.
    """
    where = f"{plant.path}: opcua"
    if not plant.opcua:
        raise UserError(f"{where}: is missing; write a table [opcua] with the endpoint and nodes")
    raw: dict[str, Any] = dict(plant.opcua)
    found = read_table(OpcUa, raw, where)
    if not found.endpoint.startswith("opc.tcp://"):
        raise UserError(f"{where}.endpoint: '{found.endpoint}' must begin with opc.tcp://")
    if found.password_env and not found.certificates:
        raise UserError(
            f"{where}.password_env: a password must not travel in the clear; set certificates, the "
            "folder that shiftwork connect --certificates makes"
        )
    for tag in plant.tags.values():
        if tag.node is None:
            raise UserError(
                f"{plant.path}: tags.{tag.key}.node: is missing; write its OPC UA node, or remove "
                "the tag"
            )
        parse_node(tag.node, f"{plant.path}: tags.{tag.key}.node")
    for name, table in (("staged", found.staged), ("remote", found.remote)):
        for tag in plant.of_role("action"):
            if tag.key not in table:
                raise UserError(f"{where}.{name}: action '{tag.key}' has no node; write one")
            parse_node(table[tag.key], f"{where}.{name}.{tag.key}")
    for name, node in found.control:
        parse_node(node, f"{where}.control.{name}")
    return found


def parse_node(text: str, where: str) -> tuple[str, str]:
    """Split "nsu=URI;s=NAME" into URI and the rest; without URI it is the standard's own namespace.

    A namespace's index may change whenever the server starts, so it is not accepted.

    Raises:
        UserError: It is something else.
    """
    match = _NODE.fullmatch(text)
    if match is None:
        raise UserError(
            f"{where}: '{text}' is not a node with its namespace's URI; write it as "
            '"nsu=urn:example:plant;s=NAME" (i= for numbers)'
        )
    return match[1] or "", f"{match[2]}={match[3]}"
