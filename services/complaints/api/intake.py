"""Taking complaints in, over HTTP."""

from typing import Any

from fastapi import Response
from pydantic import Field

from services.complaints.actions import intake
from services.complaints.actions.intake import NotYet
from services.complaints.api.shapes import ComplaintView, Trade, view
from shared.bodies import AboutCustomer, Remark, WhichCustomer, Words
from shared.contracts.values import Id, Slug
from shared.etag import tag
from shared.http import Moment, Now, Router, Scope, Session, Staff, allow, problems

router = Router("/v1/complaints", tags=["complaints"])


class NewComplaint(AboutCustomer):
    """What the customer says. Either `customer` or `customer_id` names them; nobody has to know them."""

    channel: Slug
    category: Slug
    content: Words
    expected_remedy: Remark | None = None
    order_id: Id | None = None
    product: Id | None = Field(None, description="what it is about, as your own lists call it")
    department: Id | None = Field(None, description="who has to answer for it, if that is known already")
    received_at: Moment | None = None


@router.post(
    "", status_code=201, response_model=ComplaintView, dependencies=[allow("complaints.take")], responses=problems(WhichCustomer, NotYet)
)  # fmt: skip
async def take_complaint(
    body: NewComplaint, session: Session, staff: Staff, scope: Scope, now: Now, trade: Trade, response: Response
) -> Any:
    """Take in a complaint or a suggestion. `received_at`: when it was first heard, if that was not just now.  CMPL-01, CMPL-04"""
    complaint = await intake.take(
        session, body.certain_id, body.content, body.expected_remedy, channel=body.channel, category=body.category, order_id=body.order_id,
        product=body.product, department=body.department, received_at=body.received_at, scope=scope, trade=trade, by=staff.sub, at=now,
    )  # fmt: skip
    response.headers["Location"] = f"/v1/complaints/{complaint.id}"
    tag(response, complaint.version)
    return view(complaint, body.expected_remedy or None)
