"""Kinds whose value is chosen: entries of a code table, and yes or no.

People see words, records hold keys. The danger is a number from outside taken for a key of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.kinds.base import Finding, Kind, Unreadable
from bloodbank_desktop.records.tables import NO_TABLE, Site, Table


def _codes(table: Table) -> dict[str, Any]:
    """Return the schema of a key: of a list that sites may extend only its form, and the keys that we bring along."""
    if table.site is Site.ENTRIES:
        return {"type": "string", "pattern": table.keys, "x-table": table.name, "x-known": list(table.shipped)}
    return {"type": "string", "enum": list(table.shipped)}


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
            allowed = "、".join(f"{key}（{self.table.word(key)}）" for key in self.table.offered[:12])
            raise Unreadable("not-in-table", f"不是《{self.table.label}》中的代码；可用：{allowed}")
        return wire

    def check(self, value: str) -> Iterable[Finding]:
        if value in self.table.entries:
            return ()
        return (("not-in-table", f"不在《{self.table.label}》中，请从列表中选择"),)

    def schema(self) -> dict[str, Any]:
        return _codes(self.table)


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
        return {"type": "array", "items": _codes(self.table), "uniqueItems": True}

    def _ordered(self, keys: list[str]) -> tuple[str, ...] | None:
        return tuple(key for key in self.table if key in keys) or None


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
