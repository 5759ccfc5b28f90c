"""What import-linter and ruff can't see: names that belong to some rooms only, files that hold two thoughts, and names that hold none."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

BESIDE = "tests/bench/"  # where others' ways run beside ours
LONGEST = 400  # lines; above, a file is two thoughts
VAGUE = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "base_service.py", "manager.py", "misc.py"}
TREES = "services", "shared", "deploy", "tests"
ORMS = "sqlmodel", "sqlalchemy", "sqlmodel.sql.expression", "sqlalchemy.orm", "sqlalchemy.future"


@dataclass(frozen=True)
class Fence:
    """Names that may be imported from these modules in these files only."""

    meaning: str
    modules: tuple[str, ...]
    names: frozenset[str]
    within: tuple[str, ...]
    allowed: tuple[str, ...]


FENCES = (
    Fence(
        "queries are the store's",
        ORMS,
        frozenset({"select", "insert", "update", "delete"}),
        ("services/*", "shared/*"),
        (
            "services/*/store/*",
            "shared/paging.py",
            "shared/counting.py",
            "shared/idempotency.py",
            "shared/parked_api.py",
            "shared/following.py",
            "shared/clocks/store.py",
            "shared/todo/store.py",
            "shared/exports/store.py",
            "shared/imports/store.py",
        ),
    ),
    Fence(
        "a rule has no session",
        (*ORMS, "sqlalchemy.ext.asyncio", "sqlmodel.ext.asyncio.session"),
        frozenset(
            {
                "Session",
                "AsyncSession",
                "AsyncEngine",
                "AsyncConnection",
                "create_engine",
                "create_async_engine",
                "sessionmaker",
                "async_sessionmaker",
            }
        ),
        ("services/*/domain/*", "services/*/listeners/*"),
        (),
    ),
)


def offences(root: Path) -> list[str]:
    """Every file that breaks a rule of the house, and how."""
    found: list[str] = []
    for path in sorted(it for tree in TREES for it in (root / tree).rglob("*.py")):
        file = path.relative_to(root).as_posix()
        source = path.read_text(encoding="utf-8")
        if file.count("/") and path.name in VAGUE:
            found.append(f"{file}: a name that says nothing")
        if (lines := source.count("\n")) > LONGEST:
            found.append(f"{file}: {lines} lines are two thoughts")
        parsed = ast.parse(source)
        found += (f"{file}: {fence.meaning}: {name}" for fence in FENCES if concerns(fence, file) for name in imported(parsed, fence))
        if not file.startswith(BESIDE):
            found += (f"{file}: only MANUAL loses nothing: {policy}" for policy in ack_policies(parsed) if policy != "MANUAL")
    return found


def concerns(fence: Fence, file: str) -> bool:
    return any(fnmatchcase(file, it) for it in fence.within) and not any(fnmatchcase(file, it) for it in fence.allowed)


def imported(parsed: ast.Module, fence: Fence) -> Iterator[str]:
    """`from sqlmodel import select`, and `sqlmodel.select` by attribute."""
    for node in ast.walk(parsed):
        if isinstance(node, ast.ImportFrom) and node.module in fence.modules:
            yield from (alias.name for alias in node.names if alias.name in fence.names)
        elif isinstance(node, ast.Attribute) and node.attr in fence.names and ast.unparse(node.value) in (*fence.modules, "sa"):
            yield ast.unparse(node)


def ack_policies(parsed: ast.Module) -> Iterator[str]:
    """`AckPolicy.X`, and FastStream's older ways to say one. A subscriber that says nothing gets one that loses messages."""
    for node in ast.walk(parsed):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).rpartition(".")[2] == "AckPolicy":
            yield node.attr
        elif isinstance(node, ast.Call):
            said = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg}
            yield from (f"{name}={said[name]}" for name in ("no_ack", "auto_commit") if name in said)
            if (
                isinstance(node.func, ast.Attribute)
                and node.func.attr == "subscriber"
                and ast.unparse(node.func.value).endswith(("broker", "router"))
            ):
                policy = said.get("ack_policy", "none given")
                yield "MANUAL" if policy.endswith("AckPolicy.MANUAL") else policy
