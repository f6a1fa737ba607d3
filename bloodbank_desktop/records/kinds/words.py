"""Kinds whose stored value is the text itself: free text, notes, names of persons, and codes of a standard.

The danger of a code is a program that "knows" what was meant: a number where text belongs has already lost its zero.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Protocol

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.kinds.base import Finding, Kind, Unreadable


class Standard(Protocol):
    """A code standard: a module of records/codes, or an object of one, with these functions."""

    def compact(self, text: str) -> str: ...

    def validate(self, text: str) -> str: ...

    def format(self, value: str) -> str: ...


def _fitting(value: str, most: int, *, one_line: bool) -> Iterable[Finding]:
    # The usual case, without a look at every character: a line break or a control character cannot be printed.
    if len(value) <= most and value.isprintable():
        return ()
    return _unfitting(value, most, one_line)


def _unfitting(value: str, most: int, one_line: bool) -> Iterator[Finding]:
    yield from _storable(value)
    if one_line and "\n" in value:
        yield "line-break", "此处只能填一行，请去掉换行"
    if len(value) > most:
        yield "too-long", f"最多 {most} 个字，现有 {len(value)} 个，请缩短"


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

    def check(self, value: str) -> Iterable[Finding]:
        return _fitting(value, self.most, one_line=True)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


@dataclass(frozen=True)
class Note(Text):
    """Several lines of free text of at most `most` characters."""

    name: ClassVar[str] = "note"
    most: int = 2000

    def check(self, value: str) -> Iterable[Finding]:
        return _fitting(value, self.most, one_line=False)


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

    def check(self, value: str) -> Iterable[Finding]:
        found = _fitting(value, self.most, one_line=True)
        return found if self.standard is None else (*found, *self._against(self.standard, value))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}

    @staticmethod
    def _against(standard: Standard, value: str) -> Iterator[Finding]:
        try:
            compact = standard.validate(value)
        except CodeError as problem:
            yield problem.code, problem.message
        else:
            if compact != value:
                yield "not-compact", "代码不是标准写法，请重新扫描或输入"
