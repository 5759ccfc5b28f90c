"""Kafka that wants TLS and SCRAM, and a door of TLS before PostgreSQL: the wheel's is built without."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from deploy.local import kafka
from deploy.local.leash import a_port
from tests.deploy_tools.certificates import Authority


class SecureBroker(kafka.Broker):
    """The open listener stays for whoever waits for it; `secure` is the other's address."""

    def __init__(self, folder: Path, authority: Authority, users: dict[str, str]) -> None:
        super().__init__(folder)
        self.secure_port = a_port()
        self.at_formatting = [
            it for name, password in users.items() for it in ("--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]")
        ]
        folder.mkdir(parents=True)
        pair = authority.sign("kafka")
        (folder / "kafka.pem").write_text(pair.key + pair.certificate)

    @property
    def secure(self) -> str:
        return f"localhost:{self.secure_port}"

    def _properties(self) -> Path:
        file = super()._properties()
        text = file.read_text()
        for key in ("listeners", "advertised.listeners"):
            text = text.replace(f"\n{key}=PLAINTEXT", f"\n{key}=SASL_SSL://{self.secure},PLAINTEXT")
        file.write_text(
            text
            + f"""listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={self.folder}/kafka.pem
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""
        )
        return file


class Door:
    """PostgreSQL's own way to begin with TLS, before a server that was built without it. Who does not ask for it is turned away."""

    REQUEST = struct.pack("!ii", 8, 80877103)

    def __init__(self, port: int) -> None:
        self.behind, self.port = port, 0
        self.let_in = self.turned_away = 0

    @asynccontextmanager
    async def standing(self, authority: Authority, folder: Path) -> AsyncIterator[Self]:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*authority.sign("postgresql").lie_in(folder, "postgresql"))
        async with await asyncio.start_server(self.enter, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self
            server.close()

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if await reader.readexactly(8) == self.REQUEST:
                writer.write(b"S")
                await writer.start_tls(self.context)
                self.let_in += 1
                inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.behind)
                await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))
            else:
                self.turned_away += 1
        writer.close()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()
