"""Debezium's jars, as far as they do not come with Kafka, whose Connect runs them: fetched when they are measured, never before.

`python -m tests.bench.relay_jars` resolves the list anew (part of `make lock`).
"""

from pathlib import Path

from deploy.local.jars import jars, locked, relock
from deploy.local.leash import CannotStart

DEBEZIUM = "3.7.0.Final"  # the newest whose parts can all be had
LOCK = Path(__file__).with_suffix(".sha256")


def class_path() -> list[Path]:
    """Of Kafka Connect with Debezium."""
    return [*jars(), *jars(lock=LOCK, what="Debezium")]


def missing() -> str | None:
    """Why Debezium can't be had; None when it is here."""
    try:
        class_path()
    except CannotStart as error:
        return str(error)
    return None


if __name__ == "__main__":
    relock(f"io.debezium:debezium-connector-postgres:{DEBEZIUM}", LOCK, beside=locked())
