"""What is wrong with the environment is one sentence."""

from datetime import timedelta

import pytest

from shared.settings import ServiceSettings, SettingsError


@pytest.fixture
def environment(monkeypatch):
    def is_(**variables: str) -> None:
        for name, it in variables.items():
            monkeypatch.setenv(f"CARELOOP_{name}", it)

    return is_


def test_the_environment(environment):
    environment(
        DATABASE="postgresql://a:b@c/d",
        PORT="8181",
        ENVIRONMENT="development",
        CLOCK_OFFSET="-P1DT2H",
        ISSUER="https://i/",
        OTHERS="mind their own",
    )
    settings = ServiceSettings.read("database")
    assert (settings.port, settings.clock_offset, settings.issuer) == (8181, -timedelta(days=1, hours=2), "https://i/")
    assert "a:b" not in repr(settings)


def test_secrets_are_files(environment, tmp_path):
    (tmp_path / "careloop_database").write_text("postgresql://role:pa ss@host/db\n")
    environment(SECRETS=str(tmp_path))
    assert ServiceSettings.read("database").database == "postgresql://role:pa ss@host/db"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "CARELOOP_DATABASE is missing. It is postgresql://role:password@host:port/database, the service's own database."),
        (
            {"PORT": "http"},
            "CARELOOP_PORT: Input should be a valid integer, unable to parse string as an integer. It is the port of the HTTP API.",
        ),
        (
            {"LOG_LEVEL": "LOUD"},
            "CARELOOP_LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'. It is DEBUG, INFO, WARNING or ERROR.",
        ),
        ({"CLOCK_OFFSET": "PT1H"}, "CARELOOP_CLOCK_OFFSET is for CARELOOP_ENVIRONMENT=development only."),
        ({"SECRETS": "/nowhere"}, "CARELOOP_SECRETS names /nowhere, which is no folder."),
    ],
)
def test_what_is_wrong(environment, monkeypatch, variables, sentence):
    monkeypatch.delenv("CARELOOP_DATABASE", raising=False)
    environment(**variables)
    with pytest.raises(SettingsError) as wrong:
        ServiceSettings.read("database")
    assert str(wrong.value) == sentence
