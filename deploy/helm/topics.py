"""The catalogue of topics as the chart needs it: what each is like, and who reads and writes what."""

from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from deploy.local.databases import SERVICES
from shared.topics import TOPICS

FILE = Path(__file__).parent / "careloop" / "files" / "topics.yaml"
HEAD = "# Made by `python -m deploy.helm` of shared/topics.toml and the services' listeners.\n"


def written() -> str:
    topics = {name: {"partitions": it.partitions, "personal": it.personal, "settings": it.settings} for name, it in TOPICS.items()}
    told = {"topics": topics, "services": {name: access(name) for name in SERVICES}}
    return f"{HEAD}{yaml.safe_dump(told, sort_keys=False, width=200)}"


def access(service: str) -> dict[str, list[str]]:
    """A service reads what it listens to and what it owns, and writes what the catalogue says."""
    found: Any = import_module(f"services.{service}.app").service
    reads = {listener.topic for listener in found.listeners} | {name for name, it in TOPICS.items() if it.owner == service}
    return {"reads": sorted(reads), "writes": sorted(name for name, it in TOPICS.items() if service in it.writers)}


def access_list(bootstrap: str = "$BOOTSTRAP") -> list[str]:
    """Commands of Kafka's own tool for brokers that Strimzi does not keep: each service as a user of its name, and `topics-maker` who makes topics."""
    tool = f"kafka-acls.sh --bootstrap-server {bootstrap} --command-config admin.properties --add"
    told = [
        f"{tool} --allow-principal User:topics-maker --operation All --topic careloop. --resource-pattern-type prefixed",
        f"{tool} --allow-principal User:topics-maker --operation Describe --cluster",
    ]
    for service in SERVICES:
        who = f"{tool} --allow-principal User:{service}"
        told += [f"{who} --operation Write --operation Describe --topic {topic}" for topic in access(service)["writes"]]
        told += [
            f"{who} --operation Read --operation Describe --operation DescribeConfigs --topic {topic}" for topic in access(service)["reads"]
        ]
        told.append(f"{who} --operation Read --operation Describe --group {service}")
    return told
