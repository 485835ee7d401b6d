"""``shiftwork connect`` at a real server that signs and encrypts, with certificates of both sides."""

import asyncio
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shiftwork.cli.main import main
from shiftwork.operation.connection import Lost
from shiftwork.records.historian.plant_file.load import parse_plant
from support.memory_plant import PLANT
from support.rig import free_port

pytest.importorskip("asyncua")
from asyncua import Server, ua
from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from shiftwork.operation.opcua import trust
from shiftwork.operation.opcua.connection import OpcUaConnection
from shiftwork.operation.opcua.draft import Found, match
from shiftwork.operation.opcua.settings import opcua_settings
from shiftwork.operation.opcua.trust import Certificates, NotTrusted

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
URI = "urn:example:kettle"
NODES = {
    "K1.heat": 50.0, "K1.power": 5.0, "K1.flow": 3.0, "K1.power_high": 9.0, "K2.flow": 1.0,
    "staged.power": 5.0, "staged.flow": 3.0, "remote.power": True, "remote.flow": True,
    "tick": 1, "taken": 0, "enabled": True, "owner": "", "shed": False, "beat": "",
    "commit": [0, 0], "take_back": False,
}  # fmt: skip


def server_files(folder):
    key = generate_private_key()
    names = [x509.UniformResourceIdentifier(URI), x509.DNSName(socket.gethostname())]
    made = generate_self_signed_app_certificate(
        key, "kettle", {}, names, [ExtendedKeyUsageOID.SERVER_AUTH], 365
    )
    (folder / "server.pem").write_bytes(dump_private_key_as_pem(key))
    (folder / "server.der").write_bytes(made.public_bytes(Encoding.DER))


async def serve(folder, port, accepts, ready, stop):
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
    await server.set_application_uri(URI)
    await server.load_certificate(str(folder / "server.der"))
    await server.load_private_key(str(folder / "server.pem"))
    server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
    options = CertificateValidatorOptions.TRUSTED_VALIDATION
    options |= CertificateValidatorOptions.PEER_CLIENT
    store = TrustStore([accepts], [])
    await store.load()
    server.set_certificate_validator(CertificateValidator(options, store))
    index = await server.register_namespace(URI)
    kettle = await server.nodes.objects.add_folder(index, "kettle")
    for name, value in NODES.items():
        kind = ua.VariantType.Int64 if name in ("tick", "taken", "commit") else None
        node = await kettle.add_variable(ua.NodeId(name, index), name, value, varianttype=kind)
        if name.startswith("staged") or name in ("beat", "commit", "take_back"):
            await node.set_writable()
    async with server:
        ready.set()
        while not stop.is_set():
            await asyncio.sleep(0.02)


@contextmanager
def served(folder, accepts):
    """A server in a thread of its own, since the command line has a loop of its own."""
    server_files(folder)
    port, ready, stop = free_port(), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve(folder, port, accepts, ready, stop)))
    thread.start()
    try:
        assert ready.wait(120)
        yield f"opc.tcp://127.0.0.1:{port}/"
    finally:
        stop.set()
        thread.join()


def fails(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    assert stop.value.code == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("shiftwork: ")
    return said


@pytest.mark.slow
def test_from_nothing_to_a_plant_file_that_fits_an_encrypted_server(tmp_path, capsys):
    plant, full = tmp_path / "kettle.toml", tmp_path / "full.toml"
    plant.write_text(PLANT)
    ours, accepts = tmp_path / "certificates", tmp_path / "accepts"
    accepts.mkdir()
    server_files(tmp_path)  # a store must not be empty: it accepts somebody, but not us
    (accepts / "other.der").write_bytes((tmp_path / "server.der").read_bytes())
    main(["connect", "--certificates", f"{ours}"])
    assert (ours / "own.pem").stat().st_mode & 0o77 == 0
    with served(tmp_path, accepts) as endpoint:
        draft = ["connect", "--plant-file", plant, "--endpoint", endpoint, "--certificates", ours]
        draft += ["--draft", full]
        said = fails(capsys, *draft)
        assert "the server's certificate is not trusted (SHA-256 " in said
        main(["connect", "--trust", "--endpoint", endpoint, "--certificates", f"{ours}"])
        said = fails(capsys, *draft)
        assert "the server refuses our certificate" in said
        assert "own.der" in said
        (accepts / "shiftwork.der").write_bytes((ours / "own.der").read_bytes())
    # The store is read when a server starts.
    with served(tmp_path, accepts) as endpoint:
        for old in (ours / "trusted").iterdir():
            old.unlink()
        main(["connect", "--trust", "--endpoint", endpoint, "--certificates", f"{ours}"])
        draft[4] = endpoint
        main([*map(str, draft)])
        said = capsys.readouterr().err
        assert "1 nodes are left open" in said
        text = full.read_text()
        assert f'[tags.heat]\nnode = "nsu={URI};s=K1.heat"' in text
        assert (
            f'node = ""  # 2 nodes have this name: nsu={URI};s=K1.flow; nsu={URI};s=K2.flow' in text
        )
        assert f'commit = "nsu={URI};s=commit"' in text
        assert "tags.flow.node" in fails(capsys, "connect", "--plant-file", full)
        text = text.replace('node = ""', f'node = "nsu={URI};s=K1.flow"')
        full.write_text(text.replace("[opcua]\n", '[opcua]\ncertificates = "certificates"\n'))
        main(["connect", "--plant-file", f"{full}"])
        said = capsys.readouterr().err.replace("\n", "")
        assert "fits opc.tcp" in said
        assert "4 tags" in said
        later(certificates_in=ours, endpoint=endpoint, text=full.read_text(), path=full)


def later(certificates_in, endpoint, text, path):
    """Ours ends while it operates: the session is not opened again, and says why."""
    plant = parse_plant(text, path)
    connection = OpcUaConnection(plant, opcua_settings(plant), 4.0)

    async def test():
        with pytest.raises(NotTrusted, match="our certificate ended on"):
            await connection.start()
        with pytest.raises(Lost):
            await connection.read()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trust, "datetime", in_days(731))
        asyncio.run(test())
    assert endpoint.startswith("opc.tcp://")
    assert certificates_in.is_dir()


def in_days(days):
    class Later(datetime):
        @classmethod
        def now(cls, zone):
            return datetime.now(zone) + timedelta(days=days)

    return Later


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, ""), (701, "ends in 28 days"), (724, "ends in 5 days"), (731, "ended on")],
)
def test_a_certificate_that_ends_is_noticed_before(tmp_path, monkeypatch, days, words):
    ours = Certificates(tmp_path)
    ours.make()
    monkeypatch.setattr(trust, "datetime", in_days(days))
    try:
        said = ours.notice()
    except NotTrusted as error:
        said = str(error)
    assert words in said
    assert bool(words) == bool(said)


def test_files_that_are_no_certificates_are_named(tmp_path):
    ours = Certificates(tmp_path)
    with pytest.raises(NotTrusted, match=r"own\.der or own.pem: cannot be read"):
        ours.own()
    ours.make()
    with pytest.raises(Exception, match=r"holds own\.der or own.pem already"):
        ours.make()
    (tmp_path / "own.pem").write_bytes(dump_private_key_as_pem(generate_private_key()))
    with pytest.raises(NotTrusted, match=r"is not the certificate of own\.pem"):
        ours.own()
    (tmp_path / "trusted" / "note.txt").write_text("hello")
    with pytest.raises(NotTrusted, match=r"note\.txt: holds no certificate"):
        ours.trusted()


def test_a_servers_certificate_is_trusted_by_itself_and_not_by_its_name(tmp_path):
    ours = Certificates(tmp_path)
    ours.make()
    server_files(tmp_path)
    first = x509.load_der_x509_certificate((tmp_path / "server.der").read_bytes())
    ours.trust(first)
    ours.check(first, "opc.tcp://x")
    server_files(tmp_path)  # the same names, another key
    other = x509.load_der_x509_certificate((tmp_path / "server.der").read_bytes())
    with pytest.raises(NotTrusted, match="is not trusted"):
        ours.check(other, "opc.tcp://x")
    assert first.not_valid_after_utc > datetime.now(UTC)


def test_a_name_is_matched_whole_before_it_is_matched_at_the_end():
    found = [
        Found("a", ("feed", "x")),
        Found("b", ("F1.feed", "y")),
        Found("c", ("F1.feeder", "z")),
    ]
    assert match(found, ("feed",)) == ["a"]
    assert match(found[1:], ("FEED",)) == ["b"]
    assert match(found, ("none", "feeder")) == ["c"]
    assert match(found, ("eeder",)) == []


def test_what_connect_needs_is_said_in_one_line(tmp_path, capsys):
    assert "needs --plant-file" in fails(capsys, "connect")
    assert "--trust needs" in fails(capsys, "connect", "--trust")
    assert "--draft needs" in fails(capsys, "connect", "--draft", tmp_path / "x.toml")
    plant = tmp_path / "kettle.toml"
    plant.write_text(PLANT)
    given = ("--plant-file", plant, "--endpoint", f"opc.tcp://127.0.0.1:{free_port()}/")
    said = fails(capsys, "connect", *given, "--draft", tmp_path / "x.toml")
    assert "check the address and the network" in said
    assert not Path(tmp_path / "x.toml").exists()
    opcua = '[opcua]\nendpoint = "opc.tcp://x"\nuser = "a"\npassword_env = "P"\n[opcua.control]\n'
    names = ("tick", "taken", "enabled", "owner", "shed", "beat", "commit", "take_back")
    plant.write_text(PLANT + opcua + "".join(f'{name} = "i=1"\n' for name in names))
    assert "a password must not travel in the clear" in fails(capsys, "connect", *given[:2])
