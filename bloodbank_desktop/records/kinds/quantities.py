"""Kinds whose value is measured: exact decimal numbers, calendar days and moments.

Numbers are Decimal, never float; moments are aware, stored in UTC and shown in China time. Empty is empty: no kind here
invents 0 or today.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from bloodbank_desktop.clock import CHINA, china_text
from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.kinds.base import Finding, Kind, Unreadable

#: Day and moment as this program writes them; what is typed otherwise takes the longer way to the same value.
_DAY_AS_SHOWN = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT_AS_SHOWN = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} (?:[01][0-9]|2[0-3]):[0-5][0-9]")
_AHEAD = CHINA.utcoffset(None)

#: The years that a record may name. Outside a figure is mistyped (0226 for 2026), and close to the ends of the calendar
#: no day or shelf life can be added to a time.
FIRST_YEAR, LAST_YEAR = 1900, 2199
_BEGIN, _END = (datetime(year, 1, 1, tzinfo=CHINA) for year in (FIRST_YEAR, LAST_YEAR + 1))
_YEAR: tuple[Finding, ...] = (("year", f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间，请核对"),)


@dataclass(frozen=True)
class Number(Kind):
    """A decimal number with at most `places` decimals, exact, between `low` and `high`, in `unit`."""

    name: ClassVar[str] = "number"
    column: ClassVar[str] = "scaled"
    align_right: ClassVar[bool] = True
    low: Decimal | None = None
    high: Decimal | None = None
    places: int = 0
    unit: str = ""
    step: Decimal | None = None

    def parse(self, text: str) -> Decimal | None:
        digits = unicodedata.normalize("NFKC", text).strip()
        if not digits:
            return None
        if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", digits):
            raise Unreadable("not-a-number", "请输入数字" + (f"，单位 {self.unit}" if self.unit else ""))
        return Decimal(digits)

    def format(self, value: Decimal | None) -> str:
        return "" if value is None else f"{value.normalize():f}"

    def to_wire(self, value: Decimal | None) -> str | None:
        return None if value is None else self.format(value)

    def from_wire(self, wire: Any) -> Decimal | None:
        if wire is None:
            return None
        if isinstance(wire, bool) or not isinstance(wire, int | float | str):
            raise Unreadable("type", "此处应为数字，请改正后再导入")
        # repr of a float is the shortest text that means it, so 12.5 stays 12.5.
        return self.parse(wire if isinstance(wire, str) else repr(wire))

    def check(self, value: Decimal) -> Iterable[Finding]:
        try:
            exact = value == round(value, self.places)
        except InvalidOperation:
            exact = False
        found: list[Finding] = []
        if not exact:
            found.append(("too-precise", "只能填整数" if self.places == 0 else f"最多 {self.places} 位小数，请改正"))
        if self.low is not None and value < self.low:
            found.append(("too-low", f"不能小于 {self.format(self.low)}{self.unit}，请核对"))
        if self.high is not None and value > self.high:
            found.append(("too-high", f"不能大于 {self.format(self.high)}{self.unit}，请核对"))
        if self.step is not None and value % self.step:
            found.append(("step", f"应为 {self.format(self.step)}{self.unit} 的整数倍，请核对"))
        return found

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?\d{1,15}(\.\d{1,15})?$"}


@dataclass(frozen=True)
class Day(Kind):
    """A calendar day; typed as 2026-11-23, 2026/11/23 or 20261123."""

    name: ClassVar[str] = "day"
    column: ClassVar[str] = "day"

    def parse(self, text: str) -> date | None:
        if _DAY_AS_SHOWN.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass  # the longer way says why
        digits = unicodedata.normalize("NFKC", text).strip()
        if not digits:
            return None
        found = re.fullmatch(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})", digits) or re.fullmatch(
            r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", digits
        )
        try:
            return date(*(int(part) for part in found.groups())) if found else _not_a_day()
        except ValueError as problem:
            raise Unreadable("not-a-day", "没有这一天，请核对年月日") from problem

    def format(self, value: date | None) -> str:
        return "" if value is None else value.isoformat()

    def to_wire(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    def check(self, value: date) -> Iterable[Finding]:
        return () if FIRST_YEAR <= value.year <= LAST_YEAR else _YEAR

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


def _not_a_day() -> date:
    raise Unreadable("not-a-day", "请输入日期，例如 2026-11-23")


@dataclass(frozen=True)
class Moment(Kind):
    """A moment to the minute, stored in UTC, typed and shown in China time as 2026-11-23 09:05."""

    name: ClassVar[str] = "moment"
    column: ClassVar[str] = "moment"

    def parse(self, text: str) -> datetime | None:
        if _MOMENT_AS_SHOWN.fullmatch(text):
            try:
                return datetime.fromisoformat(f"{text}Z") - _AHEAD
            except (ValueError, OverflowError):
                pass  # the longer way says why
        digits = " ".join(unicodedata.normalize("NFKC", text).split())
        if not digits:
            return None
        found = re.fullmatch(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})[ T]?(\d{2}):?(\d{2})", digits) or re.fullmatch(
            r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T](\d{1,2}):(\d{2})", digits
        )
        if not found:
            raise Unreadable("not-a-moment", "请输入日期和时间，例如 2026-11-23 09:05；只有日期不够")
        try:
            year, month, day, hour, minute = (int(part) for part in found.groups())
            return datetime(year, month, day, hour, minute, tzinfo=CHINA).astimezone(UTC)
        except (ValueError, OverflowError) as problem:
            raise Unreadable("not-a-moment", "没有这个时间，请核对年月日和时分") from problem

    def format(self, value: datetime | None) -> str:
        return "" if value is None else china_text(value)

    def to_wire(self, value: datetime | None) -> str | None:
        return None if value is None else value.astimezone(CHINA).isoformat(timespec="seconds")

    def from_wire(self, wire: Any) -> datetime | None:
        if wire is None:
            return None
        try:
            moment = datetime.fromisoformat(wire)
            if moment.tzinfo is None:
                raise ValueError("no zone")
            # At the ends of the calendar a moment may exist in one zone and not in the other. What is finer than a
            # second does not travel, so it is not kept either: a record must be what was sent.
            return moment.astimezone(CHINA).astimezone(UTC).replace(microsecond=0)
        except (TypeError, ValueError, OverflowError) as problem:
            raise Unreadable(
                "not-a-moment", "应为带时区的时间，例如 2026-11-23T09:05:00+08:00，请改正后再导入"
            ) from problem

    def check(self, value: datetime) -> Iterable[Finding]:
        if value.tzinfo is None:
            return (("no-zone", "时间缺少时区，请重新输入"),)
        # The year that a person in China reads, which the stored time in UTC may not yet or no longer be in.
        return () if _BEGIN <= value < _END else _YEAR

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}
