"""A kind of fence that import-linter lacks: a package imports only what is named, and the standard library.

In `may_import` a name is that module alone, `name.*` what lies in it, `name.**` both at any depth; `{service}` the importing service.
`within` looks only at imports from there.
"""

import re
import sys
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils
from importlinter.domain.helpers import module_expressions_to_modules


class OnlyContract(Contract):  # type: ignore[misc]
    type_name = "only"
    source_modules = fields.ListField(subfield=fields.ModuleExpressionField())
    may_import = fields.ListField(subfield=fields.StringField())
    within = fields.StringField(required=False)
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)
    unmatched_ignore_imports_alerting = fields.EnumField(contract_utils.AlertLevel, default=contract_utils.AlertLevel.ERROR)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        options: Any = self
        removal = contract_utils.remove_ignored_imports_and_report(
            graph=graph, ignore_imports=options.ignore_imports, unmatched_alerting=options.unmatched_ignore_imports_alerting
        )
        sources = module_expressions_to_modules(graph=graph, expressions=options.source_modules, as_packages=True)
        illegal = [
            (source.name, target)
            for source in sorted(sources, key=lambda it: it.name)
            for target in sorted(graph.find_modules_directly_imported_by(source.name))
            if self.concerns(target) and not self.is_allowed(source.name, target)
        ]
        return ContractCheck(kept=not illegal, warnings=removal.warnings, metadata={"illegal": illegal})

    def concerns(self, target: str) -> bool:
        options: Any = self
        if options.within:
            return bool(lies_in(target, options.within))
        return target.partition(".")[0] not in sys.stdlib_module_names

    def is_allowed(self, source: str, target: str) -> bool:
        options: Any = self
        service = source.split(".")[1] if source.startswith("services.") else ""
        return any(matches(target, pattern.replace("{service}", service)) for pattern in options.may_import)

    def render_broken_contract(self, check: ContractCheck) -> None:
        for source, target in check.metadata["illegal"]:
            output.print_error(f"{source} may not import {target}")
        output.new_line()


def lies_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def matches(module: str, pattern: str) -> bool:
    if pattern.endswith(".**"):
        return lies_in(module, pattern.removesuffix(".**"))
    return re.fullmatch(pattern.replace(".", r"\.").replace("*", r"[^.]+"), module) is not None
