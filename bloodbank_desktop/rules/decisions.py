"""Decision tables: what a reviewed table does not name is not decided, and what is not decided is blocked.

A table lies in resources/decisions/NAME.json: {"label", "version", "source", "inputs": {name: [values …], …},
"outcomes": {key: word, …}, "cells": {"a/b/c": outcome, …}}. A cell is found by its inputs in the declared order; there
is no default, no wildcard and no rule of thumb. Single limits stand in the table `limit`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.tables import table

Cell = tuple[str, tuple[str, ...]]
"""Name of a table and the inputs of one of its cells."""

_asked: ContextVar[set[Cell] | None] = ContextVar("asked", default=None)


@contextmanager
def watched() -> Iterator[set[Cell]]:
    """Give a set that fills with the cells asked for inside the block, so that a self-check knows what it never tried."""
    cells: set[Cell] = set()
    token = _asked.set(cells)
    try:
        yield cells
    finally:
        _asked.reset(token)


@dataclass(frozen=True, eq=False)
class Decision:
    """A reviewed table of decisions."""

    name: str
    label: str
    version: str
    source: str
    inputs: Mapping[str, tuple[str, ...]]
    outcomes: Mapping[str, str]
    cells: Mapping[tuple[str, ...], str] = field(repr=False)

    def outcome(self, *given: str) -> str | None:
        """Return the outcome for these inputs in the declared order, None where the table does not name them."""
        if (asked := _asked.get()) is not None:
            asked.add((self.name, given))
        return self.cells.get(given)

    def every(self) -> Iterator[tuple[str, ...]]:
        """Yield every combination of inputs."""
        return product(*self.inputs.values())


def read(name: str, whole: Mapping[str, Any]) -> Decision:
    """Return the decision table of a JSON value. Raises ValueError for cells that are unknown or missing."""
    inputs = {key: tuple(values) for key, values in whole["inputs"].items()}
    cells = {tuple(key.split("/")): str(outcome) for key, outcome in whole["cells"].items()}
    wanted = set(product(*inputs.values()))
    if cells.keys() != wanted:
        raise ValueError(f"decision table {name}: {sorted(cells.keys() ^ wanted)[:3]} stand on one side only")
    if unknown := set(cells.values()) - set(whole["outcomes"]):
        raise ValueError(f"decision table {name} has outcomes without a word: {sorted(unknown)}")
    return Decision(name, whole["label"], whole["version"], whole["source"], inputs, dict(whole["outcomes"]), cells)


@cache
def decision(name: str) -> Decision:
    """Return resources/decisions/`name`.json. Raises KnownProblem if it is missing, ValueError if it is not whole."""
    return read(name, json.loads(resource("decisions", f"{name}.json").read_text(encoding="utf-8")))


@cache
def decision_names() -> tuple[str, ...]:
    """Return the names of all decision tables."""
    # The folder may be empty in a checkout, and an empty folder does not travel.
    return tuple(sorted(file.stem for file in resource("tables").parent.glob("decisions/*.json")))


def limit(key: str) -> Decimal:
    """Return a single limit of the table `limit`, in the unit that its entry names. Raises KeyError for no such limit."""
    value = table("limit").facet(key, "value")
    if value is None:
        raise KeyError(key)
    return Decimal(str(value))
