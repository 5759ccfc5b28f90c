"""How a record shows whom it is about, what a rejection that must leave no trace leaves, and the secret without which no production starts."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from services.customers.app import circumstances
from services.customers.domain import erased
from services.customers.domain.erased import ErasedSubject, hashed, hold
from services.customers.settings import Settings
from shared import known, parked
from shared.contracts.contacts import ContactChanged, KnownAs, Standing
from shared.contracts.customers import CustomerMerged, CustomerRegistered
from shared.envelope import Envelope
from shared.gate import together, trouble_of
from shared.ids import customer_of
from shared.known import KnownCustomer
from shared.reactions import Listener
from shared.searching import forms, is_about, whom
from shared.settings import SettingsError
from tests.makers import declared, record
from tests.rooms import UNITS

C1 = customer_of("erp/C-1")


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
    assert C1 in set(whom(key or b"", value or b""))
    assert is_about(row(key, value), {C1}, ()) and not is_about(row(key, value), {customer_of("erp/C-2")}, ())


@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", b'"C-1"', b'{"system": "erp"}', b'{"system": 1, "id": []}', b"[" * 2000])
def test_what_names_nobody_is_about_nobody(value: bytes) -> None:
    assert not is_about(row(b"-", value), {C1}, ())


@pytest.mark.parametrize("told", ["饕餮夫人".encode(), orjson.dumps("饕餮夫人"), rb'{"name": "\u9955\u992e\u592b\u4eba"'])
def test_a_word_is_found_however_it_is_written(told: bytes) -> None:
    needles = list(forms("饕餮夫人"))
    assert is_about(row(b"-", b"x" + told + b"x"), set(), needles)
    assert is_about(row(headers=parked.headers_of(SimpleNamespace(headers=[("ce_subject", told)]))), set(), needles)
    assert not is_about(row(b"-", "饕餮先生".encode()), set(), needles)


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


def test_a_record_of_somebody_who_is_erased_is_old_whatever_its_revision() -> None:
    row = SimpleNamespace(id=C1, erased=True, revision=1)
    assert known.hear(KnownCustomer, changed("erp/C-1", 99), [row], (0, 1)) == []  # type: ignore[list-item]
    assert C1 in known.names_in(changed("erp/C-1", 99))


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
