"""The kind of a field that holds lines of its own; their fields have kinds, the list itself only a length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.kinds.base import Finding, Kind


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
