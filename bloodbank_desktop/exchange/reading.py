"""A workbook into records: every row is read, and whatever is wrong is said with sheet, row, column and reason.

Lines are gathered first and then handed to the record that they name, so that only they, and never the whole file,
stand in memory. Nothing here decides whether a record is right; that is asked of the operations.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange.cells import Cell, ColumnReader
from bloodbank_desktop.exchange.package import ERROR, FORMULA, open_package
from bloodbank_desktop.exchange.sheets import CHOICES_SHEET, RULES_SHEET, Sheet, bare, letter, sheets
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.records.kinds import Kind, Lines, Unreadable
from bloodbank_desktop.records.problems import Problem

MERGED = "merged-cell"
_MARKED = {
    FORMULA: "单元格是公式；请复制后“选择性粘贴—数值”，再导入",
    ERROR: "单元格是 Excel 的错误值（如 #N/A）；请改正",
    MERGED: "单元格是合并的；请取消合并，并在每一行写明",
}
_MOST_MERGED = 1000
_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class CellProblem:
    """One thing wrong in a workbook: `row` as Excel numbers it, None for a whole sheet; `column` as "病案号（H 列）"."""

    sheet: str
    row: int | None
    column: str
    code: str
    message: str

    def as_json(self) -> dict[str, str | int | None]:
        """Return the form of the command line: sheet, row, column, code, message."""
        return asdict(self)


_NOTHING_WRONG: Mapping[str, CellProblem] = {}


@dataclass(slots=True)
class ReadRow:
    """One row: its values by field key, and what could not be read by field key."""

    row: int
    values: dict[str, Any]
    problems: Mapping[str, CellProblem]


@dataclass(slots=True)
class ReadRecord:
    """One record as it stands in the file: its own row, and the rows of its lines by group."""

    head: ReadRow
    lines: dict[str, list[ReadRow]]

    @property
    def values(self) -> dict[str, Any]:
        """The stored values, as far as they could be read."""
        return self.head.values | {key: tuple(one.values for one in rows) for key, rows in self.lines.items()}

    @property
    def unread(self) -> Iterator[CellProblem]:
        """What could not be read."""
        yield from self.head.problems.values()
        for rows in self.lines.values():
            for one in rows:
                yield from one.problems.values()


@dataclass(frozen=True)
class _Column:
    place: int
    key: str
    name: str
    reader: ColumnReader


_Content = tuple[int, Any, tuple[Any, ...], dict[str, CellProblem] | None]
"""A row before anybody asks for it: where it stands, the record's number, the other values, and what is unreadable.

Bare tuples, because all lines of a file wait for their records: the collector of garbage leaves them alone.
"""

_Kept = tuple[_Content, "_Kept | None"]
"""A line and those of the same record before it."""


@dataclass
class _Table:
    """A sheet of the file with the columns that were found in it."""

    sheet: Sheet
    content: CalamineSheet
    first: int
    columns: tuple[_Column, ...]
    marks: dict[int, dict[int, str]]
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number = self.sheet.fields[0].key
        self._others = [one.key for one in self.columns if one.key != self._number]

    def contents(self) -> Iterator[_Content]:
        """Yield the rows below the headings that are not blank."""
        least = max(one.place for one in self.columns) - self.first + 1
        source = enumerate(self.content.iter_rows(), start=1)
        while page := list(islice(source, _AT_ONCE)):
            places: list[int] = []
            rows: list[list[Cell]] = []
            for place, row in page:
                if place == 1 or (place not in self.marks and not any(cell != "" for cell in row)):
                    continue
                if len(row) < least:
                    row = [*row, *[""] * (least - len(row))]
                places.append(place)
                rows.append(row)
            if rows:
                yield from self._by_columns(places, list(zip(*rows, strict=False)))

    def _by_columns(self, places: Sequence[int], cells: Sequence[Sequence[Cell]]) -> Iterator[_Content]:
        """Understand a page column by column: what repeats in a column is asked about once."""
        marked = [(index, self.marks[place]) for index, place in enumerate(places) if place in self.marks]
        numbers: Sequence[Any] = [None] * len(places)
        others: list[Sequence[Any]] = []
        problems: dict[int, dict[str, CellProblem]] = {}
        for one in self.columns:
            values, wrong = one.reader.read(cells[one.place - self.first])
            for index, marks in marked:
                if one.place in marks:
                    code = marks[one.place]
                    values[index], wrong[index] = None, Unreadable(code, _MARKED[code])
            for index, why in wrong.items():
                found = self.problem(places[index], one.key, why.code, why.message)
                problems.setdefault(index, {})[one.key] = found
            if one.key == self._number:
                numbers = values
            else:
                others.append(values)
        rows = zip(*others, strict=True) if others else repeat((), len(places))
        for index, (place, number, row) in enumerate(zip(places, numbers, rows, strict=True)):
            yield place, number, row, problems.get(index)

    def head(self, content: _Content) -> ReadRow:
        """Return a row of the records' own sheet."""
        row = self.line(content)
        row.values[self._number] = content[1]
        return row

    def line(self, content: _Content) -> ReadRow:
        """Return a row without the record's number, which says to whom it belongs and nothing of itself."""
        place, _, values, problems = content
        return ReadRow(place, dict(zip(self._others, values, strict=True)), problems or _NOTHING_WRONG)

    def lines(self, kept: _Kept | None) -> list[ReadRow]:
        """Return the lines of one record in the order of the file."""
        found = []
        while kept is not None:
            content, kept = kept
            found.append(self.line(content))
        return found[::-1]

    def problem(self, row: int | None, key: str, code: str, message: str) -> CellProblem:
        """Return a problem at a field of this sheet, "" for the whole row."""
        return CellProblem(self.sheet.title, row, self.names.get(key, ""), code, message)


class Workbook:
    """An opened file. `problems` are those of the file as a whole; with any of them no row is read."""

    def __init__(self, declared: RecordType, path: Path) -> None:
        """Raises KnownProblem for a file that is not a readable workbook."""
        self.declared = declared
        package = open_package(path)
        self.digest = package.digest
        self.problems: list[CellProblem] = []
        self._plans = sheets(declared)
        self._tables: dict[str, _Table] = {}
        self._lines: dict[str, tuple[_Table, dict[Any, _Kept]]] = {}
        try:
            self._open(CalamineWorkbook.from_filelike(io.BytesIO(package.content)), package.marks)
        except (CalamineError, OSError, ValueError) as problem:
            raise KnownProblem(
                f"Excel 文件读不出来，可能已损坏；请在 Excel 中打开后另存再导入（{problem}）", code="damaged-file"
            ) from problem

    def _open(self, book: CalamineWorkbook, marks: dict[str, dict[int, dict[int, str]]]) -> None:
        present = {one.name: one.visible for one in book.sheets_metadata}
        for plan in self._plans:
            hidden = present.get(plan.title, SheetVisibleEnum.Visible) != SheetVisibleEnum.Visible
            if hidden:
                self._wrong(plan.title, "hidden-sheet", "工作表是隐藏的，里面的内容看不到；请取消隐藏并核对后再导入")
            elif plan.title in present:
                content = book.get_sheet_by_name(plan.title)
                self._tables[plan.title] = self._table(plan, content, dict(marks.get(plan.title, {})))
            elif plan.group is None or (isinstance(plan.group.kind, Lines) and plan.group.kind.least):
                self._wrong(plan.title, "missing-sheet", f"缺少工作表“{plan.title}”；请使用导入模板")
        known = {plan.title for plan in self._plans} | {RULES_SHEET, CHOICES_SHEET}
        for title, visible in present.items():
            if title not in known and book.get_sheet_by_name(title).start is not None:
                word = "" if visible == SheetVisibleEnum.Visible else "隐藏的"
                self._wrong(title, "unknown-sheet", f"不认识{word}工作表“{title}”，其中的内容不会导入；请删除或改名")

    def _wrong(self, sheet: str, code: str, message: str, *, row: int | None = None, column: str = "") -> None:
        self.problems.append(CellProblem(sheet, row, column, code, message))

    def _table(self, plan: Sheet, content: CalamineSheet, marks: dict[int, dict[int, str]]) -> _Table:
        first = content.start[1] if content.start is not None else 0
        heads = next(iter(content.iter_rows()), [])
        for top, left, bottom, right in ((a[0], a[1], b[0], b[1]) for a, b in content.merged_cell_ranges or ()):
            if (bottom - top + 1) * (right - left + 1) > _MOST_MERGED:
                self._wrong(plan.title, MERGED, "合并了大片单元格；请取消合并后再导入", row=top + 1)
                continue
            for row in range(top, bottom + 1):
                marks.setdefault(row + 1, {}).update(dict.fromkeys(range(left, right + 1), MERGED))
        for place, code in marks.get(1, {}).items():
            self._wrong(plan.title, code, f"表头：{_MARKED[code]}", row=1, column=f"{letter(place)} 列")
        places = {f.label: f for f in plan.fields}
        columns: dict[str, _Column] = {}
        for place, cell in enumerate(heads, start=first):
            heading = bare(str(cell))
            name = f"{heading}（{letter(place)} 列）"
            if not heading:
                continue
            if heading not in places:
                self._wrong(
                    plan.title, "unknown-column", f"不认识表头“{heading}”；请按模板改正或删除这一列", row=1, column=name
                )
            elif places[heading].key in columns:
                self._wrong(plan.title, "column-twice", f"表头“{heading}”出现了两次，请删除一列", row=1, column=name)
            else:
                f = places[heading]
                columns[f.key] = _Column(place, f.key, name, ColumnReader(f.kind))
        for place, f in enumerate(plan.fields):
            if f.key not in columns and plan.must(place):
                what = f"缺少必填的列“{f.label}”；第 1 行应为表头，请使用导入模板"
                self._wrong(plan.title, "missing-column", what, row=1, column=f.label)
        if not columns:
            columns[""] = _Column(first, "", "", ColumnReader(Kind()))
        self._nameless(plan, content, first, {one.place for one in columns.values()}, len(heads))
        names = {f.key: f.label for f in plan.fields} | {one.key: one.name for one in columns.values()}
        return _Table(plan, content, first, tuple(columns.values()), marks, names)

    def _nameless(self, plan: Sheet, content: CalamineSheet, first: int, known: set[int], width: int) -> None:
        """A column with content and without a heading would be left out without a word."""
        nameless = [place - first for place in range(first, first + width) if place not in known]
        if self.problems or not nameless:
            return
        for number, row in enumerate(content.iter_rows(), start=1):
            for offset in nameless:
                if row[offset] != "":
                    self._wrong(
                        plan.title,
                        "no-heading",
                        "这一列没有表头，其中的内容不会导入；请写上表头或清空",
                        row=number,
                        column=f"{letter(first + offset)} 列",
                    )
                    return

    def heads(self) -> Iterator[ReadRow]:
        """Yield the records' own rows in the order of the file; lines of no record are added to `problems` at the end."""
        head, *groups = self._plans
        number = head.fields[0].key
        named: set[Any] = set()
        for plan in groups:
            if plan.group is not None and plan.title in self._tables:
                self._lines[plan.group.key] = self._tables[plan.title], self._read_lines(plan, number)
        table = self._tables[head.title]
        for content in table.contents():
            row = table.head(content)
            yield row
            if (mine := row.values.get(number)) is not None:
                named.add(mine)
        for plan in groups:
            if plan.group is None or plan.group.key not in self._lines:
                continue
            of, found = self._lines[plan.group.key]
            for mine, kept in found.items():
                if mine not in named:
                    self._orphans(plan, number, str(mine), of.lines(kept))

    def record(self, head: ReadRow) -> ReadRecord:
        """Return a row of `heads` with its lines."""
        mine = head.values.get(self._plans[0].fields[0].key)
        lines: dict[str, list[ReadRow]] = {plan.group.key: [] for plan in self._plans if plan.group is not None}
        if mine:
            # Not `pop`: a number that stands twice is refused, and both rows say so with all their lines.
            lines |= {key: of.lines(found.get(mine)) for key, (of, found) in self._lines.items()}
        return ReadRecord(head, lines)

    def _read_lines(self, plan: Sheet, number: str) -> dict[Any, _Kept]:
        """Return the lines of a sheet by the number of their record."""
        found: dict[Any, _Kept] = {}
        table = self._tables[plan.title]
        label = plan.fields[0].label
        why = f"请填写{label}，说明这一行属于哪一张{self.declared.label}"
        for content in table.contents():
            place, mine, _, problems = content
            if problems is not None and number in problems:
                self.problems.append(problems[number])
            elif mine is None:
                self.problems.append(table.problem(place, number, "required", why))
            else:
                found[mine] = (content, found.get(mine))
        return found

    def _orphans(self, plan: Sheet, number: str, mine: str, found: Sequence[ReadRow]) -> None:
        title = self._plans[0].title
        for row in found:
            why = f"工作表“{title}”中没有 {mine}，请核对{plan.fields[0].label}"
            self.problems.append(self._tables[plan.title].problem(row.row, number, "no-such-record", why))

    def locate(self, record: ReadRecord, problem: Problem) -> CellProblem:
        """Return a problem of the rules as one of a cell."""
        group, dot, key = problem.field.rpartition(".")
        if not dot and problem.field in record.lines:
            # Of the lines as a whole, as "at least one": there may be no row to point at but the record's own.
            key = self._plans[0].fields[0].key
            return self._tables[self._plans[0].title].problem(record.head.row, key, problem.code, problem.message)
        if dot and problem.line is not None:
            plan = next(p for p in self._plans if p.group is not None and p.group.key == group)
            row = record.lines[group][problem.line - 1].row
        else:
            plan, row, key = self._plans[0], record.head.row, problem.field
        return self._tables[plan.title].problem(row, key, problem.code, problem.message)
