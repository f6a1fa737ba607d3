"""Excel with 100,000 requests: a dry run beside the bare reader on the same file, an export beside the bare writer.

The bare reader makes every cell of every sheet a Python object, the bare writer gets the very cells that the export
writes, made beforehand, so that what is measured is what this program adds: the database, the rules, the words.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from bloodbank_desktop.exchange import importing, writing
from bloodbank_desktop.exchange.sheets import sheets
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.lists import ListQuery
from tests.benchmarks.measure import Result, Sizes, bench_folder, copied, prepared, stopwatch

KIND = "transfusion_request"


def _read_bare(path: Path) -> int:
    book = CalamineWorkbook.from_path(path)
    return sum(len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)


def _write_bare(cells: dict[str, list[list[Any]]], path: Path) -> None:
    book = Workbook(write_only=True)
    for title, rows in cells.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def _cells(path: Path) -> dict[str, list[list[Any]]]:
    """Return what stands in an exported file, as a writer is given it."""
    book = CalamineWorkbook.from_path(path)
    found: dict[str, list[list[Any]]] = {}
    for plan in sheets(record_type(KIND)):
        rows = book.get_sheet_by_name(plan.title).to_python(skip_empty_area=False)
        found[plan.title] = [[None if cell == "" else cell for cell in row] for row in rows]
    return found


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure the export of a file's records and the dry run of that file where none of them is known yet."""
    with tempfile.TemporaryDirectory(dir=bench_folder(), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        ours: list[float] = []
        bare: list[float] = []
        with copied(prepared(records=sizes.exchanged)) as source:
            profile = open_profile(source, training=True)
            try:
                with stopwatch(ours):
                    count = writing.export(profile.desk, ListQuery(KIND), folder / "ours.xlsx")
            finally:
                profile.close()
        cells = _cells(folder / "ours.xlsx")
        with stopwatch(bare):
            _write_bare(cells, folder / "bare.xlsx")
        size = sum(len(row) for rows in cells.values() for row in rows)
        del cells
        detail = {"rows": count, "cells": size, "seconds": round(ours[0] / 1000, 1)}
        yield Result("export_vs_openpyxl", ours[0] / bare[0], bare[0] / 1000, detail)

        ours, bare = [], []
        with copied(prepared()) as empty:
            profile = open_profile(empty, training=True)
            try:
                with stopwatch(bare):
                    _read_bare(folder / "ours.xlsx")
                with stopwatch(ours):
                    found = importing.examine(profile.desk, KIND, folder / "ours.xlsx")
            finally:
                profile.close()
        if (found.rows, found.good) != (count, count):
            raise AssertionError(f"{found.rows} rows, {found.good} good: {found.problems[:3]}")
        detail = {"rows": found.rows, "seconds": round(ours[0] / 1000, 1)}
        yield Result("import_vs_calamine", ours[0] / bare[0], bare[0] / 1000, detail)
