"""Whom an id means, as `customers` says it: our copy."""

from sqlalchemy import Index, text

from services.complaints.domain import Memory
from shared import known


class KnownCustomer(known.KnownCustomer, Memory, table=True):
    __table_args__ = (
        Index("known_customer_news", "id", postgresql_where=text("news")),
        Index("known_customer_erased", "id", postgresql_where=text("erased OR gone")),
    )
