"""Whose tokens are believed: several issuers side by side, words that become ours, and a file with mistakes in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from shared.auth import Door
from shared.health import Health
from shared.issuers import Issuer, found, known, with_keys
from shared.metrics import Metrics
from shared.problems import Unauthenticated
from shared.settings import ServiceSettings, SettingsError
from tests.shared.an_api import ISSUER, KEYS, token

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA")  # the older of its two names
CLUSTER, OTHER = "https://kubernetes.default.svc", ECKey.generate_key("P-256", {"kid": "ec"})  # a key id that another issuer has too
UNITS = ("headquarters", "north")
FILE = """
[issuers.staff]
issuer = "https://issuer.example"
jwks = "{folder}/staff.json"
roles_claim = "resource_access.careloop.roles"
units_claim = "https://issuer.example/units"
subject_claim = "employee.number"
role_map = {{ care-agent = ["specialist", "reception"], boss = ["leader"] }}

[issuers.cluster]
issuer = "https://kubernetes.default.svc"
jwks = "{folder}/cluster.json"
algorithms = ["ES256"]
require = ["iss", "aud", "sub", "exp"]
units = ["north"]
subject_map = {{ "system:serviceaccount:erp:importer" = ["integration"] }}
"""


def settings(folder: Path, text: str = "", **more: str) -> ServiceSettings:
    if text:
        (folder / "issuers.toml").write_text(text)
    return ServiceSettings(config=folder, _env_file=None, **more)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """Opens for the staff's issuer and the cluster's."""
    (tmp_path / "staff.json").write_text(json.dumps({"keys": [it.as_dict(private=False) for it in KEYS.values()]}))
    (tmp_path / "cluster.json").write_text(json.dumps({"keys": [OTHER.as_dict(private=False), KEYS["rsa"].as_dict(private=False)]}))
    issuers = known(settings(tmp_path, FILE.format(folder=tmp_path)), UNITS)
    return Door(with_keys(issuers, Health("customers", "api")), Metrics("customers", "1"))


def of_a_pod(**more: object) -> str:
    claims = json.loads(
        json.dumps({"iss": CLUSTER, "aud": ["careloop"], "exp": 9999999999, "sub": "system:serviceaccount:erp:importer"} | more)
    )
    return jwt.encode({"alg": "ES256", "kid": "ec"}, claims, OTHER)


async def test_a_person_of_keycloak(door: Door):
    theirs = {"resource_access": {"careloop": {"roles": ["care-agent", "admin", "offline_access"]}}, "roles": ["admin"]}
    their = {"employee": {"number": "s-17"}, "https://issuer.example/units": ["north"], "units": None, "posts": ["quality_manager"]}
    who = await door.admit(f"Bearer {token('admin', **theirs, **their)}")
    assert (who.sub, who.roles, who.units, who.posts) == ("s-17", {"specialist", "reception"}, ("north",), ("quality_manager",))


async def test_a_pod_has_no_roles_but_a_name(door: Door):
    who = await door.admit(f"Bearer {of_a_pod()}")
    assert (who.roles, who.units, who.unit) == ({"integration"}, ("north",), "north")
    stranger = await door.admit(f"Bearer {of_a_pod(sub='system:serviceaccount:erp:other')}")
    assert stranger.roles == frozenset()
    assert (await door.admit(f"Bearer {of_a_pod(units=['headquarters'])}")).units == ("headquarters",)  # the claim says more than the file


@pytest.mark.parametrize(
    ("reason", "make"),
    [
        ("signature is wrong", lambda: of_a_pod(iss=ISSUER)),  # both have a key of this id
        ("signature is wrong", lambda: token("admin", key="ec", iss=CLUSTER)),
        ("signature is wrong", lambda: token("admin", key="rsa", iss=CLUSTER)),  # its key, but it signs with ES256 only
        ("does not publish", lambda: token("admin", key="ed", iss=CLUSTER)),
        ("another issuer", lambda: of_a_pod(iss=f"{CLUSTER}/")),
        ("another issuer", lambda: of_a_pod(iss=[CLUSTER, ISSUER])),
        ("lacks one", lambda: token("admin", nbf=None)),  # only the cluster may leave it out
        ("employee.number", lambda: token("admin")),
    ],
)
async def test_an_issuer_speaks_for_itself_alone(door: Door, reason: str, make):
    with pytest.raises(Unauthenticated, match=reason):
        await door.admit(f"Bearer {make()}")


async def test_one_issuer_is_away_and_the_other_is_not(door: Door, tmp_path: Path):
    (tmp_path / "staff.json").unlink()
    with pytest.raises(Exception, match="can't be had") as away:
        await door.admit(f"Bearer {token('admin')}")
    assert away.value.status == 503
    assert (await door.admit(f"Bearer {of_a_pod()}")).roles == {"integration"}


def test_a_claim_is_found_by_its_name_or_path():
    claims = {"a.b": 1, "a": {"b": 2, "c.d": {"e": 3}}, "x": {"y.z": 4}, "n": 5}
    assert [found(claims, path) for path in ("a.b", "a.c.d.e", "x.y.z", "x.y", "n.o", "")] == [1, 3, 4, None, None, None]


def test_the_issuer_of_the_environment_stands_beside_the_file(tmp_path: Path):
    told = settings(tmp_path, FILE.format(folder=tmp_path), issuer="https://i.example", audience="a", jwks="/keys.json")
    issuers, health = known(told, UNITS), Health("customers", "api")
    with_keys(issuers, health)
    assert issuers["idp"] == Issuer(issuer="https://i.example", audience="a", jwks="/keys.json")
    assert sorted(health.dependencies) == ["idp", "idp:cluster", "idp:staff"]
    (tmp_path / "issuers.toml").unlink()
    assert list(known(told)) == ["idp"]


ONE = '[issuers.staff]\nissuer = "https://id.example"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("issuers = 1", "issuers: Input should be a valid dictionary."),
        ("[issuers", "Expected ']' at the end of a table declaration (at end of document)."),
        ("[issuers.staff]", "issuers.staff.issuer: Field required."),
        (ONE + "role = 1", "issuers.staff.role: there is no such key. The keys are issuer, audience, jwks, ca, bearer, algorithms, "),
        (ONE + 'algorithms = ["HS256"]', "issuers.staff.algorithms.0: Input should be 'RS256', 'ES256', 'EdDSA' or 'Ed25519'."),
        (ONE + "algorithms = []", "issuers.staff.algorithms: List should have at least 1 item after validation, not 0."),
        (ONE + 'require = ["iss", "aud", "exp"]', "issuers.staff.require: sub can't be left out; only nbf can."),
        (ONE + 'role_map = { boss = ["king"] }', "issuers.staff.role_map: there is no role king; the roles are admin, auditor, "),
        (ONE + 'role_map = { boss = "leader" }', "issuers.staff.role_map.boss: Input should be a valid list."),
        (ONE + 'units = ["moon"]', "issuers.staff.units: there is no unit moon; units.toml has headquarters, north, and * is all."),
        (ONE + 'ca = "/nowhere"', "issuers.staff.ca names /nowhere, which is no file."),
        (
            ONE + '[issuers.again]\nissuer = "https://id.example"',
            "issuers.again.issuer is the same as that of staff; an issuer stands there once.",
        ),
        (
            '[issuers.staff]\nissuer = "cluster"',
            "issuers.staff: jwks is missing: the issuer is no address, so its keys can't be found by it.",
        ),
        ('[issuers.idp]\nissuer = "https://i"', "issuers.idp: this name is for the issuer of CARELOOP_ISSUER; take another."),
        ('[issuers."Staff."]\nissuer = "https://i"', "issuers.Staff.: String should match pattern"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, said: str):
    with pytest.raises(SettingsError) as wrong:
        known(settings(tmp_path, text), UNITS)
    sentence = str(wrong.value)
    assert sentence.startswith(f"{tmp_path}/issuers.toml") and said in sentence and "\n" not in sentence and sentence.endswith(".")


def test_no_issuer_at_all(tmp_path: Path):
    with pytest.raises(SettingsError, match=f"CARELOOP_ISSUER is missing, and there is no {tmp_path}/issuers.toml"):
        known(settings(tmp_path))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"issuer": "http://id.example"}, "CARELOOP_ISSUER is on plain HTTP, which is for CARELOOP_ENVIRONMENT=development only."),
        ({"issuer": "https://127.0.0.1:18080"}, "CARELOOP_ISSUER is on this machine itself"),
        ({"issuer": "https://localhost./"}, "CARELOOP_ISSUER is on this machine itself"),
        ({"issuer": "https://[::1]/"}, "CARELOOP_ISSUER is on this machine itself"),
        ({"issuer": "https://0.0.0.0/"}, "CARELOOP_ISSUER is on this machine itself"),
        ({"issuer": "https://id.example", "jwks": "http://id.example/jwks"}, "CARELOOP_JWKS is on plain HTTP"),
    ],
)
def test_in_production_nobody_believes_the_development_issuer(tmp_path: Path, told: dict[str, str], said: str):
    with pytest.raises(SettingsError, match=said):
        known(settings(tmp_path, **told))
    assert known(settings(tmp_path, environment="development", **told))


def test_in_production_a_file_of_keys_is_good(tmp_path: Path):
    assert known(settings(tmp_path, issuer="https://id.example", jwks="file:///keys.json"))


def test_the_examples_of_the_document_are_good(tmp_path: Path):
    document = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")
    (example,) = (it.partition("```")[0] for it in document.split("```toml\n") if it.startswith("[issuers."))
    (tmp_path / "there").touch()
    for named in ("ca.crt", "token"):
        example = example.replace(f"/var/run/secrets/kubernetes.io/serviceaccount/{named}", str(tmp_path / "there"))
    assert list(known(settings(tmp_path, example), UNITS)) == ["keycloak", "entra", "cluster"]


@pytest.mark.parametrize(
    ("claim", "units"),
    [
        ({}, ("*",)),
        ({"units": None}, ()),
        ({"units": []}, ()),
        ({"units": "north"}, ()),
        ({"units": [1]}, ()),
        ({"units": ["north"]}, ("north",)),
    ],
)
def test_the_units_of_an_issuer_are_for_tokens_without_the_claim(claim: dict[str, Any], units: tuple[str, ...]) -> None:
    """Whoever has lost their last unit has none, and not all."""
    issuer = Issuer(issuer="https://id.example", units=["*"])
    assert issuer.units_of({"sub": "s-1"} | claim) == units
