"""What every kind of field can do: read and write the three forms of a value, and say what is wrong with one.

A text that is not exactly a value raises `Unreadable`. The danger is a kind that guesses: a wrong value looks like any
other value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from bloodbank_desktop.frozen import dataclass


class Unreadable(ValueError):
    """A text or wire value is not a value of this kind; `code` is a slug, `message` says in Chinese what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


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

    def check(self, value: Any) -> Iterable[Finding]:
        """Return what is wrong with a stored value that is not None."""
        return ()

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the wire form."""
        return {"type": "string"}
