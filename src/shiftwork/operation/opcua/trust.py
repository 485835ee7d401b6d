"""Certificates: ours, and which server's we trust (Basic256Sha256, signed and encrypted).

The server's certificate is read in the clear, looked up in the folder of trusted ones, and the
channel is then encrypted for exactly that certificate: only who holds its key can answer.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto import security_policies
from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from asyncua.ua.uaerrors import UaStatusCodeError
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from shiftwork.errors import UserError

POLICY = security_policies.SecurityPolicyBasic256Sha256
OWN, KEY, TRUSTED = "own.der", "own.pem", "trusted"
"""Names in the folder of certificates."""
WARN_DAYS = (30, 7)
DAYS = 730
"""How long a certificate that is made here is valid."""
REFUSED = (
    ua.StatusCodes.BadSecurityChecksFailed,
    ua.StatusCodes.BadCertificateUntrusted,
    ua.StatusCodes.BadCertificateTimeInvalid,
    ua.StatusCodes.BadCertificateUriInvalid,
    ua.StatusCodes.BadCertificateInvalid,
    ua.StatusCodes.BadCertificateUseNotAllowed,
)


class NotTrusted(UserError):
    """One of the two certificates is not accepted; it helps little to try again at once."""


@dataclass(frozen=True)
class Certificates:
    """A folder with our certificate (``own.der``), its key (``own.pem``) and ``trusted/``.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def own(self) -> x509.Certificate:
        """Read our certificate and see that its key fits and its time is not over.

        Raises:
            NotTrusted: It cannot be used; the message names the file and the fix.
        """
        path = self.folder / OWN
        made = f"make one with: shiftwork connect --certificates {self.folder}"
        try:
            found = x509.load_der_x509_certificate(path.read_bytes())
            key = load_pem_private_key((self.folder / KEY).read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise NotTrusted(f"{path} or {KEY}: cannot be read ({error}); {made}") from None
        if key.public_key() != found.public_key():
            raise NotTrusted(f"{path}: is not the certificate of {KEY}; {made}")
        _in_time(found, f"{path}: our certificate", made)
        return found

    def notice(self) -> str:
        """Say how soon our certificate or a trusted one ends, or ""."""
        ends = {OWN: self.own()} | self.trusted()
        for days in sorted(WARN_DAYS):
            for name, certificate in ends.items():
                left = certificate.not_valid_after_utc - datetime.now(UTC)
                if left < timedelta(days=days):
                    return f"{self.folder / name}: ends in {left.days} days; renew it before"
        return ""

    def trusted(self) -> dict[str, x509.Certificate]:
        """Read every trusted certificate, of servers or of who issues them, by its file's name.

        Raises:
            NotTrusted: A file holds something else.
        """
        found = {}
        for path in sorted((self.folder / TRUSTED).glob("*.*")):
            try:
                content = path.read_bytes()
                pem = content.startswith(b"-----BEGIN")
                load = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate
                found[f"{TRUSTED}/{path.name}"] = load(content)
            except (OSError, ValueError) as error:
                raise NotTrusted(f"{path}: holds no certificate ({error}); remove it") from None
        return found

    def check(self, server: x509.Certificate, endpoint: str) -> None:
        """See that a server's certificate is trusted and its time is not over.

        Raises:
            NotTrusted: It is not; the message has its fingerprint.
        """
        _in_time(server, f"{endpoint}: the server's certificate", "let its administrator renew it")
        trusted = self.trusted()
        for certificate in trusted.values():
            if certificate == server:
                return
        for name, issuer in trusted.items():
            try:
                server.verify_directly_issued_by(issuer)
            except (ValueError, TypeError, InvalidSignature):
                continue
            _in_time(issuer, f"{self.folder / name}: the issuer's certificate", "renew it")
            return
        raise NotTrusted(
            f"{endpoint}: the server's certificate is not trusted (SHA-256 {fingerprint(server)}); "
            f"compare that with the server's own, then put the certificate into "
            f"{self.folder / TRUSTED} with: shiftwork connect --trust"
        )

    async def secure(self, client: Client) -> None:
        """Let a client sign and encrypt, for a server that is trusted.

        Raises:
            NotTrusted: One of the certificates is not accepted.
        """
        own = self.own()
        server = await server_certificate(client)
        self.check(server, client.server_url.geturl())
        client.application_uri = _uri(own, self.folder / OWN)
        await client.set_security(
            POLICY,
            str(self.folder / OWN),
            str(self.folder / KEY),
            server_certificate=server.public_bytes(Encoding.DER),
            mode=ua.MessageSecurityMode.SignAndEncrypt,
        )

    def refused(self, error: Exception) -> NotTrusted | None:
        """Say in words what a server has against our certificate, if that is the error."""
        if not isinstance(error, UaStatusCodeError) or error.code not in REFUSED:
            return None
        return NotTrusted(
            f"the server refuses our certificate {self.folder / OWN} "
            f"({ua.StatusCode(error.code).name}); let its administrator trust it"
        )

    def make(self) -> Path:
        """Make our certificate and its key, valid for two years; an old one is never replaced.

        Raises:
            UserError: There is one already, or the folder cannot be written.
        """
        if (self.folder / OWN).exists() or (self.folder / KEY).exists():
            raise UserError(f"{self.folder}: holds {OWN} or {KEY} already; move them first")
        host = socket.gethostname()
        key = generate_private_key()
        names = [x509.UniformResourceIdentifier(f"urn:{host}:shiftwork"), x509.DNSName(host)]
        usage = [ExtendedKeyUsageOID.CLIENT_AUTH]
        made = generate_self_signed_app_certificate(
            key, f"Shiftwork at {host}", {"organizationName": "Shiftwork"}, names, usage, DAYS
        )
        try:
            (self.folder / TRUSTED).mkdir(parents=True, exist_ok=True)
            (self.folder / KEY).touch(mode=0o600)
            (self.folder / KEY).write_bytes(dump_private_key_as_pem(key))
            (self.folder / OWN).write_bytes(made.public_bytes(Encoding.DER))
        except OSError as error:
            raise UserError(f"{self.folder}: cannot be written ({error.strerror})") from None
        return self.folder / OWN

    def trust(self, server: x509.Certificate) -> Path:
        """Put a server's certificate among the trusted ones."""
        (self.folder / TRUSTED).mkdir(parents=True, exist_ok=True)
        path = self.folder / TRUSTED / f"{fingerprint(server)[:16]}.der"
        path.write_bytes(server.public_bytes(Encoding.DER))
        return path


async def server_certificate(client: Client) -> x509.Certificate:
    """Ask a server, in the clear, for the certificate of its encrypted endpoint.

    Raises:
        NotTrusted: It has no such endpoint.
    """
    wanted = ua.MessageSecurityMode.SignAndEncrypt
    for endpoint in await client.connect_and_get_server_endpoints():
        if endpoint.SecurityPolicyUri == POLICY.URI and endpoint.SecurityMode == wanted:
            # A chain begins with the server's own; each says how long it is.
            content = endpoint.ServerCertificate
            length = 4 + int.from_bytes(content[2:4], "big")
            return x509.load_der_x509_certificate(content[:length])
    raise NotTrusted(
        f"{client.server_url.geturl()}: the server offers no endpoint that signs and encrypts with "
        "Basic256Sha256; let its administrator switch it on"
    )


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _in_time(certificate: x509.Certificate, whose: str, fix: str) -> None:
    begin, end, now = (
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        datetime.now(UTC),
    )
    if now > end:
        raise NotTrusted(f"{whose} ended on {end:%Y-%m-%d}; {fix}")
    if now < begin:
        raise NotTrusted(f"{whose} begins only on {begin:%Y-%m-%d}; check the clock, or {fix}")


def _uri(certificate: x509.Certificate, path: Path) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier)[0]
    except (x509.ExtensionNotFound, IndexError):
        raise NotTrusted(
            f"{path}: names no application (URI); make one that does with: shiftwork connect "
            f"--certificates {path.parent}"
        ) from None
