"""Every register of every service as a table: the rows and the values of its JSON, in the unit of whoever asks, and of another unit none."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.clock import now
from shared.errors import NotFound
from shared.paging import Register
from shared.permissions import PERMISSIONS
from shared.registers.answering import dsn_of
from shared.registers.asking import Format, Headings, Wanted
from shared.registers.csv_file import meant
from shared.registers.sheet import Asking, Sheet, flat
from shared.registers.writing import Order, write
from shared.units import Units
from tests.apis import Api
from tests.apis import api as over
from tests.permissions import things
from tests.permissions.doors import SERVICES
from tests.rooms import UNITS, world
from tests.shared.an_api import token

OF_ONE = {
    "consents": "/v1/customers/{customer_id}/consents", "disclosures_of_customer": "/v1/customers/{customer_id}/disclosures",
    "import-rows": "/v1/imports/{import_id}/rows",
}  # fmt: skip


async def table(api: Api, service: str, sheet: Sheet, unit: str, path: Mapping[str, str], folder: Path) -> list[dict[str, str]]:
    """As its process would write it."""
    told: list[bytes] = []
    asking = Asking(now(), f"admin-{unit}", PERMISSIONS[sheet.permission], path)
    order = Order(service, sheet.name, Wanted(Format.CSV, headings=Headings.NAMES), {}, frozenset([unit]), asking, UNITS, dsn_of(api.means))
    await write(told.append, order, str(folder))
    return [*csv.DictReader(io.StringIO(b"".join(it[16:] for it in told).decode("utf-8-sig"), newline=""))]


async def listed(api: Api, sheet: Sheet, unit: str, path: Mapping[str, str]) -> list[dict[str, Any]]:
    where = OF_ONE[sheet.name].format_map(path) if sheet.name in OF_ONE else f"/v1/{sheet.name}"
    role = min(PERMISSIONS[sheet.permission])
    answer = await api.client.get(where, headers={"Authorization": f"Bearer {token(role, units=[unit], sub=f'admin-{unit}')}"})
    assert answer.status_code == 200, f"{where}: {answer.text}"
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def differences(sheet: Sheet, item: Mapping[str, Any], row: Mapping[str, str], units: Units) -> Iterator[str]:
    told = flat(item, sheet.columns)
    zone = units[told.get(sheet.unit) or units.default].clock
    for name, value in told.items():
        shown = meant(row[name])
        match value:
            case list() | dict():
                same = bool(shown) is bool(value)
            case bool():
                same = shown.lower() == str(value).lower()
            case None:
                same = shown == ""
            case str() if "T" in value and value[:2] == "20" and value[-1] == "Z":
                same = shown == datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            case str() if name.endswith("amount"):
                same = float(shown) == float(value)
            case str():
                same = shown == value
            case _:
                same = float(shown) == float(value)
        if not same:
            yield f"{sheet.name}: {name} is {value!r} in JSON and {shown!r} in the table"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_table_tells_what_the_list_tells(service: str, databases: Any, tmp_path: Path) -> None:
    app = import_module(f"services.{service}.app")
    seen, wrong = 0, []
    async with (
        world(databases, app.service, circumstances={"trade": app.trade_of(UNITS)}) as room,
        over(app.service, room, tmp_path) as api,
    ):
        known = {name: str(it) for name, it in (await getattr(things, service)(api, room)).items()}
        for sheet in (it for it in app.service.sheets() if isinstance(it.register, Register) and known.keys() >= {*it.needs}):
            items, rows = await listed(api, sheet, things.HOME, known), await table(api, service, sheet, things.HOME, known, tmp_path)
            assert len(rows) == len(items), sheet.name
            for item, row in zip(items, rows, strict=True):
                wrong += differences(sheet, item, row, UNITS)
            seen += len(rows)
            with pytest.raises(NotFound) if sheet.needs else nullcontext():  # whose it is, is not there for them
                assert await table(api, service, sheet, "overseas", known, tmp_path) == [], f"{sheet.name} shows another unit's rows"
    assert wrong == [] and seen > 3
