"""Requests that no generator thinks of: addresses, methods, bodies and headers that are odd as such, and what must come of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.doors.asking import Request

METHODS = "OPTIONS", "TRACE", "PROPFIND", "get", "QUERY", "X" * 300
BOMB = b'{"a":' * 1000 + b"1" + b"}" * 1000


@dataclass(frozen=True, slots=True)
class Nasty:
    what: str
    method: str = "GET"
    target: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    status: tuple[int, ...] = (400,)
    at: str | None = None  # the field that must be named
    breaks_off: bool = False

    def request(self, bearer: str) -> Request:
        headers = {"Authorization": f"Bearer {bearer}"} | ({"Content-Type": "application/json"} if self.body else {}) | self.headers
        return Request(self.method, self.target, headers, self.body, self.breaks_off)


def at_register(path: str, number: str) -> Iterator[Nasty]:
    """At a list, and at one of its things."""
    for suffix in ("/", "//", "/.", "/%2e%2e/%2e%2e/etc/passwd", "%2F", ";a=b", "/" + "a/" * 2000, "%20", "/‮", "%0a", "/%c0%af"):
        yield Nasty(f"{suffix[:20]} behind the address", target=path + suffix, status=(404, 422))
    yield Nasty("U+0000 in the address", target=path + "/%00", status=(400,))
    yield Nasty("U+0000 in the query", target=path + "?state=%00", status=(400,), at="state")
    yield Nasty("U+0000 as a name", target=path + "?%00=1", status=(400,))
    yield Nasty("8 KiB of address", target=f"{path}/{'a' * 9000}", status=(404, 422))
    yield Nasty("1,000 parameters", target=path + "?" + "&".join(f"a{n}={n}" for n in range(1000)), status=(422,))
    yield Nasty("1,000 times the same", target=path + "?" + "&".join(["limit=5"] * 1000), status=(200, 422))
    yield Nasty("1,000 values", target=path + "?" + "&".join(f"unit=u{n}" for n in range(1000)), status=(200, 422))
    for limit in ("0", "-1", "201", "1000000000", "1e3", "9" * 5000, "NaN", "", "%20", "0x10"):
        yield Nasty(f"limit={limit[:12]}", target=f"{path}?limit={limit}", status=(422,), at="limit")
    for cursor in ("x", "=", "A" * 1000, "W10", "bnVsbA", "e30", "%F0%9F%98%80", "WzFd", "W251bGwsbnVsbF0"):
        yield Nasty(f"cursor={cursor[:12]}", target=f"{path}?cursor={cursor}", at="cursor")
    for text in (
        "%F0%9F%A7%A8",
        "%E2%80%AE%D8%A7",
        "x" * 10_000,
        "%FF%FE",
        "%ED%A0%80",
        "a%0d%0aSet-Cookie:%20a=b",
        "%27%20OR%201=1--",
        "$%7Bjndi:x%7D",
    ):
        yield Nasty(f"unit={text[:12]}", target=f"{path}?unit={text}", status=(200, 422))
        yield Nasty(f"id {text[:12]}", target=f"{path}/{text}", status=(404, 422))
    for moment in (
        "9999-12-31T23:59:59.999999-12:00",
        "0001-01-01T00:00:00%2B14:00",
        "2026-01-01T00:00:00%2B23:59",
        "2026-02-30",
        "1e400",
        "-1",
        "२०२६",
    ):
        yield Nasty(f"since={moment}", target=f"/v1/parked?since={moment}", status=(200, 422))
    for accept in ("text/nothing", "*/*;q=0", "a" * 5000, ",,,;;;", "application/xml"):
        yield Nasty(f"Accept: {accept[:20]}", target=path, headers={"Accept": accept}, status=(200, 406))
    yield Nasty("?format=pdf", target=path + "?format=pdf", status=(422,), at="format")
    yield Nasty("Range", target=path, headers={"Range": "bytes=5-2"}, status=(200,))
    yield Nasty("If-Match where nothing is changed", target=f"{path}/{number}", headers={"If-Match": '"x"'}, status=(200,))
    yield Nasty("a body where none belongs", target=path, body=b'{"a": 1}', status=(200,))
    yield Nasty("a GET whose body breaks off", target=path, body=b"{", breaks_off=True, status=(0, 200, 400))
    for bearer in ("", "Bearer", "Bearer  ", "Bearer a.b.c", "Bearer " + "e30." * 3000, "Negotiate x", "Bearer \xff"):
        yield Nasty(f"Authorization: {bearer[:16]!r}", target=path, headers={"Authorization": bearer}, status=(401,))


def at_command(path: str, good: bytes) -> Iterator[Nasty]:
    """At a POST whose body has a text, `good` among them."""
    post = {"method": "POST", "target": path}
    for what, body in {
        "half of it": good[:-3], "twice": good + good, "an open bracket": b"[" * 5000, "deep": BOMB, "NaN": b'{"a": NaN}', "Infinity": b'{"a": -Infinity}',
        "half a surrogate": b'{"a": "\\ud800"}', "no UTF-8": b'{"a": "\xff"}', "UTF-16": good.decode().encode("utf-16"), "BOM": b"\xef\xbb\xbf" + good,
        "a comment": b"{} // a", "quotes of one kind": b"{'a': 1}", "gzip": b"\x1f\x8b\x08\x00" + good,
    }.items():  # fmt: skip
        yield Nasty(f"body: {what}", body=body, status=(400,), **post)  # type: ignore[arg-type]
    for what, body in {
        "null": b"null", "a list": b"[]", "a text": b'"x"', "a number": b"1e400", "nothing in it": b"{}", "a large number": b'{"a": ' + b"9" * 4000 + b"}",
        "a name of 10,000": b'{"' + b"n" * 10_000 + b'": 1}', "U+0000 in a text": b'{"content": "a\\u0000"}', "U+0000 in a name": b'{"a\\u0000": 1}',
        "200 unknown names": b"{" + b",".join(b'"x%d": 1' % n for n in range(200)) + b"}",
    }.items():  # fmt: skip
        yield Nasty(f"body: {what}", body=body, status=(400, 422), **post)  # type: ignore[arg-type]
    first = good[1 : good.index(b",")]
    yield Nasty("a name twice", body=b"{" + first + b"," + good[1:], status=(400,), **post)  # type: ignore[arg-type]
    yield Nasty("nothing", status=(422,), **post)  # type: ignore[arg-type]
    yield Nasty("too much", body=b" " * 300_000, status=(413,), **post)  # type: ignore[arg-type]
    yield Nasty("too much, and more to come", body=b" " * 300_000, breaks_off=True, status=(413,), **post)  # type: ignore[arg-type]
    yield Nasty("a length that lies", body=good, headers={"Content-Length": "99999999"}, status=(413,), **post)  # type: ignore[arg-type]
    yield Nasty("a body that breaks off", body=good[:5], breaks_off=True, status=(0, 400), **post)  # type: ignore[arg-type]
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "json", ""):
        yield Nasty(f"Content-Type: {kind}", body=good, headers={"Content-Type": kind}, status=(400,), at="Content-Type", **post)  # type: ignore[arg-type]
    yield Nasty(
        "another charset",
        body='{"content": "投诉"}'.encode("gb18030"),
        headers={"Content-Type": "application/json; charset=gb18030"},
        **post,
    )  # type: ignore[arg-type]
    yield Nasty("compressed unasked", body=good, headers={"Content-Encoding": "gzip"}, status=(400,), at="Content-Encoding", **post)  # type: ignore[arg-type]
    for key in ("", " ", "a b", "x" * 65, "\xe4", "a\tb", "\x7f"):
        yield Nasty(
            f"Idempotency-Key: {key[:8]!r}", body=good, headers={"Idempotency-Key": key}, status=(400,), at="Idempotency-Key", **post
        )  # type: ignore[arg-type]


def at_step(path: str, body: bytes) -> Iterator[Nasty]:
    """At a change that names its version."""
    for tags, status in {
        "1": 400, 'W/"1"': 400, '"1': 400, "*, *": 400, '"1",,"2"': 400, "": 400, '"' * 901: 400, '"7000"': 412, '"7000", "8000"': 412, '"*"': 412, '"7*"': 412,
    }.items():  # fmt: skip
        yield Nasty(f"If-Match: {tags[:12]}", "POST", path, body, {"If-Match": tags}, status=(status,), at="If-Match")
    yield Nasty("no If-Match", "POST", path, body, status=(428,), at="If-Match")
