"""Workbooks for tests: written by the program itself, then changed by hand as a ward's clerk would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from bloodbank_desktop.exchange.sheets import sheets
from bloodbank_desktop.exchange.writing import new_file, write_records
from bloodbank_desktop.records.catalogue import record_type
from tests import samples

KIND = "transfusion_request"
DECLARED = record_type(KIND)
HEAD, COMPONENTS, APPROVALS = sheets(DECLARED)


def write(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """Write records as an export does."""
    with new_file(path) as book:
        write_records(book, DECLARED, records)
    return path


def requests(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return that many requests."""
    return [samples.request_values(seed) for seed in range(first, first + count)]


def column(label: str, sheet: int = 0) -> int:
    """Return the number of a column as openpyxl counts, by its heading."""
    plan = (HEAD, COMPONENTS, APPROVALS)[sheet]
    return [f.label for f in plan.fields].index(label) + 1


class Changed:
    """An existing workbook to be changed and saved in place: `with Changed(path) as book:`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._book: Workbook = load_workbook(path)

    def __enter__(self) -> Workbook:
        return self._book

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._book.save(self._path)
        self._book.close()
