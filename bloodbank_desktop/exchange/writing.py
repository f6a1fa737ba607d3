"""Records, a template and a table of problems into .xlsx files; text stays text whatever it begins with.

A cell that begins with = + - or @ can be a command in the eyes of Excel, and what is in it was typed by anybody. Every
text is written with the type of text, so it is shown and never computed. The file appears under its name only when it
is whole.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange import cells
from bloodbank_desktop.exchange.reading import CellProblem
from bloodbank_desktop.exchange.sheets import Sheet, letter, number_field, sheets
from bloodbank_desktop.operations import batches
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.declare import Field, RecordType, Values, Verb
from bloodbank_desktop.records.kinds import Kind, Moment, Note, Number, Text
from bloodbank_desktop.storage.lists import ListQuery

MUST_FILL, MAY_FILL, HEAD_FILL = "F8CBAD", "DDEBF7", "E7E6E6"
_MOST_ROWS = 1_048_575
_BOLD = Font(bold=True)
_WRAPPED = Alignment(wrap_text=True, vertical="top")


#: A sheet of openpyxl that is written row by row; openpyxl's own types do not tell such a sheet from others.
WriteSheet = Any


def safe(sheet: WriteSheet, value: str | Decimal | None) -> Any:
    """Return a value as openpyxl must be given it, so that a text never becomes a formula or an error."""
    if isinstance(value, str) and value[:1] in "=#" and value:
        cell = WriteOnlyCell(sheet, value=value)
        cell.data_type = "s"
        return cell
    return value


def heading(sheet: WriteSheet, text: str, colour: str = HEAD_FILL) -> Any:
    """Return a cell for a heading."""
    cell = WriteOnlyCell(sheet, value=text)
    cell.font = _BOLD
    cell.fill = PatternFill("solid", fgColor=colour)
    cell.alignment = _WRAPPED
    return cell


def width_of(f: Field) -> int:
    """Return a column width in characters of Excel."""
    least = 2 * len(f.label) + 2
    if isinstance(f.kind, Note):
        return 40
    if isinstance(f.kind, Moment):
        return max(18, least)
    return max(16 if isinstance(f.kind, Text) else 12, least)


def start_sheet(book: Workbook, plan: Sheet) -> Any:
    """Return a new sheet with its widths and the frozen row of headings set; no row is written yet."""
    sheet = book.create_sheet(plan.title)
    for place, f in enumerate(plan.fields):
        sheet.column_dimensions[letter(place)].width = width_of(f)
    # The number stays in sight, too, when somebody scrolls to the seventieth column.
    sheet.freeze_panes = "B2"
    return sheet


@contextmanager
def new_file(path: Path) -> Iterator[Workbook]:
    """Give a workbook that appears under `path` when the block ends well. Raises KnownProblem."""
    if path.suffix.lower() != ".xlsx":
        raise KnownProblem(f"文件名应以 .xlsx 结尾，现为 {path.name}；请改名后再试", code="not-xlsx-name")
    book = Workbook(write_only=True)
    part: Path | None = None
    try:
        yield book
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        part = Path(name)
        with os.fdopen(handle, "wb") as stream:
            book.save(stream)
        part.replace(path)
    except FileNotFoundError as problem:
        raise KnownProblem(f"没有文件夹 {path.parent}，请核对位置", code="no-such-folder") from problem
    except OSError as problem:
        raise KnownProblem(
            f"写不了文件 {path}（{problem.strerror}）；若已在 Excel 中打开请先关闭，并检查磁盘空间", code="cannot-write"
        ) from problem
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def export(desk: Desk, query: ListQuery, path: Path) -> int:
    """Write the records of a list, as they stand at one moment, with headings; return how many. Raises KnownProblem."""
    with batches.whole_list(desk, query) as (total, records):
        if total > _MOST_ROWS:
            raise KnownProblem(f"共 {total:,} 条，一个 Excel 工作表放不下；请先缩小查询范围", code="too-many-rows")
        declared = desk.allowed(query.kind, Verb.EXPORT)
        with new_file(path) as book:
            write_records(book, declared, records)
    return total


def write_records(book: Workbook, declared: RecordType, records: Iterable[Values]) -> None:
    """Write records and their lines on the sheets of a module."""
    number = number_field(declared).key
    plans = sheets(declared)
    made = [start_sheet(book, plan) for plan in plans]
    for sheet, plan in zip(made, plans, strict=True):
        sheet.append([heading(sheet, f.label) for f in plan.fields])
    head, *groups = [(sheet, plan, _writers(plan)) for sheet, plan in zip(made, plans, strict=True)]
    for values in records:
        head[0].append(_row(head[0], head[2], values))
        for sheet, plan, writers in groups:
            assert plan.group is not None
            for member in values.get(plan.group.key) or ():
                sheet.append(_row(sheet, writers, {**member, number: values.get(number)}))


_Writer = Callable[[Any], str | Decimal | None]


def _writers(plan: Sheet) -> list[tuple[str, _Writer]]:
    return [(f.key, cells.writer(f.kind)) for f in plan.fields]


def _row(sheet: WriteSheet, writers: Sequence[tuple[str, _Writer]], values: Values) -> list[Any]:
    row: list[Any] = []
    for key, write in writers:
        value = values.get(key)
        if value is None:
            row.append(None)
            continue
        cell = write(value)
        if isinstance(cell, str) and cell[0] in "=#":
            cell = safe(sheet, cell)
        row.append(cell)
    return row


def write_problems(path: Path, problems: Iterable[CellProblem]) -> None:
    """Write a table of problems for the person who has to mend the file. Raises KnownProblem."""
    columns: Mapping[str, int] = {"工作表": 16, "行": 8, "列": 24, "原因": 80}
    with new_file(path) as book:
        sheet = book.create_sheet("问题")
        for place, width in enumerate(columns.values()):
            sheet.column_dimensions[letter(place)].width = width
        sheet.freeze_panes = "A2"
        sheet.append([heading(sheet, name) for name in columns])
        for one in problems:
            row = None if one.row is None else Decimal(one.row)
            texts = [cells.text_cell(text) or None for text in (one.sheet, one.column, one.message)]
            sheet.append([safe(sheet, texts[0]), row, safe(sheet, texts[1]), safe(sheet, texts[2])])


def number_format(kind: Kind) -> str:
    """Return the format of a template's column: text, so that Excel changes nothing, but for numbers."""
    return "General" if isinstance(kind, Number) else "@"
