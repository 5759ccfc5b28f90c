"""The compose file: as its specification wants it, with commands, files and variables that exist, and nothing open to the neighbours."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.local.databases import SERVICES
from services.customers.settings import Settings as OfCustomers
from services.followup.settings import Settings as OfFollowup
from tests.deploy.test_chart_pods import commands

FOLDER = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))
PROCESSES = [f"{service}-{role}" for service in SERVICES for role in ("api", "worker")]
TEXT = {"type": "string", "minLength": 1}
WORDS = {"type": "array", "items": TEXT, "uniqueItems": True}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def named(one: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "patternProperties": {"^[a-zA-Z0-9._-]+$": one}}


SPAN = {"type": "string", "pattern": "^([0-9]+(ms|s|m|h))+$"}
HEALTH = closed(
    test={"oneOf": [TEXT, {"type": "array", "items": TEXT}]}, interval=SPAN, timeout=SPAN, start_period=SPAN, retries={"type": "integer"}
)
SERVICE = closed(
    image=TEXT, build=closed(context=TEXT, dockerfile=TEXT), command={"type": "array", "items": TEXT}, entrypoint={"type": "array", "items": TEXT},
    environment={"type": "object", "additionalProperties": TEXT}, user=TEXT, read_only={"type": "boolean"}, tmpfs=WORDS, cap_drop=WORDS, security_opt=WORDS,
    restart={"enum": ["no", "always", "on-failure", "unless-stopped"]}, stop_grace_period=SPAN, volumes=WORDS, profiles=WORDS, ports=WORDS, healthcheck=HEALTH,
    configs={"type": "array", "items": closed(source=TEXT, target=TEXT)},
    depends_on=named(closed(condition={"enum": ["service_started", "service_healthy", "service_completed_successfully"]}) | {"required": ["condition"]}),
)  # fmt: skip
SPECIFICATION = closed(
    name=TEXT, services=named(SERVICE | {"required": ["image"]}), configs=named(closed(file=TEXT)), volumes=named({"maxProperties": 0})
) | {"patternProperties": {"^x-": {}}}


def test_it_is_as_the_specification_wants_it() -> None:
    jsonschema.validate(COMPOSE, SPECIFICATION)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**COMPOSE, "services": {"x": {"image": "a", "comand": []}}}, SPECIFICATION)


def test_all_processes_are_there_and_each_command_exists() -> None:
    known = commands()
    for name, it in COMPOSE["services"].items():
        words = it.get("entrypoint", []) + it.get("command", [])
        if words[:1] == ["careloop"]:
            assert tuple(words[1:]) in known or (tuple(words[1:-1]) in known and words[-1] in SERVICES), name
    assert {"postgresql", "kafka", "prometheus", "alertmanager", "grafana", *PROCESSES} <= COMPOSE["services"].keys()


def test_who_waits_for_somebody_can_be_told_when_to_go_on() -> None:
    for name, it in COMPOSE["services"].items():
        for other, how in it.get("depends_on", {}).items():
            needed = COMPOSE["services"][other]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in needed, (name, other)
            if how["condition"] == "service_completed_successfully":
                assert needed["restart"] == "on-failure", (name, other)


def test_each_variable_is_read_and_each_file_is_there() -> None:
    known = {f"CARELOOP_{field.upper()}" for kind in (OfCustomers, OfFollowup) for field in kind.model_fields} | {
        "CARELOOP_REPLICATION",
        "CARELOOP_RUN",
        "CARELOOP_OWNER_DATABASE",
    }
    for name, it in COMPOSE["services"].items():
        if it["image"].startswith("careloop/"):
            assert it["environment"].keys() <= known, name
        assert {one["source"] for one in it.get("configs", ())} <= COMPOSE["configs"].keys(), name
        for volume in it.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (FOLDER / source).is_dir() if source.startswith("./") else source in COMPOSE["volumes"], (name, volume)
    for config in COMPOSE["configs"].values():
        assert (FOLDER / config["file"]).is_file()


def test_only_this_machine_may_ask_and_images_are_named_with_their_versions() -> None:
    ports = [port for it in COMPOSE["services"].values() for port in it.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len(ports) == len(set(ports))
    assert not [
        it["image"] for it in COMPOSE["services"].values() if not re.search(r":[v0-9$]", it["image"]) or it["image"].endswith("latest")
    ]


def test_our_processes_may_do_as_little_as_in_a_pod() -> None:
    for name in PROCESSES:
        it = COMPOSE["services"][name]
        assert (
            it["read_only"] and it["cap_drop"] == ["ALL"] and it["security_opt"] == ["no-new-privileges:true"] and it["tmpfs"] == ["/tmp"]
        ), name


def test_prometheus_looks_at_every_process_under_the_name_that_alerts_expect() -> None:
    told = yaml.safe_load((FOLDER / "compose" / "prometheus.yml").read_text(encoding="utf-8"))
    seen = {it["job_name"]: it["static_configs"][0]["targets"] for it in told["scrape_configs"]}
    assert seen == {f"careloop-{name}": [f"{name}:9090"] for name in PROCESSES}
    assert told["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] == ["alertmanager:9093"]


def test_the_roles_are_those_that_make_run_makes() -> None:
    script = (FOLDER / "compose" / "roles.sh").read_text(encoding="utf-8")
    assert f"for service in {' '.join(SERVICES)}; do" in script
    for line in (FOLDER / "local" / "databases.py").read_text(encoding="utf-8").splitlines():
        if "ALTER DEFAULT PRIVILEGES" in line:
            assert line.strip().replace('"{service}"', ':"service"') in script


def test_the_kustomize_overlay_is_about_what_the_chart_makes() -> None:
    from tests.deploy.charts import rendered

    told = yaml.safe_load((FOLDER / "kustomize" / "kustomization.yaml").read_text(encoding="utf-8"))
    names = {(it["kind"], it["metadata"]["name"]) for it in rendered("minimal")}
    kinds = {kind for kind, _ in names}
    assert all(("Deployment", it["name"]) in names for it in told["replicas"])
    for it in told["patches"]:
        target = it["target"]
        assert (target["kind"], target["name"]) in names if "name" in target else target["kind"] in kinds
