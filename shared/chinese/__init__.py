"""What callers are told, in Chinese where they ask for it. The code speaks English; the TOML files beside this one know its sentences.

`said("…")` is the sentence in the language of the request that is being answered; outside of a request it stays as it is.
"""

from contextvars import ContextVar

from shared.chinese.preference import Language, preferred
from shared.chinese.sentences import chinese

__all__ = ["LANGUAGE", "TAGS", "Language", "chinese", "preferred", "said"]

LANGUAGE: ContextVar[Language] = ContextVar("language", default="en")  # of whoever is answered; shared/edge.py sets it
TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}


def said(text: str, language: Language | None = None) -> str:
    """A sentence of ours as its reader wants it. What nobody has put into Chinese is still said, in English."""
    return chinese(text) if (language or LANGUAGE.get()) == "zh" else text
