"""What the tables of a trade profile are made of: fixed once they are read, and without a key that nobody knows."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

RULES = re.compile(r"(ours|[A-Z]+-[A-Z]?\d+)(, (ours|[A-Z]+-[A-Z]?\d+))*")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def named(rule: str) -> str:
    if not RULES.fullmatch(rule):
        raise ValueError('it names the rules that the number comes from, as in "CMPL-L09" or "INQY-02, D-29"; "ours" is a suggestion')
    return rule


Rule = Annotated[str, AfterValidator(named)]  # where a number of the business comes from
