"""FastStream as the shell around the delivery: connection, poll loop, its metrics. It owns no offset, no retry and no decoding.

Its defaults lose messages: it commits before the work (`ACK_FIRST`), skips what raised, and drops a whole batch over one header that is not
UTF-8. So: `MANUAL`, a parser that looks at nothing, and a handler that never raises.
"""

import logging
from functools import partial
from typing import Any

from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from faststream.middlewares import AckPolicy

from shared.intake import Intake
from shared.kafka import BATCH, CarefulConsumer, consumer_options
from shared.kafka_access import ACCESS
from shared.metrics import Metrics

log = logging.getLogger("faststream")


class Shell:
    def __init__(self, intake: Intake, metrics: Metrics, kafka: str, group: str, slot: int) -> None:
        options = consumer_options(kafka, group, slot)
        self.intake = intake
        self.broker = KafkaBroker(
            options.pop("bootstrap_servers").split(","), apply_types=False, allow_auto_create_topics=False, consumer_only=True, graceful_timeout=20.0,
            logger=log, log_level=logging.DEBUG, middlewares=(KafkaPrometheusMiddleware(registry=metrics.registry, app_name=group),),
        )  # fmt: skip
        metadata_age, max_bytes = options.pop("metadata_max_age_ms"), options.pop("max_partition_fetch_bytes")
        access = {name: options.pop(name) for name in ACCESS if name in options}
        self.extra = {"metadata_max_age_ms": metadata_age, "max_partition_fetch_bytes": max_bytes, **access}
        del options["enable_auto_commit"]  # MANUAL says so
        self.subscriber = self.broker.subscriber(
            *intake.room.gate.topics, batch=True, max_records=BATCH, batch_timeout_ms=10, ack_policy=AckPolicy.MANUAL, listener=intake,
            parser=self.untouched, decoder=raw, **options,
        )  # fmt: skip
        self.subscriber(intake.handle)

    async def start(self) -> None:
        """Raises when no broker answers; whoever runs us tries again."""
        await self.broker.connect()
        config = self.broker.config.broker_config
        config.builder = partial(self.consumer, config.builder.keywords)  # type: ignore[attr-defined]
        await self.broker.start()

    def consumer(self, connection: dict[str, Any], **options: Any) -> CarefulConsumer:
        consumer = CarefulConsumer(**connection | options | self.extra)
        consumer.intake, self.intake.consumer = self.intake, consumer
        return consumer

    async def stop(self) -> None:
        """Leaves; also a start that came to nothing."""
        await self.broker.stop()

    async def end(self) -> None:
        """Lets the batch under way end, or roll back; commits; then leaves."""
        await self.intake.end()
        await self.stop()

    async def untouched(self, records: tuple[Any, ...]) -> KafkaMessage:
        consumer: Any = self.intake.consumer
        place = f"{records[0].offset}-{records[-1].offset}"
        return KafkaMessage(raw_message=records, body=[b""], headers={}, batch_headers=[], message_id=place, consumer=consumer)


async def raw(message: KafkaMessage) -> Any:
    return message.raw_message
