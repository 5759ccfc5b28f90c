"""The resources of others that the chart makes, as strict JSON Schemas of the fields that it may set, by their projects' own definitions."""

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
PERIOD: Schema = {
    "type": "string",
    "pattern": r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$",
}


def only(needed: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": needed.split()}


def some(of: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": of, "minItems": least}


def one_of(*words: str) -> Schema:
    return {"enum": list(words)}


METADATA = only("name labels", name={"type": "string", "pattern": "^[a-z0-9.-]{1,253}$"}, namespace=TEXT, labels=TEXTS, annotations=TEXTS)


def resource(version: str, kind: str, spec: Schema) -> Schema:
    return only("apiVersion kind metadata spec", apiVersion={"const": version}, kind={"const": kind}, metadata=METADATA, spec=spec)


RELABELING = only(
    "",
    sourceLabels=some({"type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"}),
    targetLabel=TEXT,
    replacement=TEXT,
    action=one_of("replace"),
    regex=TEXT,
)
ENDPOINT = only("port", port=TEXT, path=TEXT, interval=PERIOD, honorLabels={"type": "boolean"}, relabelings=some(RELABELING))
SELECTOR = only("matchLabels", matchLabels=TEXTS)
RULE = {
    **only("expr", alert=TEXT, record=TEXT, expr={"type": ["string", "integer"]}, labels=TEXTS, annotations=TEXTS) | {},
    "oneOf": [{"required": ["alert"]}, {"required": ["record"]}],
}
RULE["properties"]["for"] = PERIOD
RULE["properties"]["keep_firing_for"] = PERIOD
GROUP = only("name rules", name=TEXT, interval=PERIOD, rules=some(RULE), limit=COUNT)
SCALING = only(
    "",
    scaleDown=only(
        "",
        stabilizationWindowSeconds=COUNT,
        policies=some(only("type value periodSeconds", type=one_of("Pods", "Percent"), value=COUNT, periodSeconds=COUNT)),
    ),
)
KAFKA_TRIGGER = only(
    "bootstrapServers consumerGroup", bootstrapServers=TEXT, consumerGroup=TEXT, topic=TEXT, lagThreshold={"type": "string", "pattern": "^[0-9]+$"},
    offsetResetPolicy=one_of("earliest", "latest"), sasl=one_of("plaintext", "scram_sha256", "scram_sha512", "oauthbearer", "none"), tls=one_of("enable", "disable"),
)  # fmt: skip
TARGET = only("name", apiVersion=TEXT, kind=one_of("StatefulSet", "Deployment"), name=TEXT)
FROM_SECRET = only("parameter name key", parameter=one_of("username", "password", "ca", "cert", "key"), name=TEXT, key=TEXT)
OPERATION = one_of("Read", "Write", "Describe", "DescribeConfigs", "Create", "Alter", "AlterConfigs", "Delete", "All")
ACL = only(
    "resource operations", operations=some(OPERATION),
    resource=only("type name", type=one_of("topic", "group"), name=TEXT, patternType=one_of("literal", "prefix")),
)  # fmt: skip
PARENT = only("name", group=TEXT, kind=TEXT, namespace=TEXT, name=TEXT, sectionName=TEXT, port=COUNT)
HTTP_RULE = only(
    "", matches=some(only("", path=only("type value", type=one_of("PathPrefix", "Exact"), value=TEXT))),
    backendRefs=some(only("name port", name=TEXT, port=COUNT)),
)  # fmt: skip
REMOTE = only("key", key=TEXT, property=TEXT, version=TEXT)

SCHEMAS = {
    "PodMonitor": resource("monitoring.coreos.com/v1", "PodMonitor", only("selector podMetricsEndpoints", selector=SELECTOR, podMetricsEndpoints=some(ENDPOINT))),
    "ServiceMonitor": resource("monitoring.coreos.com/v1", "ServiceMonitor", only("selector endpoints", selector=SELECTOR, endpoints=some(ENDPOINT))),
    "PrometheusRule": resource("monitoring.coreos.com/v1", "PrometheusRule", only("groups", groups=some(GROUP))),
    "TriggerAuthentication": resource("keda.sh/v1alpha1", "TriggerAuthentication", only("", secretTargetRef=some(FROM_SECRET))),
    "ScaledObject": resource(
        "keda.sh/v1alpha1", "ScaledObject",
        only(
            "scaleTargetRef triggers", scaleTargetRef=TARGET, minReplicaCount=COUNT, maxReplicaCount=COUNT, pollingInterval=COUNT, cooldownPeriod=COUNT,
            fallback=only("failureThreshold replicas", failureThreshold=COUNT, replicas=COUNT),
            advanced=only("", horizontalPodAutoscalerConfig=only("", behavior=SCALING)),
            triggers=some(only("type metadata", type=one_of("kafka"), metadata=KAFKA_TRIGGER, authenticationRef=only("name", name=TEXT))),
        ),
    ),
    "KafkaTopic": resource(
        "kafka.strimzi.io/v1", "KafkaTopic",
        only("partitions replicas", topicName=TEXT, partitions=COUNT | {"minimum": 1}, replicas=COUNT | {"minimum": 1}, config={"type": "object", "additionalProperties": TEXT}),
    ),
    "KafkaUser": resource(
        "kafka.strimzi.io/v1", "KafkaUser",
        only(
            "authentication authorization", authentication=only("type", type=one_of("tls", "tls-external", "scram-sha-512")),
            authorization=only("type acls", type=one_of("simple"), acls=some(ACL)),
        ),
    ),
    "HTTPRoute": resource("gateway.networking.k8s.io/v1", "HTTPRoute", only("parentRefs rules", parentRefs=some(PARENT), hostnames=some(TEXT), rules=some(HTTP_RULE))),
    "ExternalSecret": resource(
        "external-secrets.io/v1", "ExternalSecret",
        only(
            "secretStoreRef data", refreshInterval=PERIOD, secretStoreRef=only("name kind", name=TEXT, kind=one_of("SecretStore", "ClusterSecretStore")),
            target=only("name", name=TEXT, creationPolicy=one_of("Owner", "Merge", "None", "Orphan")), data=some(only("secretKey remoteRef", secretKey=TEXT, remoteRef=REMOTE)),
        ),
    ),
}  # fmt: skip
