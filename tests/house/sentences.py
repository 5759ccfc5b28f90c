"""All sentences that a caller can be told, found by reading the code: what refusals say, their titles and fixes, and what validators say.

What this can't follow it says, so that nothing is left out in silence.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from shared.chinese.sentences import as_template

ROOT = Path(__file__).parents[2]
ROOTS = {"Refusal", "HttpProblem"}
HOMES = "shared.errors", "shared.problems"
ALSO = {("shared.imports.reading_times", "FormatUnknown")}  # its title is what is said
ABSTRACT = {"HttpProblem", "Unacceptable"}  # nobody meets these under their own name
TREES = "services", "shared"
# Whoever passes a sentence on, by where it stands or as it is called: which arguments are sentences.
SPEAKERS: dict[str, tuple[int | str, ...]] = {
    "self._refusal": (1,),  # shared/auth.py
    "shared.problems.document": ("fix",),
    "shared.contracts.values.Saying": (0,),
    "shared.imports.reading_values.Unreadable": (0, 1),
    "shared.imports.reading_values.Ambiguous": (0, 1),
    "shared.imports.kind.Reason": (1, 2, "message", "fix"),
    "shared.imports.kind.Field": (3, "means"),
    "shared.imports.columns.question": (1, 2, "message", "fix"),
    "services.complaints.domain.past.Contradiction": (0, 1),
    "chunk.failed": (2, 3, "message", "fix"),
    "chunk.skipped": (1, "why"),
    "chunk.kept": (1, "why"),
}
SPOKEN = {it.rpartition(".")[2] for it in SPEAKERS}
# Functions that return a sentence.
SENTENCES = {
    "shared/parked_api.py": {"hindrance"},
    "shared/invalid.py": {"fix"},
    "shared/imports/reading_phones.py": {"wrong"},
    "services/complaints/jobs/importing_complaints.py": {"left_alone"},
}
# Tables of sentences.
TABLES = {"shared/imports/columns.py": {"WRONG"}, "shared/imports/files.py": {"OTHERS"}, "shared/exports/export.py": {"WHY"}}
# Where what a ValueError says reaches a caller, by Pydantic or by a reader of values.
VALIDATORS = "shared/contracts/", "shared/http.py", "shared/imports/", "services/*/imports/", "services/*/api/"


@dataclass
class Told:
    """What was found. `sentences`: template -> where it stands."""

    sentences: dict[str, str] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)


@dataclass
class Module:
    path: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def everything(root: Path = ROOT) -> Told:
    modules = [
        Module(str(file.relative_to(root)), ast.parse(file.read_text(encoding="utf-8")))
        for tree in TREES
        for file in sorted((root / tree).rglob("*.py"))
        if "/migrations/" not in str(file)
    ]
    return found(modules)


def found(modules: list[Module]) -> Told:
    told, names, constants = Told(), Names(modules), constants_of(modules)
    for module in modules:
        Reader(module, names, constants, told).read()
    return told


Place = tuple[str, str]  # module and name


class Names:
    """What a name means in a module, also where it comes from another one."""

    def __init__(self, modules: list[Module]) -> None:
        self.imports = {module.name: imports_of(module) for module in modules}
        self.classes = {(module.name, it.name): it for module in modules for it in ast.walk(module.tree) if isinstance(it, ast.ClassDef)}
        self.kinds = {it for it in self.classes if it[1] in ROOTS and it[0] in HOMES} | ALSO & self.classes.keys()
        while more := {it for it, node in self.classes.items() if {self.of(it[0], base) for base in node.bases} & self.kinds} - self.kinds:
            self.kinds |= more

    def of(self, module: str, it: ast.expr) -> Place:
        if isinstance(it, ast.Attribute) and isinstance(it.value, ast.Name):
            return self.followed((".".join(self.followed((module, it.value.id))), it.attr))
        return self.followed((module, it.id if isinstance(it, ast.Name) else ""))

    def followed(self, place: Place) -> Place:
        """To where it stands. A package that has a module from itself, `from shared.exports import api`, leads nowhere further."""
        further = self.imports.get(place[0], {}).get(place[1], place)
        return place if further == place else self.followed(further)


def constants_of(modules: list[Module]) -> dict[Place, ast.expr]:
    """Texts that modules keep under a name, by module and name."""
    return {
        (module.name, name.id): value
        for module in modules
        for it in module.tree.body
        if isinstance(it, ast.Assign)
        for target in it.targets
        for name, value in pairs(target, it.value)
        if isinstance(name, ast.Name) and isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp)
    }


def pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """`A, B = "…", "…"` are two."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=False))
    return [(target, value)]


def imports_of(module: Module) -> dict[str, Place]:
    """What a module has from others: its name here, where it is from and how it is called there."""
    return {
        name.asname or name.name: (it.module or "", name.name)
        for it in ast.walk(module.tree)
        if isinstance(it, ast.ImportFrom)
        for name in it.names
    }


def name_of(it: ast.expr) -> str:
    return it.id if isinstance(it, ast.Name) else it.attr if isinstance(it, ast.Attribute) else ""


class Reader:
    """One module."""

    def __init__(self, module: Module, names: Names, constants: dict[Place, ast.expr], told: Told) -> None:
        self.module, self.names, self.told = module, names, told
        self.constants = {name: it for (of, name), it in constants.items() if of == module.name}
        self.constants |= {name: constants[there] for name, there in names.imports[module.name].items() if there in constants}
        self.within: list[ast.AST] = []
        self.validates = any(Path(module.path).match(f"{it}*" if it.endswith("/") else it) for it in VALIDATORS) or module.path.startswith(
            tuple(it for it in VALIDATORS if "*" not in it)
        )

    def read(self) -> None:
        self.visit(self.module.tree)

    def visit(self, node: ast.AST) -> None:
        self.look(node)
        self.within.append(node)
        for each in ast.iter_child_nodes(node):
            self.visit(each)
        self.within.pop()

    def look(self, node: ast.AST) -> None:
        match node:
            case ast.ClassDef() if self.is_kind(node):
                self.kind(node)
            case ast.Call():
                self.call(node)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in TABLES.get(self.module.path, ()):
                for each in sentences_in(value):
                    self.say(each)
            case ast.Return(value=ast.expr() as value) if self.function_name() in SENTENCES.get(self.module.path, ()):
                self.say(value)

    def is_kind(self, node: ast.AST) -> bool:
        return isinstance(node, ast.ClassDef) and (self.module.name, node.name) in self.names.kinds

    def kind(self, node: ast.ClassDef) -> None:
        """Title, fix, and what is said when nothing else is."""
        if (doc := ast.get_docstring(node)) and node.name not in ABSTRACT:
            self.note(as_template([(doc, False)]), node)
        for each in node.body:
            if (value := set_to("fix", each)) is not None and not is_none(value):
                self.say(value)
            if isinstance(each, ast.FunctionDef) and each.name == "__init__":
                for default in [*each.args.defaults, *each.args.kw_defaults]:
                    if default is not None and looks_like_a_sentence(default):
                        self.say(default)

    def call(self, node: ast.Call) -> None:
        name = name_of(node.func)
        if self.names.of(self.module.name, node.func) in self.names.kinds:
            self.arguments(node, (0, 1, "detail", "message", "fix"))
        elif name == "__init__" and any(map(self.is_kind, self.within)):
            self.arguments(node, (0, "fix"))
        elif name in SPOKEN and (which := self.speaks(node.func)):
            self.arguments(node, which)
        elif name == "ValueError" and self.validates and node.args and self.function_name() != "__init__":
            self.say(node.args[0])

    def speaks(self, called: ast.expr) -> tuple[int | str, ...] | None:
        return SPEAKERS.get(ast.unparse(called)) or SPEAKERS.get(".".join(self.names.of(self.module.name, called)))

    def arguments(self, node: ast.Call, which: tuple[int | str, ...]) -> None:
        for it in which:
            values = node.args[it : it + 1] if isinstance(it, int) else [each.value for each in node.keywords if each.arg == it]
            for value in values:
                if not (is_none(value) or self.passed_on(value)):
                    self.say(value)

    def passed_on(self, value: ast.expr) -> bool:
        """Whoever passes it on has it from its caller, and there it is found."""
        function = self.function()
        parameters = {it.arg for it in (*function.args.args, *function.args.kwonlyargs)} if function else set()
        return isinstance(value, ast.Name) and value.id in parameters

    def say(self, value: ast.expr) -> None:
        for template in self.templates(value):
            self.note(template, value)

    def note(self, template: str, node: ast.AST) -> None:
        self.told.sentences.setdefault(template, f"{self.module.path}:{getattr(node, 'lineno', 0)}")

    # -- what an expression can be

    def templates(self, value: ast.expr) -> list[str]:
        match value:
            case ast.Constant(value=str(text)):
                return [as_template([(text, False)])] if text else []
            case ast.Constant(value=None):
                return []
            case ast.JoinedStr():
                return ["".join(parts) for parts in product(*map(self.part, value.values))]
            case ast.BinOp(op=ast.Add()):
                return ["".join(both) for both in product(self.templates(value.left), self.templates(value.right))]
            case ast.IfExp():
                return self.templates(value.body) + self.templates(value.orelse)
            case ast.BoolOp():
                return [it for each in value.values for it in self.templates(each)]
            case ast.Name():
                return self.named(value)
            case ast.Call() if name_of(value.func) in SENTENCES.get(self.module.path, ()):
                return []  # noted where it returns
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="format")) if isinstance(
                kept := self.constants.get(name), ast.Constant
            ):
                return [str(kept.value)]
            case ast.Attribute(attr="fix" | "__doc__" | "message"):
                return []  # noted where the class is
        self.told.unclear.append(f"{self.module.path}:{value.lineno}: {ast.unparse(value)}")
        return []

    def part(self, value: ast.expr) -> list[str]:
        """Of an f-string. A hole that holds words of ours for some cases is each of these."""
        match value:
            case ast.Constant(value=str(text)):
                return [as_template([(text, False)])]
            case ast.FormattedValue(value=ast.IfExp(body=body, orelse=orelse)) if is_text(body) and is_text(orelse):
                return [it for each in (body, orelse) for it in (self.templates(each) or [""])]
            case ast.FormattedValue(value=ast.Name() as name) if given := [it for it in self.assigned(name.id) if is_text_either_way(it)]:
                return [it for each in given for it in self.templates(each)]
            case ast.FormattedValue(value=ast.Name() as name) if (constant := self.constants.get(name.id)) and is_text(constant):
                return self.templates(constant)
            case ast.FormattedValue(value=ast.Name() as name) if inner := [
                it for each in self.assigned(name.id) for it in sentences_in(each)
            ]:
                for it in inner:  # a sentence in a sentence: `{still:zh}`
                    self.say(it)
                return [as_template([(name.id, True)])]
            case ast.FormattedValue():
                return [as_template([(ast.unparse(value.value), True)])]
        raise TypeError(ast.unparse(value))

    def named(self, name: ast.Name) -> list[str]:
        """A constant of a module; or what the function puts under that name, all of it that reads like a sentence."""
        found = [it for each in self.assigned(name.id) for it in sentences_in(each)]
        if found:
            return [template for it in found for template in self.templates(it)]
        if name.id in self.constants:
            return self.templates(self.constants[name.id])
        self.told.unclear.append(f"{self.module.path}:{name.lineno}: {name.id}")
        return []

    def assigned(self, name: str) -> list[ast.expr]:
        function = self.function()
        return [it.value for it in ast.walk(function) if isinstance(it, ast.Assign) and assigns(it, name)] if function else []

    def function(self) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        return next((it for it in reversed(self.within) if isinstance(it, ast.FunctionDef | ast.AsyncFunctionDef)), None)

    def function_name(self) -> str:
        function = self.function()
        return function.name if function else ""


def set_to(name: str, it: ast.stmt) -> ast.expr | None:
    """What a class puts under this name."""
    targets = it.targets if isinstance(it, ast.Assign) else [it.target] if isinstance(it, ast.AnnAssign) else []
    return it.value if isinstance(it, ast.Assign | ast.AnnAssign) and name in map(name_of, targets) else None


def assigns(it: ast.Assign, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for target in it.targets for each in ast.walk(target))


def sentences_in(value: ast.expr) -> Iterator[ast.expr]:
    if is_text(value) and looks_like_a_sentence(value):
        yield value
        return
    for each in ast.iter_child_nodes(value):
        if isinstance(each, ast.expr):
            yield from sentences_in(each)


def looks_like_a_sentence(value: ast.expr) -> bool:
    return (
        is_text(value)
        and bool(re.search("[A-Za-z]{2}", ast.unparse(value)))
        and (" " in ast.unparse(value) or ast.unparse(value)[1:-1].endswith("."))
    )


def is_text_either_way(value: ast.expr) -> bool:
    return isinstance(value, ast.IfExp) and is_text(value.body) and is_text(value.orelse)


def is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))


def is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
