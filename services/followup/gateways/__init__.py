"""The ways out of the house: each takes a letter and says what became of it. None of them decides anything."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

import structlog

from services.followup.domain.sending import Answer, Letter, Result
from shared.metrics import Metrics

log = structlog.get_logger()
PLACES = 8  # calls at once; whoever waits for one has not begun
PATIENCE = 5  # failures in a row before a gateway is left alone
LONGEST = 30.0  # seconds it is left alone
LONGEST_ANSWER = 20.0  # seconds; less than the lease of a notice
Send = Callable[[Letter], Awaitable[Result]]


@dataclass(slots=True)
class Gateway:
    """A provider, left alone for a while when it does not answer (circuit breaker)."""

    name: str
    send: Send
    metrics: Metrics
    failures: int = 0
    open_until: float = field(default=0.0)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PLACES))

    async def __call__(self, letter: Letter) -> Result:
        async with self.places:
            if monotonic() < self.open_until:
                return Result(Answer.BUSY, reason="the gateway does not answer")
            started = monotonic()
            try:
                async with asyncio.timeout(LONGEST_ANSWER):
                    result = await self.send(letter)
            except TimeoutError:
                result = Result(Answer.UNSURE, reason="the gateway did not answer in time")
            except Exception as error:  # whatever is wrong with one message keeps no other back
                log.error("a message can't be sent", exc_info=error, provider=self.name, letter=str(letter.id))
                result = Result(Answer.REFUSED, reason=f"it can't be sent ({type(error).__name__})")
        self.metrics.provider_requests_total.labels(provider=self.name, outcome=result.answer.value).inc()
        self.metrics.provider_seconds.labels(provider=self.name).observe(monotonic() - started)
        if result.answer in (Answer.BUSY, Answer.UNSURE):
            self.failures += 1
            if self.failures >= PATIENCE:
                self.open_until = monotonic() + min(2.0 ** (self.failures - PATIENCE), LONGEST)
        else:
            self.failures, self.open_until = 0, 0.0
        self.metrics.provider_breaker_open.labels(provider=self.name).set(monotonic() < self.open_until)
        return result
