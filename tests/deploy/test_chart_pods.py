"""What the chart makes, of its six examples: pods that may do nothing, know no secret by their environment, and reach only what they need."""

import re
from typing import Any

import httpx
import pytest
import typer

from deploy.command.__main__ import app
from deploy.helm.rendering import EXAMPLES
from shared.health import Health
from shared.metrics import Metrics
from shared.ops import ops_app
from tests.deploy.charts import Object, of_kind, pods, rendered

SECRET = re.compile(r"PASSWORD|TOKEN|ERASURE|SMTP|CHAT_|SIGNING")
ALL = pytest.mark.parametrize("example", EXAMPLES)


def container(template: Object) -> Object:
    (only,) = template["spec"]["containers"]
    found: Object = only
    return found


@ALL
def test_pods_are_restricted_and_run_as_anybody(example: str) -> None:
    for name, template in pods(rendered(example)):
        spec, it = template["spec"], container(template)
        assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, name
        assert it["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert all(volume.keys() & {"emptyDir", "projected", "configMap", "secret"} for volume in spec.get("volumes", ())), name
        assert (
            "cpu" not in it["resources"]["limits"]
            and it["resources"]["limits"]["memory"]
            and it["resources"]["requests"].keys() == {"cpu", "memory"}
        ), name


@ALL
def test_what_is_secret_lies_in_files(example: str) -> None:
    assert of_kind(rendered(example), "Secret") == []
    for name, template in pods(rendered(example)):
        for variable in container(template).get("env", ()):
            assert not SECRET.search(variable["name"]), (name, variable)
            assert "secretKeyRef" not in variable.get("valueFrom", {}), (name, variable)


@ALL
def test_what_is_mounted_is_there_and_a_volume_for_each(example: str) -> None:
    for name, template in pods(rendered(example)):
        mounts = {it["name"] for it in container(template).get("volumeMounts", ())}
        assert mounts == {it["name"] for it in template["spec"].get("volumes", ())}, name
        if example == "minimal" and mounts:
            assert {it["mountPath"] for it in container(template)["volumeMounts"] if not it.get("readOnly")} == {"/tmp"}, name


def commands() -> set[tuple[str, ...]]:
    def walk(command: Any, words: tuple[str, ...]) -> set[tuple[str, ...]]:
        inner = {name: command.get_command(None, name) for name in command.list_commands(None)} if hasattr(command, "list_commands") else {}
        return {it for name, one in inner.items() for it in walk(one, (*words, name))} or {words}

    return walk(typer.main.get_command(app), ())


@ALL
def test_each_command_exists(example: str) -> None:
    known = commands()
    for name, template in pods(rendered(example)):
        first, *words = container(template)["command"]
        if first == "careloop":
            assert tuple(words) in known or (tuple(words[:-1]) in known and words[-1] in name), (name, words)


@ALL
async def test_probes_ask_what_the_ops_port_answers(example: str) -> None:
    ops = httpx.ASGITransport(ops_app(Health("complaints", "api"), Metrics("complaints", "0")))
    client = httpx.AsyncClient(transport=ops, base_url="http://ops")
    for name, template in pods(rendered(example)):
        it = container(template)
        ports = {port["name"]: port["containerPort"] for port in it.get("ports", ())}
        probes = [it[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in it]
        assert len(probes) == (3 if name.endswith(("-api", "-worker")) else 0), name
        for probe in probes:
            assert ports[probe["httpGet"]["port"]] == 9090
            assert (await client.get(probe["httpGet"]["path"])).json().keys() == {"ok", "why"}


@ALL
def test_workers_keep_their_slots_and_apis_are_replaced_one_by_one(example: str) -> None:
    for it in of_kind(rendered(example), "StatefulSet"):
        assert it["metadata"]["name"].endswith("-worker")
        assert it["spec"]["podManagementPolicy"] == "Parallel"
        slot = next(one for one in container(it["spec"]["template"])["env"] if one["name"] == "CARELOOP_SLOT")
        assert slot["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.labels['apps.kubernetes.io/pod-index']"
        assert it["spec"]["serviceName"] in {service["metadata"]["name"] for service in of_kind(rendered(example), "Service")}
    for it in of_kind(rendered(example), "Deployment"):
        assert it["metadata"]["name"].endswith("-api")
        assert it["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    for it in of_kind(rendered(example), "Deployment", "StatefulSet"):
        scaled = {one["spec"]["scaleTargetRef"]["name"] for one in of_kind(rendered(example), "HorizontalPodAutoscaler", "ScaledObject")}
        assert ("replicas" in it["spec"]) != (it["metadata"]["name"] in scaled)


@ALL
def test_selectors_never_change_and_meet_one_workload_each(example: str) -> None:
    seen = []
    for it in of_kind(rendered(example), "Deployment", "StatefulSet"):
        labels = it["spec"]["selector"]["matchLabels"]
        assert list(labels) == [f"app.kubernetes.io/{name}" for name in ("name", "instance", "component")]
        assert labels.items() <= it["spec"]["template"]["metadata"]["labels"].items()
        seen.append(labels["app.kubernetes.io/component"])
    assert len(seen) == len(set(seen))
    budgets = {
        it["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] for it in of_kind(rendered(example), "PodDisruptionBudget")
    }
    assert budgets <= set(seen)


@ALL
def test_a_budget_stands_only_where_there_are_two(example: str) -> None:
    """With one of one, no node could ever be emptied."""
    objects = rendered(example)
    least = {it["metadata"]["name"]: it["spec"].get("replicas") for it in of_kind(objects, "Deployment", "StatefulSet")}
    for it in of_kind(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        least[it["metadata"]["name"]] = it["spec"].get("minReplicas") or it["spec"]["minReplicaCount"]
    for it in of_kind(objects, "PodDisruptionBudget"):
        assert least[it["metadata"]["name"]] > 1
        assert it["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def allowed(objects: list[Object], labels: dict[str, str], way: str) -> list[Object]:
    policies = [
        it["spec"] for it in of_kind(objects, "NetworkPolicy") if it["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    ]
    assert any(way.title() in it["policyTypes"] for it in policies)
    return [rule for it in policies for rule in it.get(way) or ()]


@ALL
def test_nothing_in_and_nothing_out_but_what_is_needed(example: str) -> None:
    objects = rendered(example)
    for name, template in pods(objects):
        labels = template["metadata"]["labels"]
        inwards = {port["port"] for rule in allowed(objects, labels, "ingress") for port in rule["ports"]}
        assert inwards <= ({8080, 9090} if name.endswith("-api") else {9090}), name
        outwards = {port["port"] for rule in allowed(objects, labels, "egress") for port in rule["ports"]}
        kafka = {it["name"]: it.get("value") for it in container(template).get("env", ())}.get("CARELOOP_KAFKA", "")
        brokers = {int(it.rpartition(":")[2]) for it in kafka.split(",") if it}
        assert brokers <= outwards, name
        assert brokers or not {9092, 9093, 9094} & outwards, name
        databases = {int(it["value"]) for it in container(template).get("env", ()) if it["name"].endswith("DATABASE_PORT")}
        assert databases <= outwards and (databases or not {5432, 6432} & outwards), name
    if example == "minimal":
        assert all(rule.get("from") for name, it in pods(objects) for rule in allowed(objects, it["metadata"]["labels"], "ingress")), (
            "nobody is not everybody"
        )


@ALL
def test_nothing_but_the_smoke_test_is_a_hook_and_all_is_in_a_namespace(example: str) -> None:
    kinds = {it["kind"] for it in rendered(example)}
    assert not kinds & {
        "Namespace",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "PersistentVolume",
        "Role",
        "RoleBinding",
    }
    hooks = [it["metadata"]["name"] for it in rendered(example) if "helm.sh/hook" in it["metadata"].get("annotations", {})]
    assert all(it.endswith("-smoke") for it in hooks)
    names = [(it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"]) for it in rendered(example)]
    assert len(names) == len(set(names)) and all(len(name) <= 63 for _, _, name in names)
