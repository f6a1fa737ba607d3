"""Applies one mutant in memory: the rules are loaded anew from a changed source or beside changed data, the tree stays.

Whoever holds objects of the rules from before keeps them; cases of vectors are such objects, and they still fit.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

from bloodbank_desktop.records.tables import table
from tests.mutation.data import DataMutant
from tests.mutation.syntax import SourceMutant

PACKAGE = "bloodbank_desktop.rules"
#: What imports the rules, and is loaded anew with them.
_DEPENDENT = (PACKAGE, "bloodbank_desktop.operations")


@dataclass(frozen=True)
class Mutant:
    """A mutant, of a module of the rules or of a table; `rules` are those whose answer it may change."""

    id: str
    rules: tuple[str, ...]
    level: str
    line: int
    module: str = ""
    source: SourceMutant | None = None
    data: DataMutant | None = None


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Let the mutant be in force inside the block. Raises whatever the changed rules raise while they are loaded."""
    before = _purge()
    hook = _Hook(f"{PACKAGE}.{mutant.module}", mutant.source.source) if mutant.source is not None else None
    if hook is not None:
        sys.meta_path.insert(0, hook)
    try:
        with _changed(mutant.data):
            importlib.import_module(f"{PACKAGE}.everything")
            yield
    finally:
        if hook is not None:
            sys.meta_path.remove(hook)
        _purge()
        sys.modules.update(before)
        for name, module in before.items():
            parent, _, last = name.rpartition(".")
            setattr(sys.modules[parent], last, module)


def _purge() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.startswith(_DEPENDENT)]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def _changed(mutant: DataMutant | None) -> Iterator[None]:
    if mutant is None:
        yield
    elif mutant.folder == "decisions":
        decisions = importlib.import_module(f"{PACKAGE}.decisions")
        cells: dict[tuple[str, ...], str] = decisions.decision(mutant.table).cells
        cells.update({tuple(key.split("/")): outcome for key, outcome in mutant.whole["cells"].items()})
        yield
    else:
        # In place: declarations and rules hold the same table.
        entries = list(table(mutant.table).entries.values())
        kept = [dict(entry) for entry in entries]
        _put(entries, mutant.whole["entries"])
        try:
            yield
        finally:
            _put(entries, kept)


def _put(entries: Sequence[Any], contents: Sequence[Any]) -> None:
    for entry, content in zip(entries, contents, strict=True):
        entry.clear()
        entry.update(content)


class _Hook(MetaPathFinder, Loader):
    """Gives one module a changed source."""

    def __init__(self, name: str, source: str) -> None:
        self._name = name
        self._source = source

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return spec_from_loader(name, self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, f"<mutant of {self._name}>", "exec"), module.__dict__)
