"""How Kafka is spoken with: over TLS, and by whom. One way for everything that connects to it, by CARELOOP_KAFKA_… alone."""

import ssl
from pathlib import Path
from typing import Any, Self

from shared.settings import ServiceSettings

TLS = "SSL", "SASL_SSL"
ACCESS = "security_protocol", "ssl_context", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"


class RenewedContext(ssl.SSLContext):
    """Shows a new certificate as soon as its file holds one; connections that stand keep the old."""

    certificate: tuple[Path, Path] | None = None  # and its key
    seen: tuple[int, ...] = ()

    @classmethod
    def of(cls, ca: str = "", certificate: str = "", key: str = "") -> Self:
        context = cls(ssl.PROTOCOL_TLS_CLIENT)  # the server must be who it says
        context.load_verify_locations(ca) if ca else context.load_default_certs()
        if certificate and key:
            context.certificate = Path(certificate), Path(key)
            context.renew()
        return context

    def renew(self) -> None:
        if self.certificate and (stamps := tuple(file.stat().st_mtime_ns for file in self.certificate)) != self.seen:
            self.load_cert_chain(*self.certificate)
            self.seen = stamps

    def wrap_bio(self, *args: Any, **more: Any) -> ssl.SSLObject:
        """Called for every connection that asyncio opens."""
        self.renew()
        return super().wrap_bio(*args, **more)


def secured(settings: ServiceSettings | None = None) -> dict[str, Any]:
    """What every client of aiokafka is to be told; nothing where Kafka is spoken with in the open."""
    it = settings or ServiceSettings.read()
    if it.kafka_security == "PLAINTEXT":
        return {}
    options: dict[str, Any] = {"security_protocol": it.kafka_security}
    if it.kafka_security in TLS:
        options["ssl_context"] = RenewedContext.of(it.kafka_ca, it.kafka_certificate, it.kafka_key)
    if it.kafka_security.startswith("SASL"):
        options |= {
            "sasl_mechanism": it.kafka_mechanism,
            "sasl_plain_username": it.kafka_username,
            "sasl_plain_password": it.kafka_password,
        }
    return options
