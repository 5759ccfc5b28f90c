"""How a record shows whom it is about, what a rejection that must leave no trace leaves, and the secret without which no production starts."""

import json
import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from services.customers.app import circumstances
from services.customers.domain import erased
from services.customers.domain.erased import ErasedSubject, hashed, hold
from services.customers.settings import Settings
from services.followup.domain.known_customer import KnownCustomer
from shared import known, parked
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.contracts.customers import CustomerMerged, CustomerRegistered
from shared.envelope import Envelope
from shared.gate import together, trouble_of
from shared.ids import customer_of
from shared.reactions import Listener
from shared.searching import Signs, forms, search
from shared.settings import SettingsError
from tests.makers import declared, record
from tests.rooms import UNITS

C1 = customer_of("erp/C-1")


def is_about(row: dict[str, Any], *references: str, points: Sequence[str] = (), words: Sequence[str] = ()) -> bool:
    ids = {customer_of(it) for it in references}
    return search(Signs(ids, lambda name: name in references, points, words))(row)


def row(key: bytes | None = None, value: bytes | None = None, headers: str = "[]") -> dict[str, Any]:
    return {"key": key, "value": value, "headers": headers}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"erp/C-1", b"\xff not JSON"),
        (str(C1).encode(), None),
        (b"-", orjson.dumps({"customer": {"system": "erp", "id": "C-1"}, "x": 1})),
        (b"-", orjson.dumps({"data": [{"references": [{"system": "erp", "id": "C-1"}]}]})),
        (None, orjson.dumps({"customer_id": str(C1)})),
        (None, orjson.dumps([[str(C1)]])),
    ],
)
def test_a_record_names_a_customer_by_its_key_or_anywhere_in_it(key: bytes | None, value: bytes | None) -> None:
    assert is_about(row(key, value), "erp/C-1") and not is_about(row(key, value), "erp/C-2")


@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", b'"C-1"', b'{"system": "erp"}', b'{"system": 1, "id": []}', b"[" * 2000])
def test_what_names_nobody_is_about_nobody(value: bytes) -> None:
    assert not is_about(row(b"-", value), "erp/C-1", words=["system"])


@pytest.mark.parametrize("word", ["饕餮夫人", "Jürgen Müller", "José", "𠮷野家", 'Anna "Ann" Lee'])
@pytest.mark.parametrize("how", [str.encode, lambda it: json.dumps(it).encode(), orjson.dumps, lambda it: capital(json.dumps(it)).encode()])
def test_a_word_is_found_however_it_is_written(word: str, how: Callable[[str], bytes]) -> None:
    told = b'{"name": x' + how(word) + b"x"
    assert is_about(row(b"-", told), words=[word])
    assert is_about(row(headers=parked.headers_of(SimpleNamespace(headers=[("ce_subject", told)]))), words=[word])
    assert not is_about(row(b"-", told), words=[word[::-1]])


def capital(escaped: str) -> str:
    return re.sub(r"u([0-9a-f]{4})", lambda it: "u" + it[1].upper(), escaped)


def test_in_what_can_be_read_a_word_names_nobody() -> None:
    """Anna is erased; somebody lives in Anna Street."""
    theirs = orjson.dumps({"customer": {"system": "erp", "id": "C-2"}, "address": "8 Anna Street", "note": "ask +8613800000001 at erp/C-1"})
    assert not is_about(row(b"erp/C-2", theirs), "erp/C-1", points=["+8613800000001"], words=["Anna", "Anna Street"])
    assert not is_about(row(b"erp/C-2", theirs[:-1]), "erp/C-3", words=["Anna"])  # nor in what can't, by its key it is another's
    assert is_about(row(b"-", theirs[:-1]), words=["Anna"])


@pytest.mark.parametrize("point", ["+8613800000001", "anna@example.com"])
def test_a_number_or_address_shows_whom_it_is_about_where_it_stands_by_itself(point: str) -> None:
    assert is_about(row(b"erp/C-2", orjson.dumps({"phones": [point]})), points=[point])
    assert is_about(row(b"erp/C-2", orjson.dumps({"phones": [point]})[:-1]), points=[point])  # can't be read: anywhere
    assert not is_about(row(b"erp/C-2", orjson.dumps({"note": f"call {point} first"})), points=[point])


def test_an_id_is_a_customer_and_a_name_is_a_name() -> None:
    """The first name of a living customer has moved on to somebody who is erased."""
    signs = Signs({C1}, lambda name: name in ("erp/C-1", "erp/C-2"))
    assert search(signs)(row(b"erp/C-2")) and search(signs)(row(b"-", orjson.dumps({"customer": {"system": "erp", "id": "C-2"}})))
    assert not search(signs)(row(str(customer_of("erp/C-2")).encode()))


def test_a_word_of_three_letters_stands_in_anything() -> None:
    assert forms("Li") == set() and forms("Wu ") == set()


def test_of_what_must_be_forgotten_neither_key_nor_bytes_nor_headers_are_kept() -> None:
    told = record("customer.declared.v1", declared(display_name="Zhuxingdong"))
    trouble = trouble_of(ErasedSubject(field="/references/0"))
    assert (trouble.code, trouble.forget, trouble.ours) == ("erased_subject", True, False)
    kept = parked.row_of(told, trouble, inbox_id=None, envelope=Envelope(source="/erp", id="1"), at=None)  # type: ignore[arg-type]
    assert (kept["key"], kept["value"], kept["headers"]) == (None, None, "[]") and "Zhuxingdong" not in str(kept)


def changed(reference: str, revision: int) -> ContactChanged:
    return ContactChanged(
        customer_id=customer_of(reference),
        unit="headquarters",
        standing=Standing.DECLARED,
        references=[KnownAs(reference=reference, revision=revision)],
    )


def test_of_a_record_of_somebody_who_is_erased_only_the_names_count_whatever_its_revision() -> None:
    row = KnownCustomer(id=C1, customer_id=C1, erased=True, gone=True, revision=1)
    assert C1 in known.names_in(changed("erp/C-1", 99))
    assert known.hear(KnownCustomer, changed("erp/C-1", 99), [row], (0, 1)) == [row]
    assert (row.erased, row.gone, row.declared, row.revision) == (True, True, False, 99)


def test_whose_first_name_has_moved_to_somebody_who_is_erased_lives_on() -> None:
    living = KnownCustomer(id=C1, customer_id=customer_of("erp/C-9"), erased=True)
    told = changed("erp/C-1", 5).model_copy(update={"references": [KnownAs(reference="shop/9", revision=1)]})
    (name,) = known.hear(KnownCustomer, told, [living], (0, 1))
    assert isinstance(name, KnownCustomer) and (name.customer_id, name.declared, name.erased) == (C1, True, False)


def test_two_files_of_a_service_may_listen_to_one_topic() -> None:
    one, another = Listener("careloop.customers"), Listener("careloop.customers")

    @one(CustomerMerged)
    def first(event: CustomerMerged) -> list[Any]:
        return []

    @another(CustomerMerged)
    @another(CustomerRegistered)
    def second(event: Any) -> list[Any]:
        return []

    joined = together("careloop.customers", [one, Listener("careloop.notes"), another])
    assert set(joined.contracts) == {"customer.merged.v1", "customer.registered.v1"}
    assert [it.rule for it in joined.reactions[CustomerMerged]] == [first, second] and len(one.reactions[CustomerMerged]) == 1


def test_the_same_name_under_another_key_is_another_hash() -> None:
    usual = hashed("erp/C-1")
    try:
        hold("another secret, long enough")
        assert hashed("erp/C-1") != usual and len(usual) == 64
    finally:
        hold("")
    assert hashed("erp/C-1") == usual


@pytest.mark.parametrize(
    ("key", "sentence"), [("", "CARELOOP_ERASURE_KEY is missing. It is the secret"), ("short", "CARELOOP_ERASURE_KEY has fewer than 16 characters.")]
)  # fmt: skip
def test_no_production_starts_without_its_own_secret(key: str, sentence: str) -> None:
    settings = Settings(environment="production", erasure_key=key)
    with pytest.raises(SettingsError) as refused:
        circumstances(SimpleNamespace(settings=settings, units=UNITS, config=None))  # type: ignore[arg-type]
    assert str(refused.value).startswith(sentence) and "short" not in str(refused.value).replace("shorter", "")


def test_in_development_there_is_one_that_everybody_knows() -> None:
    assert Settings(environment="development").key_of_erasures() == "" and erased.KEYS[0] == erased.DEVELOPMENT.encode()
    assert Settings(environment="production", erasure_key="x" * 16).key_of_erasures() == "x" * 16
    assert "xxxx" not in repr(Settings(environment="production", erasure_key="x" * 16))
