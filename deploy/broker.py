"""An administrator's connection to Kafka; what goes wrong is one sentence."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.errors import Refusal
from shared.kafka_access import secured

PATIENCE = 15_000  # milliseconds for any answer


class BrokerRefuses(Refusal):
    """The broker does not answer, or does not do it."""


@asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Raises `BrokerRefuses`, whatever happens inside."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # we say it ourselves
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap.split(","), request_timeout_ms=PATIENCE, **secured())
        try:
            await admin.start()
        except (KafkaError, OSError, ValueError) as error:
            raise BrokerRefuses(f"No Kafka answers at {bootstrap}; `make run` starts one, CARELOOP_KAFKA names another.") from error
        try:
            yield admin
        finally:
            await admin.close()
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerRefuses(f"Kafka at {bootstrap} does not do it: {error}.") from error
