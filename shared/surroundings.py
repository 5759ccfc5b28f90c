"""Numbers of what a process stands on: the clocks, the disk that it writes to, the certificates that it uses."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from shared.clock import OFFSET, now
from shared.logs import log
from shared.service import Means

KAFKAS = "kafka_certificate", "kafka_ca"  # settings that name files


async def gauges(means: Means) -> None:
    means.metrics.disk_free_ratio.labels(place="tmp").set(free(tempfile.gettempdir()))
    for purpose, file in certificates(means):
        if ends := ends_at(file):
            means.metrics.certificate_not_after_timestamp_seconds.labels(purpose=purpose).set(ends)
    assert means.pool
    async with means.pool.acquire(timeout=2) as connection:
        means.metrics.clock_apart_seconds.set(await apart(connection))


def certificates(means: Means) -> Iterator[tuple[str, Path]]:
    """Those that the way to Kafka and to PostgreSQL needs, where it needs any."""
    for purpose in KAFKAS:
        if file := getattr(means.settings, purpose, None):
            yield purpose, Path(file)
    if file := os.environ.get("PGSSLROOTCERT"):  # asyncpg's own
        yield "database_ca", Path(file)


def free(folder: str) -> float:
    disk = shutil.disk_usage(folder)
    return disk.free / disk.total if disk.total else 1.0


async def apart(connection: asyncpg.Connection) -> float:
    """By how many seconds PostgreSQL's clock goes before ours; what the question took is shared out evenly."""
    before = now()
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    after = now()
    return float((theirs - (before + (after - before) / 2 - OFFSET)).total_seconds())


def ends_at(file: Path) -> float | None:
    """When the first certificate of a PEM file that ends does so."""
    from cryptography.x509 import load_pem_x509_certificates  # late: most have none

    try:
        return min(it.not_valid_after_utc.timestamp() for it in load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError) as error:
        log.warning("a certificate can't be read", file=str(file), reason=type(error).__name__)
        return None
