"""A value in a cell and back. What a cell holds is taken as it is or refused – never rounded, completed or guessed.

Excel turns 00123 into 123 and the last digits of an 18-digit number into zeros before anybody sees it. So a number in
a column of text is refused whatever it looks like, and what a person typed is asked for again. Moments in cells are
China time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.kinds import Kind, Unreadable

Cell = str | float | int | bool | date | datetime | time | timedelta
"""What the reader gives for a cell; "" for an empty one."""

#: A binary fraction, which is what Excel keeps, holds this many decimal digits for certain.
_SAFE_DIGITS = 15
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
#: Characters that XML 1.0 cannot hold, beside those that no stored text contains.
_NO_XML = re.compile("[\ufffe\uffff\r]")


def text_cell(text: str) -> str:
    """Return text as it must stand in the file, so that Excel does not take a part of it for a coded character."""
    if "_x" in text:
        text = _ESCAPED.sub("_x005F_", text)
    return _NO_XML.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def to_cell(kind: Kind, value: Any) -> str | Decimal | None:
    """Return what to write for a stored value: a number as a number, everything else as the text people see."""
    if value is None:
        return None
    text = kind.format(value)
    if isinstance(kind, kinds.Number) and sum(c.isdigit() for c in text) <= _SAFE_DIGITS:
        return Decimal(text)
    return text_cell(text) or None


def writer(kind: Kind) -> Callable[[Any], str | Decimal | None]:
    """Return `to_cell` for one column; the same few words are not looked up a hundred thousand times."""
    if not isinstance(kind, kinds.Choice | kinds.Flag):
        return lambda value: to_cell(kind, value)
    known: dict[Any, str | Decimal | None] = {None: None}

    def write(value: Any) -> str | Decimal | None:
        if value not in known:
            known[value] = to_cell(kind, value)
        return known[value]

    return write


def from_cell(kind: Kind, cell: Cell) -> Any:
    """Return the stored value of a cell, None for an empty one. Raises Unreadable."""
    if isinstance(cell, str):
        return kind.parse(cell.replace("\r\n", "\n").replace("\r", "\n") if "\r" in cell else cell)
    if isinstance(cell, bool):
        raise Unreadable("logical-cell", "单元格是逻辑值 TRUE/FALSE，请改写成文字")
    if isinstance(kind, kinds.Number):
        return _number(kind, cell)
    if isinstance(kind, kinds.Day):
        return _day(cell)
    if isinstance(kind, kinds.Moment):
        return _moment(kind, cell)
    if isinstance(cell, int | float):
        raise Unreadable(
            "number-for-text",
            "单元格是数字，前导零或末几位可能已丢失；请把单元格格式设为“文本”，再照原件重新输入",
        )
    raise Unreadable("date-for-text", "单元格被 Excel 变成了日期或时间；请把格式设为“文本”，再照原件重新输入")


class ColumnReader:
    """`from_cell` for one column, many cells at a time; what stands there again and again is understood once."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._known: dict[Cell, Any] = {}

    def read(self, cells: Sequence[Cell]) -> tuple[list[Any], dict[int, Unreadable]]:
        """Return the stored values, None for an empty cell; and by place why a cell, None among them, is unreadable."""
        if bool in set(map(type, cells)):
            # For Python TRUE equals 1, as whose value it must never be known.
            return self._one_by_one(cells)
        known = self._known
        fresh = set(cells).difference(known)
        if len(known) + len(fresh) > _MOST_KNOWN:
            known.clear()
            fresh = set(cells)
        try:
            for cell in fresh:
                known[cell] = from_cell(self._kind, cell)
        except Unreadable:
            return self._one_by_one(cells)
        return [known[cell] for cell in cells], {}

    def _one_by_one(self, cells: Sequence[Cell]) -> tuple[list[Any], dict[int, Unreadable]]:
        values: list[Any] = []
        wrong: dict[int, Unreadable] = {}
        for place, cell in enumerate(cells):
            if isinstance(cell, str) and cell in self._known:
                values.append(self._known[cell])
                continue
            try:
                values.append(from_cell(self._kind, cell))
            except Unreadable as problem:
                values.append(None)
                wrong[place] = problem
        return values, wrong


_MOST_KNOWN = 2000


def _number(kind: kinds.Number, cell: Cell) -> Decimal | None:
    if not isinstance(cell, int | float):
        raise Unreadable("date-for-number", "单元格是日期或时间，请改成数字")
    if abs(cell) >= 10**_SAFE_DIGITS:
        raise Unreadable("digits-lost", "数字太长，Excel 已丢失末几位；请核对后重新输入")
    # repr of a float is the shortest text that means it, so what was typed as 12.5 is 12.5.
    return kind.parse(str(int(cell)) if cell == int(cell) else repr(cell))


def _day(cell: Cell) -> date:
    if isinstance(cell, datetime):
        raise Unreadable("time-in-day", "此处只填日期，单元格中还有时间，请改成 2026-11-23 这样的日期")
    if isinstance(cell, date):
        return cell
    raise Unreadable("not-a-day", "单元格不是日期；请设为日期格式，或以文本填写，例如 2026-11-23")


def _moment(kind: kinds.Moment, cell: Cell) -> datetime | None:
    if isinstance(cell, datetime):
        if cell.second or cell.microsecond:
            raise Unreadable("seconds", "时间只到分钟，请去掉秒，例如 2026-11-23 09:05")
        return kind.parse(cell.isoformat(" ", "minutes"))
    if isinstance(cell, date):
        # Midnight and no time at all are the same number in Excel.
        raise Unreadable("no-time", "只有日期没有时间；请补上时间，若确为零点请以文本填写，例如 2026-11-23 00:00")
    raise Unreadable("not-a-moment", "单元格不是日期和时间；请设为日期时间格式，或以文本填写，例如 2026-11-23 09:05")
