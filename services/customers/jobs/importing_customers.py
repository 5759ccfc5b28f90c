"""Customers out of a spreadsheet: each row says what a system knows of one of its customers, as the system itself would.

The same rules and the same announcements to the other services; no person is told anything. What the file has no column for stays as it was
said before, the consents too.
"""

from collections.abc import Mapping
from typing import Any

from services.customers.domain import filing, unmaking, unsaying
from services.customers.domain.claim import Standing
from services.customers.domain.customer import Kind
from services.customers.domain.declaration import FACTS, Declaration
from services.customers.jobs import importing_words as read
from services.customers.store import importing
from services.customers.store.importing import Names
from shared.errors import Refusal
from shared.ids import customer_of
from shared.imports.kind import Chunk, Existing, Field, Row
from shared.imports.reading_phones import phones
from shared.imports.reading_values import emails, identifier, text, words

NOT_YOURS = "The customer of this id is none that you see."
ANOTHERS = "This reference is another customer's."
LEAVE_OUT = "Leave the row out, or have it imported by somebody who sees all units."
UNKNOWN_UNIT = "The company has no such unit, or you do not see it."
A_UNIT_OF_OURS = "Write a unit of ours, or leave the cell empty."
THERE = "It is there already."
UPDATE_OR_LEAVE = "Leave the row out, or import with `existing` as `update` or `skip`."
NO_NEWS = "It says what is known already."
SAID_SINCE = "Somebody has said something else of this customer since."
CLAIMED_SINCE = "Another declaration has claimed a reference of this customer since."


class Customers:
    name, title = "customers", "Customers"
    needs_system = True
    fields = (
        Field(
            "id", identifier(64), ("客户编号", "客户代码", "客户ID", "customer id", "customer number", "id"),
            "What the system calls the customer.", required=True, personal=True, example="C-10023",
        ),
        Field(
            "display_name", read.name, ("客户名称", "名称", "姓名", "客户姓名", "公司名称", "customer name", "display name", "name"),
            "The name of the person or company.", required=True, personal=True, example="示例钢材有限公司",
        ),
        Field(
            "kind", read.kind, ("客户类型", "客户性质", "customer type", "kind"),
            "person or company; without it, a customer with a contact person is a company.", example="企业",
        ),
        Field("contact_person", read.name, ("联系人", "联系人姓名", "contact person", "contact"), "Whom to ask for.", personal=True, example="李明"),
        Field(
            "phones", phones, ("电话", "手机", "联系电话", "手机号", "手机号码", "电话号码", "固定电话", "phone", "phones", "telephone", "mobile"),
            "Telephone numbers; several are separated by a semicolon.", personal=True, example="021-55550100；0512-55550101",
        ),
        Field(
            "emails", emails, ("邮箱", "电子邮箱", "电子邮件", "email", "e-mail", "emails"),
            "E-mail addresses; several are separated by a semicolon.", personal=True, example="li@example.com",
        ),
        Field(
            "preferred_channel", read.channel, ("首选联系方式", "联系方式偏好", "preferred channel"), "How the customer wants to be reached.", example="电话"
        ),
        Field("language", read.language, ("语言", "language"), "The language of the customer.", example="zh-CN"),
        Field("time_zone", read.zone, ("时区", "time zone", "timezone"), "The time zone of the customer.", example="Asia/Shanghai"),
        Field(
            "unit", identifier(64), ("所属部门", "所属单位", "部门", "分公司", "unit", "department"), "The unit of ours that looks after the customer."
        ),
        Field("address", read.name, ("地址", "联系地址", "通讯地址", "address"), "The postal address.", personal=True, example="上海市示例路1号"),
        Field("business_scope", text(500), ("经营范围", "业务范围", "business scope"), "What the customer does.", example="钢材贸易"),
        Field(
            "references", words(read.reference), ("其他编号", "其它编号", "references"),
            "What other systems call the same customer: system/id; several are separated by a semicolon.", personal=True,
        ),
    )  # fmt: skip

    def key(self, values: Mapping[str, Any], system: str) -> str:
        return f"{system}/{values['id']}"

    async def take(self, chunk: Chunk) -> None:
        references = {row.number: self.key(row.values, chunk.system) for row in chunk.rows}
        others = [it for row in chunk.rows for it in row.values.get("references") or ()]
        names = await importing.names(chunk.connection, chunk.shelf, [*references.values(), *others], lock=not chunk.dry)
        for row in chunk.rows:
            try:
                judge(chunk, row, references[row.number], names)
            except Refusal as error:
                chunk.failed(row, "references" if error.field else "id", str(error), error.fix or LEAVE_OUT)

    async def undo(self, chunk: Chunk) -> None:
        if not chunk.dry:
            await importing.alone(chunk.connection)
        rows = [row for row in chunk.rows if row.before]
        told = [it for row in rows for it in (row.before["reference"], *row.before["names"])]
        names = await importing.names(chunk.connection, chunk.shelf, told, lock=True)
        for row in chunk.rows:
            take_back(chunk, row, names)
        lonely = {it: customer for it in told if (customer := unmaking.only_imported(it, names.claims, names.customers))}
        found = await importing.unmentioned(chunk.connection, [(it.id, reference) for reference, it in lonely.items()], [])
        chunk.keep(unmaking.unmake([it for it in lonely.values() if it.id in found], names.claims))


def judge(chunk: Chunk, row: Row, reference: str, names: Names) -> None:
    """What a row of the file becomes. A rule's own refusals come after ours, and before anything has changed."""
    values, named_id = row.values, customer_of(reference)
    claim, holder = names.claims.get(reference), names.holder(reference)
    mine = holder.id if holder else None
    if holder and not chunk.scope.sees(holder.unit):
        return chunk.failed(row, "id", NOT_YOURS, LEAVE_OUT)
    declared = claim is not None and claim.standing is Standing.DECLARED
    if declared and chunk.existing is not Existing.UPDATE:
        if chunk.existing is Existing.SKIP:
            return chunk.skipped(row, THERE, id=mine, named_id=named_id)
        return chunk.failed(row, "id", THERE, UPDATE_OR_LEAVE, named_id=named_id)
    unit = values.get("unit")
    if unit is not None and (unit not in chunk.units.units or not chunk.scope.sees(unit)):
        return chunk.failed(row, "unit", UNKNOWN_UNIT, A_UNIT_OF_OURS, named_id=named_id)
    given = sorted(names.given.get(reference, ()))
    others = values["references"] or [] if "references" in values else given
    if any((other := names.holder(it)) and not chunk.scope.sees(other.unit) for it in others):
        return chunk.failed(row, "references", ANOTHERS, "Leave this reference out.", named_id=named_id)
    was = unsaying.before(reference, unmaking.source_of(chunk.system), claim, holder, given)
    told = Declaration(
        reference, was["source"], chunk.at, facts_of(values, was["said"], chunk), names=tuple(others), import_id=str(chunk.import_id)
    )
    if was["said"] and was["said"]["facts"] == told.said["facts"] and [*told.others] == given:
        return chunk.skipped(row, NO_NEWS, id=mine, named_id=named_id)
    became, erased = chunk.updated if declared else chunk.created, names.erased_among([reference, *others])
    if chunk.dry and not (others or given or erased):
        return became(row, mine or named_id, before=None, named_id=named_id)  # nothing else can refuse it
    claims = names.claims_for(reference, others)
    outcome = filing.declare(told, claims, names.holders(reference, others, claims), units=chunk.units, at=chunk.at, erased=erased)
    names.learn(outcome)
    chunk.keep(outcome)
    return became(row, names.claims[reference].customer_id, before=was, named_id=named_id)


def facts_of(values: Mapping[str, Any], said: Mapping[str, Any] | None, chunk: Chunk) -> dict[str, Any]:
    """A column that is there speaks, also by an empty cell."""
    facts = dict(said["facts"]) if said else {}
    facts |= {name: values[name] for name in FACTS if name in values}
    facts["kind"] = facts.get("kind") or str(Kind.COMPANY if facts.get("contact_person") else Kind.PERSON)
    facts["unit"] = facts.get("unit") or chunk.unit
    return facts


def take_back(chunk: Chunk, row: Row, names: Names) -> None:
    was = row.before
    reference = was and was["reference"]
    holder = reference and names.holder(reference)
    if not holder:
        return chunk.undone(row)  # nothing is kept of them any more
    if not unsaying.is_still(holder, reference, str(chunk.import_id)):
        return chunk.kept(row, SAID_SINCE)
    others = was["names"]
    claims = names.claims_for(reference, others)
    try:
        outcome = unsaying.take_back(
            was,
            claims,
            names.holders(reference, others, claims),
            units=chunk.units,
            at=chunk.at,
            erased=names.erased_among([reference, *others]),
        )
    except Refusal:
        return chunk.kept(row, CLAIMED_SINCE)
    names.learn(outcome)
    chunk.keep(outcome)
    return chunk.undone(row)


CUSTOMERS = Customers()
