"""Short messages by one documented HTTP call.

POST <CARELOOP_SMS>
Idempotency-Key: <notice id>
{"to": "+8613800138000", "text": "…"}

202 {"id": "…"}          taken; the same key again answers 200 with the same id and sends nothing
401 403 404 405 407 408 425 429    not now; asked again with the same key and the same body, until the news is old
other 4xx                refused for good
5xx, no answer           not known; asked again in the same way
"""

import httpx

from services.followup.domain.sending import Answer, Letter, Result

LATER = {401, 403, 404, 405, 407, 408, 425, 429}  # about us, not about this message: it is asked again, under its key
PATIENCE = httpx.Timeout(10, connect=3)


class Sms:
    def __init__(self, address: str) -> None:
        self.address = address
        self.client = httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=20), follow_redirects=False)

    async def send(self, letter: Letter) -> Result:
        try:
            answer = await self.client.post(
                self.address, json={"to": letter.to, "text": letter.text}, headers={"Idempotency-Key": str(letter.id)}
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Result(Answer.BUSY, reason="the short-message gateway can't be reached")
        except httpx.HTTPError:
            return Result(Answer.UNSURE, reason="the short-message gateway did not answer")
        if answer.is_success:
            return Result(Answer.TAKEN, provider_id=provider_id(answer))
        if answer.status_code in LATER:
            return Result(Answer.UNSURE, reason=f"the short-message gateway does not let us in or asks to slow down ({answer.status_code})")
        if answer.is_client_error:
            return Result(Answer.REFUSED, reason=f"the short-message gateway refused it ({answer.status_code})")
        return Result(Answer.UNSURE, reason=f"the short-message gateway failed ({answer.status_code})")


def provider_id(answer: httpx.Response) -> str | None:
    try:
        told = answer.json()
    except ValueError:
        return None
    id = told.get("id") if isinstance(told, dict) else None
    return str(id)[:128] if id is not None else None
