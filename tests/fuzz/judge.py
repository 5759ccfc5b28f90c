"""Says of every record that was published what became of it, and of which ones it is wrong: lost, parked as our fault, or for a reason that names nothing."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from shared.contracts.declarations import StaffDeclared
from shared.inbox import key_of
from shared.topics import TOPICS
from tests.fuzz.changing import Fate
from tests.fuzz.draft import TELLTALE
from tests.fuzz.stream import Sent

Place = tuple[str, int, int | None]
ENVELOPE = re.compile(
    r"\bThe (header|attribute) \S+ |\b(ce_\w*|specversion|id|source|type|time|subject|orgunit|traceparent|content-type|data|data_base64)\b"
)
THE_WHOLE = re.compile(r"\b([Tt]he value|[Aa] null value|JSON|key)\b")
PERSONAL = (
    "示例钢铁",
    "王小明",
    "李华",
    "示例路",
    "care@example.com",
    "lihua@example.com",
    "+862155550101",
    "+862155550102",
    TELLTALE,
)  # of the samples


@dataclass(frozen=True)
class Row:
    """What a register of parked records says."""

    code: str
    message: str
    pointer: str | None = None
    ours: bool = False
    state: str = "open"


@dataclass
class Evidence:
    """What one service remembers."""

    parked: dict[Place, Row] = field(default_factory=dict)
    inbox: set[UUID] = field(default_factory=set)


@dataclass
class Verdict:
    """What became of the records, by their kinds, and what is wrong."""

    wrong: list[tuple[Sent | None, str]] = field(default_factory=list)
    by_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    codes: Counter[str] = field(default_factory=Counter)


def judge(
    sent: Collection[Sent], evidence: Mapping[str, Evidence], told: Mapping[Place, int], readers: Mapping[str, Collection[str]]
) -> Verdict:
    """`told`: how often each place was rejected; `readers`: which services react to a type, beside the topic's owner."""
    verdict, first = Verdict(), dict[tuple[str, UUID], Sent]()
    for it in sent:
        owner = TOPICS[it.topic].owner
        row, id = evidence[owner].parked.get(it.place), inbox_id(it)
        if it.offset is None:
            became, wrong = "lost", ["was never published"]
        elif row:
            became, wrong = "parked", [*wrong_with_parked(it, row, told.get(it.place, 0))]
            verdict.codes[row.code] += 1
        elif id and id in evidence[owner].inbox:
            became = "handled" if first.setdefault((owner, id), it) is it else "repeat"
            wrong = [*wrong_with_handled(it, id, became, evidence, readers)]
            wrong += ["was handled and rejected"] if told.get(it.place) else []
        else:
            became, wrong = "lost", ["is lost: neither handled nor parked"]
        verdict.by_kind[it.kind][became] += 1
        verdict.wrong += [(it, each) for each in wrong]
    verdict.wrong += wrong_with_mended(sent, evidence)
    verdict.wrong += [(None, each) for each in wrong_elsewhere(sent, evidence, told)]
    return verdict


def wrong_with_mended(sent: Collection[Sent], evidence: Mapping[str, Evidence]) -> Iterable[tuple[Sent, str]]:
    """What was parked, and then came again on its partition and was handled, is no longer open."""
    last: dict[tuple[str, int, UUID], int] = {}
    for it in sent:
        owner, id = evidence[TOPICS[it.topic].owner], inbox_id(it)
        if id and it.offset is not None and it.place not in owner.parked and id in owner.inbox:
            last[it.topic, it.partition, id] = it.offset
    for it in sent:
        row, id = evidence[TOPICS[it.topic].owner].parked.get(it.place), inbox_id(it)
        if row and id and last.get((it.topic, it.partition, id), -1) > (it.offset or 0) and row.state != "resent":
            yield it, f"was parked, came again mended, and is still {row.state}"


def inbox_id(it: Sent) -> UUID | None:
    if it.is_null:
        return key_of(it.topic, f"{it.partition}/{it.offset}")
    return key_of(*it.says) if it.says else None


def wrong_with_parked(it: Sent, row: Row, told: int) -> Iterable[str]:
    shown = f"{row.code} at {row.pointer!r}: {row.message[:160]}"
    if row.ours:
        yield f"is parked as a fault of ours, {shown}"
        return
    if it.fate is Fate.HANDLED and not (row.code == "conflicting_reference" and not it.sound):  # another odd record may have taken its name
        yield f"is parked and nothing is wrong with it, {shown}"
    elif not names(it.at, row):
        yield f"has a reason that does not name {', '.join(it.at)[:120]}, {shown}"
    if told != 1:
        yield f"is parked and was rejected {told} times, {shown}"
    if any(each in row.message or each in (row.pointer or "") for each in PERSONAL):
        yield f"has a reason that tells a value, {row.code}"


def wrong_with_handled(
    it: Sent, id: UUID, became: str, evidence: Mapping[str, Evidence], readers: Mapping[str, Collection[str]]
) -> Iterable[str]:
    if it.fate is Fate.PARKED and became == "handled":
        yield "is handled and should have been parked"
    for reader in readers.get(it.draft.type, ()) if not it.is_null else ():
        if id not in evidence[reader].inbox and it.place not in evidence[reader].parked:
            yield f"is lost for {reader}, which reacts to it"


def wrong_elsewhere(sent: Collection[Sent], evidence: Mapping[str, Evidence], told: Mapping[Place, int]) -> Iterable[str]:
    """Nobody else parks anything but what depends on its own clock or units, and nothing of ours."""
    known = {it.place: it for it in sent}
    for service, theirs in evidence.items():
        for place, row in theirs.parked.items():
            if place not in known or (TOPICS[place[0]].owner != service and not is_everybodys(row, place[0])):
                yield f"{service} parked {known.get(place) or place}, {row.code} at {row.pointer!r}: {row.message[:160]}"
    for place in told.keys() - known.keys():
        yield f"{place} was rejected, and nobody published it"


def is_everybodys(row: Row, topic: str) -> bool:
    """What hangs on a clock or on the units of each service's own: its other readers keep it too, and don't tell."""
    return row.code == "future_time" or (topic == StaffDeclared.topic and (row.pointer or "").startswith(("/unit", "/roles")))


def names(at: Collection[str], row: Row) -> bool:
    """A pointer there, above or below; a header by its name; or the value as a whole."""
    return bool(row.code and row.message) and any(names_one(each, row) for each in at)


def names_one(name: str, row: Row) -> bool:
    pointer, message = row.pointer, row.message
    match name:
        case "*":
            return pointer is not None or ENVELOPE.search(message) is not None
        case "":
            return pointer == "" or (pointer is None and THE_WHOLE.search(message) is not None)
        case "topic":
            return pointer is None and "careloop.inbound." in message
        case _ if not name.startswith("/"):
            return pointer is None and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) is not None
    if pointer:
        return f"{pointer}/".startswith(f"{name}/") or f"{name}/".startswith(f"{pointer}/")
    return pointer == "" and name.rsplit("/", 1)[-1] in message  # one of several is needed: the sentence says which
