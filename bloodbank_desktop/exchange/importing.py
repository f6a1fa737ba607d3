"""Import: look at everything first, save afterwards – all rows or, if the person says so, only the good ones.

The dry run and the import are one function, so that the one cannot promise what the other does not do. Between them
the file may be changed in Excel; so the import after a dry run asks for the very bytes that were checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange.reading import CellProblem, ReadRecord, Workbook
from bloodbank_desktop.exchange.sheets import number_field
from bloodbank_desktop.operations import batches
from bloodbank_desktop.operations.batches import Batch, Candidate
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.problems import Problem

_AT_ONCE = 1000

Progress = Callable[[int], Any]
"""Called with the number of rows looked at so far, now and then."""


@dataclass(frozen=True)
class Found:
    """What a look at a file found: records in it, those without any problem, and the problems in order of the file."""

    kind: str
    path: Path
    digest: str
    rows: int
    good: int
    problems: tuple[CellProblem, ...]
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)
    mark: int | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the form of the command line: rows, good, problems."""
        return {"rows": self.rows, "good": self.good, "problems": [one.as_json() for one in self.problems]}


def examine(desk: Desk, kind: str, path: Path, *, keep: bool = False, progress: Progress | None = None) -> Found:
    """Look at every row of a file; with `keep` the good records come along, ready to be saved. Writes nothing.

    Raises KnownProblem when the module has no import or the file cannot be read at all.
    """
    declared = batches.importable(desk, kind)
    book = Workbook(declared, path)
    if book.problems:
        return Found(kind, path, book.digest, 0, 0, tuple(book.problems))
    number = number_field(declared)
    problems: list[CellProblem] = []
    kept: list[Candidate] = []
    first_rows: dict[str, int] = {}
    rows = good = 0
    source = book.heads()
    look = batches.Examination(desk, kind)
    while part := list(islice(source, _AT_ONCE)):
        rows += len(part)
        stated = [str(one.values[number.key]) for one in part if one.values.get(number.key) is not None]
        known = batches.existing(desk, kind, number, stated)
        look.look(head.values for head in part)
        for head in part:
            record = book.record(head)
            candidate = look.examine(record.values)
            wrong = list(_wrong(book, record, candidate, number.key, known, first_rows))
            problems += wrong
            if wrong:
                continue
            good += 1
            look.took(candidate)
            if keep:
                kept.append(candidate)
        if progress is not None:
            progress(rows)
    if not rows and not book.problems:
        empty = CellProblem(
            declared.label, None, "", "no-rows", f"工作表“{declared.label}”的表头下面没有内容，请填写后再导入"
        )
        book.problems.append(empty)
    return Found(kind, path, book.digest, rows, good, (*problems, *book.problems), tuple(kept), look.mark)


def _wrong(
    book: Workbook,
    record: ReadRecord,
    candidate: Candidate,
    number: str,
    known: set[str],
    first_rows: dict[str, int],
) -> Iterator[CellProblem]:
    unread = list(record.unread)
    yield from unread
    for problem in candidate.problems:
        located = book.locate(record, problem)
        # What a cell says is unknown where it could not be read: then only what holds in any case is said.
        if unread and (problem.code in ("not-applicable", "required") or any(_same(located, one) for one in unread)):
            continue
        if problem.field == number or (problem.field in record.lines and number not in record.head.values):
            continue
        yield located
    label = book.declared.fields[number].label
    mine = record.head.values.get(number)
    if mine is None:
        if number not in record.head.problems:
            why = f"请填写{label}，其它工作表凭它找到这一行"
            yield _at(book, record, number, "required", why)
        return
    if mine in known:
        yield _at(book, record, number, "exists", f"{label} {mine} 已经登记过，不能重复导入；请删除这一行或核对单号")
    before = first_rows.setdefault(mine, record.head.row)
    if before != record.head.row:
        yield _at(book, record, number, "twice-in-file", f"{label} {mine} 与第 {before} 行重复，请核对")


def _same(one: CellProblem, other: CellProblem) -> bool:
    return (one.sheet, one.row, one.column) == (other.sheet, other.row, other.column)


def _at(book: Workbook, record: ReadRecord, number: str, code: str, message: str) -> CellProblem:
    return book.locate(record, Problem(number, code, message))


def save(desk: Desk, found: Found, *, good_only: bool = False) -> Batch:
    """Save what a look found, in one transaction; the file must still be the one that was looked at.

    Raises KnownProblem when there are problems and not `good_only`, when nothing is good, or when the file changed;
    Refused when a number was taken in the meantime. Then nothing was saved.
    """
    if found.problems and not good_only:
        raise KnownProblem(f"文件中有 {len(found.problems)} 处问题，没有导入任何记录", code="problems-in-file")
    if not found.good:
        raise KnownProblem("没有可以导入的记录", code="nothing-to-import")
    if len(found.candidates) != found.good:
        again = examine(desk, found.kind, found.path, keep=True)
        if again.digest != found.digest or again.problems != found.problems:
            raise KnownProblem("检查之后文件或资料有了变化，没有导入任何记录；请重新检查文件", code="file-changed")
        found = again
    number = number_field(batches.importable(desk, found.kind))
    name = found.path.name
    return batches.register_all(desk, found.kind, found.candidates, number=number, source=name, mark=found.mark)
