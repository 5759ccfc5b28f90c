"""Throw-away certificates: an authority, and servers of this machine that it signed."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.clock import now


@dataclass(frozen=True)
class Pair:
    certificate: str
    key: str

    def lie_in(self, folder: Path, name: str) -> tuple[Path, Path]:
        files = folder / f"{name}.crt", folder / f"{name}.key"
        for file, text in zip(files, (self.certificate, self.key), strict=True):
            file.write_text(text)
            file.chmod(0o600)
        return files


class Authority:
    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority for an hour")])
        self.certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0)).certificate

    def sign(self, name: str) -> Pair:
        """For `localhost` and its address; `name` is whom it speaks of."""
        key = ec.generate_private_key(ec.SECP256R1())
        places = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        return self._signed(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, x509.BasicConstraints(ca=False, path_length=None), places
        )

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *more: x509.ExtensionType) -> Pair:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        builder = (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(now() - timedelta(hours=1))
            .not_valid_after(now() + timedelta(hours=2))
        )
        for extension in more:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        pem = builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
        return Pair(pem, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
