"""What the bodies and answers of several services say alike: who a customer is, and what people said."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.values import Id, Saying, Slug, limits
from shared.errors import Invalid
from shared.http import Body, View
from shared.ids import customer_of
from shared.masking import MaskedText
from shared.notes import LONGEST

Words = Annotated[
    str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$"),
    Saying(f"It must be a text of 1 to {LONGEST} characters that says something, none of them U+0000."),
]  # fmt: skip
Remark = Annotated[str, limits(0, LONGEST), Saying(f"It must be a text of at most {LONGEST} characters, none of them U+0000.")]


class WhichCustomer(Invalid):
    """It is about one customer: named as a foreign system does, or by our id."""

    fix = "Send one of `customer` and `customer_id`."


class Reference(Body):
    """A customer as a foreign system names it."""

    system: Slug
    id: Id


class AboutCustomer(Body):
    """Who it is about. An unknown customer is taken as well."""

    customer: Reference | None = None
    customer_id: UUID | None = Field(None, description="instead of `customer`, where our id is known")

    @property
    def named_id(self) -> UUID | None:
        """The id under which they come; None where nobody is named."""
        if self.customer and self.customer_id:
            raise WhichCustomer("Name the customer in one way, not in two.", field="/customer_id")
        return customer_of(f"{self.customer.system}/{self.customer.id}") if self.customer else self.customer_id

    @property
    def certain_id(self) -> UUID:
        """The same where somebody must be named."""
        if (named := self.named_id) is None:
            raise WhichCustomer("Name the customer: `customer` as a foreign system does, or `customer_id`.", field="/customer")
        return named


class NoteView(View):
    """What somebody said, in their words; contact points in them are masked."""

    id: UUID
    kind: str
    text: MaskedText
    written_at: datetime
    written_by: str | None


class WordsView(NoteView):
    """The same as it was said, for those who look behind the mask."""

    text: str
