"""How Kafka and PostgreSQL are reached: parts of an address, TLS, and who we say we are."""

import os
import ssl
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from shared.kafka import consumer_options
from shared.kafka_access import RenewedContext, secured
from shared.settings import ServiceSettings, SettingsError
from tests.deploy_tools.certificates import Authority


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Variables, or files where the name begins with a point."""
    for name in [it for it in os.environ if it.startswith("CARELOOP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CARELOOP_SECRETS", str(tmp_path))

    def tell(**values: str) -> ServiceSettings:
        for name, value in values.items():
            if name.endswith("password"):
                (tmp_path / f"CARELOOP_{name.upper()}").write_text(f"{value}\n")
            else:
                monkeypatch.setenv(f"CARELOOP_{name.upper()}", value)
        return ServiceSettings.read()

    return tell


@pytest.mark.parametrize("password", ["plain", "p@ss:w/ord?#%+ é&=", "%41", "[::1]"])
def test_any_character_may_stand_in_a_password(told: Any, password: str) -> None:
    found = make_url(told(database_host="db", database_name="care", database_username="role@x", database_password=password).database)
    assert (found.username, found.password, found.host, found.port, found.database) == ("role@x", password, "db", 5432, "care")


def test_a_whole_address_wins_and_an_ipv6_address_is_one(told: Any) -> None:
    assert told(database="postgresql://a:b@c/d", database_host="db").database == "postgresql://a:b@c/d"
    it = told(
        owner_database_host="::1",
        owner_database_port="6432",
        owner_database_name="care",
        owner_database_username="o",
        owner_database_password="x",
    )
    assert it.owner_database == "postgresql://o:x@[::1]:6432/care"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"database_host": "db"}, "CARELOOP_DATABASE_HOST stands there without CARELOOP_DATABASE_NAME"),
        ({"kafka_security": "SASL_SSL"}, "needs CARELOOP_KAFKA_USERNAME and _PASSWORD"),
        ({"kafka_certificate": "/nowhere"}, "stand together or not at all"),
        ({"kafka_ca": "/nowhere"}, "CARELOOP_KAFKA_CA names /nowhere, which is no file"),
        ({"kafka_security": "TLS"}, "CARELOOP_KAFKA_SECURITY"),
    ],
)
def test_what_is_not_enough_is_one_sentence(told: Any, values: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        told(**values)


def test_in_the_open_nothing_is_said_to_a_client(told: Any) -> None:
    assert secured(told()) == {}
    assert not {"security_protocol", "ssl_context"} & consumer_options("kafka:9092", "complaints", 0).keys()


def test_every_client_is_told_who_we_are_and_checks_the_server(told: Any) -> None:
    told(kafka_security="SASL_SSL", kafka_username="complaints", kafka_password="secret")
    options = consumer_options("kafka:9093", "complaints", 0)
    assert options["security_protocol"] == "SASL_SSL"
    assert (options["sasl_mechanism"], options["sasl_plain_username"], options["sasl_plain_password"]) == (
        "SCRAM-SHA-512",
        "complaints",
        "secret",
    )
    assert options["ssl_context"].check_hostname and options["ssl_context"].verify_mode == ssl.CERT_REQUIRED


def test_a_new_certificate_is_shown_to_the_next_connection(tmp_path: Path) -> None:
    authority = Authority()
    (tmp_path / "ca.crt").write_text(authority.certificate)
    files = authority.sign("first").lie_in(tmp_path, "client")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.sign("server").lie_in(tmp_path, "server"))
    server.load_verify_locations(tmp_path / "ca.crt")
    server.verify_mode = ssl.CERT_REQUIRED
    client = RenewedContext.of(str(tmp_path / "ca.crt"), *map(str, files))
    assert met(client, server) == "first"
    assert met(client, server) == "first"
    os.utime(authority.sign("second").lie_in(tmp_path, "client")[0], ns=(1, 1))
    assert met(client, server) == "second"


def met(client: ssl.SSLContext, server: ssl.SSLContext) -> str:
    """Who the server sees, over a connection in memory."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours, theirs = client.wrap_bio(back, there, server_hostname="localhost"), server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    subject: Any = theirs.getpeercert()["subject"]
    return dict(it[0] for it in subject)["commonName"]
