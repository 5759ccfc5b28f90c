"""Spoils the bytes of a value: JSON that is none, other encodings, sizes, and bits that fell over on the way."""

import gzip
import json
from random import Random

from shared.envelope import LARGEST
from tests.fuzz.changing import Change, Fate, kind
from tests.fuzz.draft import TELLTALE, Draft

WHOLE = ("",)


def text_of(it: Draft) -> bytes | None:
    """Unless there is nothing to spoil."""
    value = it.wire()
    return value if value and value[:1] == b"{" and len(value) > 9 else None


@kind("JSON damaged", last=True)
def damage(it: Draft, chance: Random) -> Change | None:
    value = text_of(it)
    if value is None:
        return None
    cut = chance.randrange(1, len(value))
    damages = [
        value[:cut], value[cut:], value[:-1] + b",}", value + b"}", value + b" garbage", b"// comment\n" + value, value[:-1] + b"/* comment */}",
        value.replace(b'"', b"'"), value + value, value + b"\n" + value, value.replace(b":", b"=", 1), value.replace(b'"', b"", 1), b"{" + value, value[1:],
        value[:-1] + b', "x": undefined}', value[:-1] + b', "x": "a\nb"}', value[:-1] + b', "x": "\\x"}', value[:-1] + b', 17: 1}', b"callback(" + value + b")",
        b")]}'\n" + value, value[:-1] + b', "x": TRUE}',
    ]  # fmt: skip
    it.write(chance.choice(damages))
    return Change(WHOLE, Fate.PARKED)


@kind("another encoding", last=True)
def encode(it: Draft, chance: Random) -> Change | None:
    value = text_of(it)
    if value is None or len(value) > 200_000:  # the broker takes a megabyte
        return None
    text = value.decode("utf-8", "replace")
    encoded = [
        b"\xef\xbb\xbf" + value, text.encode("utf-16", "surrogatepass"), text.encode("utf-16-le", "surrogatepass"), text.encode("utf-32", "surrogatepass"),
        (text[:-1] + ', "x": "é"}').encode("latin-1", "replace").replace(b"?", b"\xe9"), gzip.compress(value, mtime=0), b"\0\0\0\0\x07" + value,
        value[:-1] + b', "x": "\xed\xa0\x80"}', value[:-1] + b', "x": "\xc0\x80"}', value[:-1] + b', "x": "\xff"}', value[:-1] + b', "x": "\xf5\x80\x80\x80"}',
        (text[:-1] + ', "x": "钢"}').encode("gb18030", "replace"),
    ]  # fmt: skip
    it.write(chance.choice(encoded))
    return Change(WHOLE, Fate.PARKED)


@kind("no JSON at all", last=True)
def nonsense(it: Draft, chance: Random) -> Change | None:
    if it.wire() is None:
        return None
    it.write(
        chance.choice(
            [
                b"",
                b" ",
                b"\n",
                b"\0",
                TELLTALE.encode(),
                b"<order/>",
                b"a;b;c",
                chance.randbytes(200),
                b"[" * 100_000,
                b'{"a":' * 10_000,
                b'"',
                b"\xef\xbb\xbf",
            ]
        )
    )
    return Change(WHOLE, Fate.PARKED)


@kind("bits fell over", last=True)
def flip(it: Draft, chance: Random) -> Change | None:
    value = bytearray(it.wire() or b"")
    if not value:
        return None
    for _ in range(chance.choice([1, 1, 2, 8])):
        value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
    it.write(bytes(value))
    return Change(("", "*"))


@kind("bytes gone or more", last=True)
def shift(it: Draft, chance: Random) -> Change | None:
    value = it.wire()
    if not value:
        return None
    at = chance.randrange(len(value))
    it.write(
        chance.choice(
            [
                value[:at] + value[at + 1 :],
                value[:at] + b"\0" + value[at:],
                value[:at] + chance.randbytes(3) + value[at:],
                value[:at] + value[at + 20 :],
            ]
        )
    )
    return Change(("", "*"))


@kind("written otherwise", last=True)
def rewrite(it: Draft, chance: Random) -> Change | None:
    """The same event: other spaces, other escapes."""
    value = text_of(it)
    if value is None:
        return None
    try:
        body = json.loads(value)
    except (ValueError, RecursionError):
        return None
    it.write(
        chance.choice(
            [json.dumps(body, indent=4).encode(), json.dumps(body, separators=(",", ":")).encode(), b" \r\n\t" + value + b"\n" * 100]
        )
    )
    return Change(WHOLE, Fate.HANDLED)


@kind("size at the limit", last=True)
def limit(it: Draft, chance: Random) -> Change | None:
    value = text_of(it)
    if value is None or len(value) > 100_000:
        return None
    over = chance.random() < 0.5
    it.write(value + b" " * (LARGEST + over - len(value)))
    return Change(WHOLE, Fate.PARKED if over else Fate.HANDLED)


@kind("value far too large", last=True)
def huge(it: Draft, chance: Random) -> Change | None:
    value = text_of(it)
    if value is None:
        return None
    padding = chance.choice([b"x", "𠮷".encode(), b"\\u0000", b"["]) * 60_000
    it.write(value[:-1] + b', "padding": "' + padding[: LARGEST + 1].ljust(LARGEST + 1, b"x") + b'"}')
    return Change(WHOLE, Fate.PARKED)
