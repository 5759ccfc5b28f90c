"""The chart through Helm's own engine: what is committed is what it renders, every Kubernetes of the matrix takes it, and what can't work is refused."""

import copy
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

pytest.importorskip("helm_python", reason="Helm's engine is not installed: make test-deploy brings it")
pytest.importorskip("kubernetes_validate", reason="the schemas of Kubernetes are not installed: make test-deploy brings them")

import helm_python
import kubernetes_validate

from deploy.helm.readme import CHART
from deploy.helm.rendering import EXAMPLES, chart, manifests, rendered, write
from tests.deploy import charts
from tests.deploy.charts import Object, of_kind
from tests.deploy.test_chart_values import over
from tests.deploy_tools.crds import SCHEMAS

kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)  # some megabytes an object, otherwise
MATRIX = "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35"
ALL = pytest.mark.parametrize("example", EXAMPLES)


def example_of(name: str, **more: Any) -> dict[str, Any]:
    """An example with something else in it."""
    values: dict[str, Any] = over(yaml.safe_load(EXAMPLES[name].read_text(encoding="utf-8")), more)
    return values


@cache
def of_example(name: str) -> list[Object]:
    return rendered(example_of(name))


@ALL
def test_what_is_committed_is_what_is_rendered(example: str) -> None:
    assert charts.golden(of_example(example)) == (charts.GOLDEN / f"{example}.yaml").read_text(encoding="utf-8")


@ALL
@pytest.mark.parametrize("version", MATRIX)
def test_every_kubernetes_takes_it(example: str, version: str) -> None:
    """Strictly: a field that it does not know is a mistake of ours."""
    for it in of_example(example):
        if it["kind"] in SCHEMAS:
            jsonschema.validate(it, SCHEMAS[it["kind"]])
        else:
            assert kubernetes_validate.validate(it, version, strict=True) == version


def test_the_schemas_bite() -> None:
    objects = rendered(example_of("everything"))
    (worker, *_) = of_kind(objects, "StatefulSet")
    wrong = copy.deepcopy(worker)
    probe = wrong["spec"]["template"]["spec"]["containers"][0]
    probe["livnessProbe"] = probe.pop("livenessProbe")
    with pytest.raises(kubernetes_validate.utils.ValidationError):
        kubernetes_validate.validate(wrong, "1.29", strict=True)
    for kind in SCHEMAS:
        found = [it for name in EXAMPLES for it in of_kind(of_example(name), kind)]
        for it in found[:1]:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(over(it, {"spec": {"unheardOf": 1}}), SCHEMAS[kind])
        assert found or kind == "PrometheusRule", f"no example makes a {kind}"


@ALL
@pytest.mark.parametrize("version", (MATRIX[0], MATRIX[-1]))
def test_helm_finds_nothing_to_say(example: str, version: str) -> None:
    report = helm_python.lint(CHART, example_of(example), strict=True, kube_version=f"v{version}.0", namespace="care")
    assert [it for it in report["messages"] if it["severity"] > 1] == []


GUARDS = [
    ({"kafka": {"bootstrap": ""}}, "kafka.bootstrap is empty"),
    ({"kafka": {"security": {"protocol": "PLAINTEXT"}}}, "everybody on the way could read along"),
    ({"kafka": {"security": {"protocol": "SASL_PLAINTEXT"}}}, "kafka.allowPlaintext: true"),
    ({"kafka": {"existingSecret": ""}, "topics": {"mode": "none"}}, "services.complaints.kafka.existingSecret is empty"),
    ({"kafka": {"existingSecret": ""}}, "topics.existingSecret is empty"),
    ({"database": {"caSecret": ""}}, "no server could be believed"),
    ({"config": {"issuers": ""}}, "nobody could be let in"),
    ({"services": {"complaints": {"database": {"host": ""}}}}, "services.complaints.database.host is empty"),
    ({"services": {"complaints": {"database": {"existingSecret": ""}}}}, "services.complaints.database.existingSecret is empty"),
    ({"services": {"complaints": {"database": {"ownerSecret": ""}}}}, "migrations.enabled: false"),
    ({"services": {"customers": {"existingSecret": ""}}}, "CARELOOP_ERASURE_KEY"),
    ({"services": {name: {"enabled": False} for name in ("customers", "complaints", "followup", "reception")}}, "No service is enabled"),
    ({"networkPolicy": {"egress": {"kafka": {"to": []}}}}, "no worker would reach Kafka"),
    ({"networkPolicy": {"egress": {"database": {"to": []}}}}, "nothing would reach PostgreSQL"),
    ({"networking": {"kind": "ingress"}}, "services.complaints.host is empty"),
    ({"networking": {"kind": "httproute"}}, "name the Gateway"),
    (
        {"api": {"shutdown": {"graceSeconds": 34}}},
        "services.complaints.api.shutdown.graceSeconds is 34, and stopping in peace takes 35: 10 before",
    ),
    ({"services": {"followup": {"worker": {"shutdown": {"preStopSeconds": 20}}}}}, "services.followup.worker.shutdown.graceSeconds is 60"),
    ({"worker": {"replicas": 13}}, "services.complaints.worker.replicas is 13, and no topic has more than 12 partitions"),
    ({"worker": {"keda": {"enabled": True, "max": 13}}}, "keda.max is 13"),
    ({"worker": {"keda": {"enabled": True, "min": 4, "max": 3}}}, "keda.min is above max"),
    ({"services": {"complaints": {"worker": {"replicas": 2, "keda": {"enabled": True}}}}}, "has replicas and keda.enabled"),
    ({"services": {"complaints": {"kafka": {"username": "x"}, "worker": {"keda": {"enabled": True}}}}}, "KEDA reads it there"),
    ({"services": {"complaints": {"api": {"replicas": 2, "autoscaling": {"enabled": True}}}}}, "has replicas and autoscaling.enabled"),
    ({"api": {"autoscaling": {"enabled": True, "min": 7}}}, "autoscaling.min is above max"),
    ({"topics": {"mode": "strimzi"}}, "topics.strimzi.clusterName is empty"),
    ({"topics": {"overrides": {"careloop.notes": {"partitions": 24}}}}, "topics.overrides is for topics.mode strimzi"),
    (
        {"topics": {"mode": "strimzi", "strimzi": {"clusterName": "c"}, "overrides": {"careloop.notes": {"partitions": 6}}}},
        "a topic never shrinks",
    ),
    ({"topics": {"mode": "strimzi", "strimzi": {"clusterName": "c"}, "overrides": {"careloop.team": {}}}}, "no topic of the catalogue"),
    ({"topics": {"strimzi": {"users": True}}}, "topics.mode is not strimzi"),
    ({"externalSecrets": {"enabled": True}}, "externalSecrets.store.name is empty"),
    ({"env": {"CARELOOP_DATABASE": "postgresql://"}}, "has a value of its own or is a secret"),
    ({"services": {"followup": {"worker": {"env": {"CARELOOP_SMTP": "smtp://"}}}}}, "services.<name>.existingSecret"),
    ({"kafka": {"bootsrap": "x"}}, "bootsrap"),
    ({"image": {"digest": "sha256:1"}}, "digest"),
]


@pytest.mark.parametrize(("wrong", "said"), GUARDS, ids=[said for _, said in GUARDS])
def test_what_can_not_work_is_refused_with_a_sentence(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(helm_python.HelmError) as refused:
        rendered(example_of("minimal", **wrong))
    assert said in str(refused.value)


def test_every_guard_was_seen() -> None:
    sentences = (CHART / "templates" / "_validate.tpl").read_text(encoding="utf-8").count("{{ fail ")
    assert len(GUARDS) - 2 >= sentences - 1  # two are the schema's; one sentence is said at two places


def jobs(**more: Any) -> set[str]:
    return {it["metadata"]["name"] for it in of_kind(rendered(example_of("minimal", **more)), "Job")}


def test_a_job_has_a_new_name_when_it_would_do_something_else_and_only_then() -> None:
    """The same name is left alone by Helm and Argo CD; another is a new job, and Helm removes the old one."""
    before = jobs()
    assert jobs() == before
    assert jobs(logLevel="INFO", api={"replicas": 3}, services={"complaints": {"api": {"env": {"CARELOOP_LIMIT_READ": "off"}}}}) == before
    assert not jobs(image={"tag": "0.2.0"}) & before
    assert not jobs(migrations={"runId": "2"}) & {it for it in before if "migrate" in it}
    moved = jobs(services={"complaints": {"database": {"name": "other"}}})
    assert {it.rsplit("-", 1)[0] for it in moved - before} == {"careloop-migrate-complaints"}


def test_a_file_that_is_read_at_the_start_starts_processes_anew_and_sources_do_not() -> None:
    def checksums(**config: str) -> set[str]:
        objects = of_kind(rendered(example_of("minimal", config=config)), "Deployment", "StatefulSet")
        return {it["spec"]["template"]["metadata"]["annotations"]["careloop/config"] for it in objects}

    before = checksums()
    assert len(before) == 1
    assert checksums(sources='[sources."/erp"]\ntopics = ["careloop.inbound.orders"]\n') == before
    assert checksums(calendars="# one\n") != before


def test_a_false_of_a_service_is_a_false() -> None:
    objects = rendered(
        example_of("minimal", worker={"keda": {"enabled": True}}, services={"reception": {"worker": {"keda": {"enabled": False}}}})
    )
    assert {it["metadata"]["name"] for it in of_kind(objects, "ScaledObject")} == {
        f"careloop-{it}-worker" for it in ("customers", "complaints", "followup")
    }


def test_long_names_stay_short_enough() -> None:
    for it in rendered(example_of("minimal"), name="a-release-whose-name-has-as-many-letters-as-helm-all"):
        assert len(it["metadata"]["name"]) <= 63


def test_notes_say_what_to_do_next() -> None:
    text = manifests(example_of("minimal"))["NOTES.txt"]
    assert "create job --from=cronjob/careloop-complaints-admin" in text
    assert "Nobody is woken" in text


def test_it_packs_into_one_file(tmp_path: Path) -> None:
    packed = Path(chart().save(tmp_path))
    assert packed.stat().st_size < 1_000_000
    with tarfile.open(packed) as found:
        names = found.getnames()
    assert "careloop/files/topics.yaml" in names
    assert not [it for it in names if "/charts/" in it or it.startswith("careloop/ci/")]


def test_plain_manifests_have_nothing_that_only_helm_understands(tmp_path: Path) -> None:
    write(EXAMPLES["minimal"], tmp_path)
    objects: list[Object] = list(yaml.safe_load_all((tmp_path / "careloop.yaml").read_text(encoding="utf-8")))
    assert len(objects) == len(charts.rendered("minimal")) - 1
    assert all("helm.sh/hook" not in it["metadata"].get("annotations", {}) for it in objects)


def test_every_image_that_is_rendered_can_be_mirrored() -> None:
    told = (CHART.parents[1] / "images.txt").read_text(encoding="utf-8").splitlines()
    assert {it["spec"]["containers"][0]["image"] for _, it in charts.pods(of_example("minimal"))} == {told[1]}
