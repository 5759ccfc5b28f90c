"""来访接待记录: a visit on paper, to be signed.  A13"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.reception.domain.note import Note
from services.reception.domain.visit import Visit
from services.reception.store import notes, visits
from services.reception.store.visits import VisitNotFound
from shared.forms.form import Form, Line, Row, Signature, Words, in_words, moment, signed, spoken
from shared.forms.printing import As, Printed, documented, printed
from shared.http import AtHand, Now, Router, Session, Staff, allow
from shared.masking import masked_phone

router = Router("/v1/visits/{visit_id}", tags=["visits"])
STATES = {
    "applied": "已申请", "arrived": "已到访", "departed": "已离开", "called_back": "已回访", "cancelled": "已取消", "no_show": "未到访",
}  # fmt: skip
SAID = {"purpose": "来访事由", "remarks": "客人意见"}


@router.get("/form", response_class=Printed, dependencies=[allow("visits.read")], responses=documented(VisitNotFound))
async def print_visit(visit_id: UUID, session: Session, staff: Staff, means: AtHand, now: Now, kind: As) -> Printed:
    """The visit as a form to sign, in Chinese, on A4; the guest's number and all words are masked as everywhere."""
    it = await visits.by_id(session, visit_id)
    about = f"visit:{it.id}"
    said = await notes.about(session, about)
    form = filled_in(it, said, zone=means.units.units[it.unit].clock, by=staff.sub, at=now)
    return await printed(session, form, kind, about=about, by=staff.sub, at=now)


def filled_in(it: Visit, said: Sequence[Note], *, zone: ZoneInfo, by: str, at: datetime) -> Form:
    purpose = next((note.text for note in said if note.id == it.note_id), "")
    later = [
        Words(label=in_words(note.kind, SAID), text=signed(note.text, note.written_by, moment(note.written_at, zone)))
        for note in said
        if note.id != it.note_id
    ]
    rows: list[Row] = [
        Line(label="来访单位", value=it.company), Line(label="人数", value=str(it.guests)),
        Line(label="来访人", value=it.guest_name or ""), Line(label="联系电话", value=masked_phone(it.guest_phone) if it.guest_phone else ""),
        Line(label="预计到达", value=moment(it.arrives_at, zone)), Line(label="到达时间", value=moment(it.arrived_at, zone)),
        Line(label="离开时间", value=moment(it.departed_at, zone)), Line(label="预计到家", value=moment(it.expected_home_at, zone)),
        Line(label="申请人", value=it.applicant), Line(label="申请时间", value=moment(it.applied_at, zone)),
        Line(label="状态", value=in_words(it.state, STATES)), Line(label="接待人"),
        Words(label=SAID["purpose"], text=purpose), *spoken(later, otherwise=["接待安排", "接待情况"]),
        Signature(label="来访人签名"), Signature(label="接待人签名"),
    ]  # fmt: skip
    return Form(title="来访接待记录", number=str(it.id), unit=it.unit, rows=rows, printed_at=moment(at, zone), printed_by=by)
