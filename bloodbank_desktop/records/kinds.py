"""A field kind knows exactly three forms of a value and the ways between them.

* **stored** – the Python value in a record: str, int, Decimal, date, aware datetime, bool, tuple; None = not stated;
* **text** – what a person sees and types;
* **wire** – the JSON value that travels to the platform and stands in files of the command line.

`parse` text → stored, `format` stored → text, `to_wire` and `from_wire`, and `check` for limits. Nothing is guessed:
a text that is not exactly a value raises `Unreadable` with a sentence that says what to type. Empty is empty (None),
never today and never 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Protocol

from bloodbank_desktop.clock import CHINA, china_text
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.tables import NO_TABLE, Table


class Unreadable(ValueError):
    """A text or wire value is not a value of this kind; `code` is a slug, `message` says in Chinese what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Standard(Protocol):
    """A code standard: any module of records/codes with these functions."""

    def compact(self, text: str) -> str: ...

    def validate(self, text: str) -> str: ...

    def format(self, value: str) -> str: ...


Finding = tuple[str, str]
"""A code slug and a Chinese sentence."""


@dataclass(frozen=True)
class Kind:
    """Base of all kinds; a subclass overrides what differs from plain text."""

    name: ClassVar[str] = ""
    #: How the value lies in a table: "text", "integer", "scaled", "day", "moment", "flag" or "json".
    column: ClassVar[str] = "text"
    align_right: ClassVar[bool] = False

    def parse(self, text: str) -> Any:
        """Return the stored value of what a person typed, None for blank. Raises Unreadable."""
        return text.strip() or None

    def format(self, value: Any) -> str:
        """Return what a person sees; "" for None."""
        return "" if value is None else str(value)

    def to_wire(self, value: Any) -> Any:
        """Return the JSON value; None for None."""
        return value

    def from_wire(self, wire: Any) -> Any:
        """Return the stored value of a JSON value. Raises Unreadable."""
        if wire is None:
            return None
        if not isinstance(wire, str):
            raise Unreadable("type", "此处应为文字（加引号的字符串），请改正后再导入")
        return self.parse(wire)

    def check(self, value: Any) -> Iterator[Finding]:
        """Yield what is wrong with a stored value that is not None."""
        return iter(())

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the wire form."""
        return {"type": "string"}


def _storable(value: str) -> Iterator[Finding]:
    for character in value:
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cs"):
            yield "control-character", "含有不可见的控制字符，请删除后重新输入"
            return


@dataclass(frozen=True)
class Text(Kind):
    """One line of free text of at most `most` characters."""

    name: ClassVar[str] = "text"
    most: int = 200

    def check(self, value: str) -> Iterator[Finding]:
        yield from _storable(value)
        if "\n" in value:
            yield "line-break", "此处只能填一行，请去掉换行"
        if len(value) > self.most:
            yield "too-long", f"最多 {self.most} 个字，现有 {len(value)} 个，请缩短"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


@dataclass(frozen=True)
class Note(Text):
    """Several lines of free text of at most `most` characters."""

    name: ClassVar[str] = "note"
    most: int = 2000

    def check(self, value: str) -> Iterator[Finding]:
        yield from _storable(value)
        if len(value) > self.most:
            yield "too-long", f"最多 {self.most} 个字，现有 {len(value)} 个，请缩短"


@dataclass(frozen=True)
class Person(Text):
    """The name of a person, at most 50 characters (WS/T 866 用血者基本信息, 患者姓名 A..50)."""

    name: ClassVar[str] = "person"
    most: int = 50


@dataclass(frozen=True)
class Code(Kind):
    """A code that obeys a standard module: what is stored is its compact form, what is shown its format."""

    name: ClassVar[str] = "code"
    standard: Standard | None = None
    most: int = 50

    def parse(self, text: str) -> str | None:
        if not text.strip():
            return None
        if self.standard is None:
            return text.strip()
        try:
            return self.standard.validate(text)
        except CodeError as problem:
            raise Unreadable(problem.code, problem.message) from problem

    def format(self, value: str | None) -> str:
        if value is None or self.standard is None:
            return value or ""
        return self.standard.format(value)

    def from_wire(self, wire: Any) -> str | None:
        if isinstance(wire, int | float) and not isinstance(wire, bool):
            raise Unreadable("number-for-code", "代码必须按文字给出（加引号），数字会丢失前导零和末位，请改正来源文件")
        value: str | None = super().from_wire(wire)
        return value

    def check(self, value: str) -> Iterator[Finding]:
        yield from Text(self.most).check(value)
        if self.standard is not None:
            try:
                compact = self.standard.validate(value)
            except CodeError as problem:
                yield problem.code, problem.message
            else:
                if compact != value:
                    yield "not-compact", "代码不是标准写法，请重新扫描或输入"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


@dataclass(frozen=True)
class Choice(Kind):
    """One entry of a code table: stored and sent as its key, seen as its word."""

    name: ClassVar[str] = "choice"
    table: Table = NO_TABLE

    def parse(self, text: str) -> str | None:
        word = text.strip()
        if not word:
            return None
        key = self.table.key_of(word)
        if key is None:
            raise Unreadable("not-in-table", f"“{word}”不在《{self.table.label}》中，请从列表中选择")
        return key

    def format(self, value: str | None) -> str:
        return "" if value is None else self.table.word(value)

    def from_wire(self, wire: Any) -> str | None:
        if wire is None:
            return None
        # A number from outside is never a blood group: national and local tables contradict each other (CV04.50.020).
        if not isinstance(wire, str) or wire not in self.table:
            allowed = "、".join(f"{key}（{self.table.word(key)}）" for key in list(self.table)[:12])
            raise Unreadable("not-in-table", f"不是《{self.table.label}》中的代码；可用：{allowed}")
        return wire

    def check(self, value: str) -> Iterator[Finding]:
        if value not in self.table:
            yield "not-in-table", f"不在《{self.table.label}》中，请从列表中选择"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.table)}


@dataclass(frozen=True)
class Choices(Kind):
    """Any number of entries of a code table, stored as a tuple of keys in the table's order."""

    name: ClassVar[str] = "choices"
    column: ClassVar[str] = "json"
    table: Table = NO_TABLE

    def parse(self, text: str) -> tuple[str, ...] | None:
        one = Choice(self.table)
        # Not at blanks: "CMV 阴性" is one word.
        words = [word.strip() for word in re.split(r"[、,，;；\n]", text) if word.strip()]
        return self._ordered([str(one.parse(word)) for word in words])

    def format(self, value: tuple[str, ...] | None) -> str:
        return "、".join(self.table.word(key) for key in value or ())

    def to_wire(self, value: tuple[str, ...] | None) -> list[str] | None:
        return None if value is None else list(value)

    def from_wire(self, wire: Any) -> tuple[str, ...] | None:
        if wire is None:
            return None
        if not isinstance(wire, list):
            raise Unreadable("type", "此处应为列表，请改正后再导入")
        one = Choice(self.table)
        if None in wire:
            raise Unreadable("not-in-table", "列表中有空项，请删除后再导入")
        return self._ordered([str(one.from_wire(item)) for item in wire])

    def check(self, value: tuple[str, ...]) -> Iterator[Finding]:
        for key in value:
            yield from Choice(self.table).check(key)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(self.table)}, "uniqueItems": True}

    def _ordered(self, keys: list[str]) -> tuple[str, ...] | None:
        return tuple(key for key in self.table if key in keys) or None


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

    def check(self, value: Decimal) -> Iterator[Finding]:
        try:
            exact = value == round(value, self.places)
        except InvalidOperation:
            exact = False
        if not exact:
            yield "too-precise", "只能填整数" if self.places == 0 else f"最多 {self.places} 位小数，请改正"
        if self.low is not None and value < self.low:
            yield "too-low", f"不能小于 {self.format(self.low)}{self.unit}，请核对"
        if self.high is not None and value > self.high:
            yield "too-high", f"不能大于 {self.format(self.high)}{self.unit}，请核对"
        if self.step is not None and value % self.step:
            yield "step", f"应为 {self.format(self.step)}{self.unit} 的整数倍，请核对"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?\d{1,15}(\.\d{1,15})?$"}


@dataclass(frozen=True)
class Day(Kind):
    """A calendar day; typed as 2026-11-23, 2026/11/23 or 20261123."""

    name: ClassVar[str] = "day"
    column: ClassVar[str] = "day"

    def parse(self, text: str) -> date | None:
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
            # At the ends of the calendar a moment may exist in one zone and not in the other.
            return moment.astimezone(CHINA).astimezone(UTC)
        except (TypeError, ValueError, OverflowError) as problem:
            raise Unreadable(
                "not-a-moment", "应为带时区的时间，例如 2026-11-23T09:05:00+08:00，请改正后再导入"
            ) from problem

    def check(self, value: datetime) -> Iterator[Finding]:
        if value.tzinfo is None:
            yield "no-zone", "时间缺少时区，请重新输入"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True)
class Flag(Kind):
    """Yes or no, and a third state: not stated."""

    name: ClassVar[str] = "flag"
    column: ClassVar[str] = "flag"
    words: tuple[str, str] = ("否", "是")

    def parse(self, text: str) -> bool | None:
        word = text.strip()
        if not word:
            return None
        if word not in self.words:
            raise Unreadable("not-a-flag", f"请填“{self.words[1]}”或“{self.words[0]}”")
        return word == self.words[1]

    def format(self, value: bool | None) -> str:
        return "" if value is None else self.words[value]

    def from_wire(self, wire: Any) -> bool | None:
        if wire is not None and not isinstance(wire, bool):
            raise Unreadable("type", "此处应为 true 或 false，请改正后再导入")
        return wire

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Lines(Kind):
    """A list of lines of one line class, at least `least` and at most `most`; stored as a tuple of mappings."""

    name: ClassVar[str] = "lines"
    column: ClassVar[str] = "table"
    of: type = object
    least: int = 0
    most: int = 500

    def parse(self, text: str) -> Any:
        raise TypeError("lines have no text form of their own; their fields have")

    def format(self, value: tuple[Mapping[str, Any], ...] | None) -> str:
        return f"{len(value or ())} 行"

    def check(self, value: tuple[Mapping[str, Any], ...]) -> Iterator[Finding]:
        if len(value) < self.least:
            yield "too-few-lines", f"至少要有 {self.least} 行，请添加"
        if len(value) > self.most:
            yield "too-many-lines", f"最多 {self.most} 行，请分成几份登记"
