"""The verb ``connect``: certificates, trust, a first ``[opcua]``, and whether plant file and server fit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro

from shiftwork.cli.desk_verbs import needs
from shiftwork.cli.progress import console
from shiftwork.errors import UserError

if TYPE_CHECKING:
    from shiftwork.records.historian.plant_file.model import PlantFile

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Connect:
    """Get a plant file and an OPC UA server together; without further options, check that they fit.

    It writes nothing to the server.
    """

    plant_file: Path | None = None
    """The plant file."""
    endpoint: str = ""
    """The server, opc.tcp://host:port; the plant file's unless given."""
    draft: Path | None = None
    """Browse the server, and write the plant file with the nodes that were found by their names."""
    certificates: Path | None = None
    """Folder of certificates; ours is made there if it has none. The plant file's unless given."""
    trust: bool = False
    """Put the server's certificate among the trusted ones, after you compared its fingerprint."""


def run(arguments: list[str], prog: str) -> None:
    """Run the verb.

    Raises:
        UserError: A mistake of the user's, or the two do not fit.
    """
    options = tyro.cli(Connect, args=arguments, prog=prog)
    needs("asyncua", "opcua", "OPC UA")
    from shiftwork.operation.opcua.trust import OWN, Certificates
    from shiftwork.records.historian.plant_file.load import load_plant_file

    plant = load_plant_file(options.plant_file) if options.plant_file else None
    folder = options.certificates
    if folder is None and plant is not None and plant.opcua.get("certificates"):
        folder = plant.path.parent / str(plant.opcua["certificates"])
    certificates = Certificates(folder) if folder else None
    if certificates is not None and not (certificates.folder / OWN).exists():
        console.print(f"made {certificates.make()}; let the server's administrator trust it")
    endpoint = options.endpoint or str((plant.opcua if plant else {}).get("endpoint", ""))
    if options.trust:
        if certificates is None or not endpoint:
            raise UserError(
                "--trust needs --endpoint and --certificates, or a plant file with both"
            )
        asyncio.run(_trust(endpoint, certificates))
    elif options.draft:
        if plant is None or not endpoint:
            raise UserError("--draft needs --plant-file and --endpoint")
        asyncio.run(_draft(plant, endpoint, certificates, options.draft))
    elif plant is not None:
        asyncio.run(_fits(plant))
    elif certificates is None:
        raise UserError(
            "connect needs --plant-file, or --certificates; see shiftwork connect --help"
        )


async def _trust(endpoint: str, certificates: Any) -> None:
    from asyncua import Client

    from shiftwork.operation.opcua.trust import fingerprint, server_certificate

    found = await _asked(server_certificate(Client(endpoint, timeout=TIMEOUT_S)), endpoint)
    console.print(f"SHA-256 {fingerprint(found)}")
    console.print(f"trusted from now on: {certificates.trust(found)}; remove it to end that")


async def _draft(plant: PlantFile, endpoint: str, certificates: Any, out: Path) -> None:
    from asyncua import Client

    from shiftwork.files import written_whole
    from shiftwork.operation.opcua.draft import browse, drafted

    client = Client(endpoint, timeout=TIMEOUT_S, watchdog_intervall=3600.0)
    if certificates is not None:
        await _asked(certificates.secure(client), endpoint, certificates)

    async def look() -> Any:
        async with client:
            return await browse(client)

    found = await _asked(look(), endpoint, certificates)
    text, open_ = drafted(plant.path.read_text(encoding="utf-8"), plant, endpoint, found)
    with written_whole(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    console.print(f"{endpoint}: {len(found)} variables; {out} is written")
    if open_:
        console.print(
            f'{open_} nodes are left open there (""): choose each, then run connect again'
        )


async def _fits(plant: PlantFile) -> None:
    from shiftwork.operation.connection import Lost
    from shiftwork.operation.opcua.connection import OpcUaConnection
    from shiftwork.operation.opcua.settings import opcua_settings
    from shiftwork.operation.settings import operation_rules

    rules, settings = operation_rules(plant), opcua_settings(plant)
    connection = OpcUaConnection(plant, settings, rules.timeout_s)
    try:
        await connection.start()
        reading = await connection.read()
    except Lost as error:
        raise UserError(
            f"{settings.endpoint}: {error}; check the address and the network"
        ) from None
    finally:
        await connection.stop()
    bad = [
        key for key, sample in reading.samples.items() if sample.value is None and not sample.state
    ]
    console.print(f"{plant.path} fits {settings.endpoint}: {len(reading.samples)} tags")
    if bad:
        console.print(
            f"without a good value just now: {', '.join(bad[:8])}" + " ..." * bool(bad[8:])
        )
    if notice := connection.notice():
        console.print(notice)


async def _asked(call: Any, endpoint: str, certificates: Any = None) -> Any:
    """Wait for a server, and say in one line if it does not answer."""
    try:
        return await asyncio.wait_for(call, 6 * TIMEOUT_S)
    except UserError:
        raise
    except Exception as error:  # the library raises all sorts of errors
        if certificates is not None and (refused := certificates.refused(error)):
            raise refused from None
        what = str(error) or type(error).__name__
        raise UserError(f"{endpoint}: {what}; check the address and the network") from None
