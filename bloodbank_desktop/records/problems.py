"""A problem names its field, its line and what to do; as data, so that dialog, command line and import say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from bloodbank_desktop.errors import KnownProblem


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a record.

    `field` is a field key, `lines_key.field_key` inside lines, or "" for the whole record; `line` counts from 1 and is
    None outside lines; `code` is a stable English slug; `message` a Chinese sentence that says what to do.
    """

    field: str
    code: str
    message: str
    line: int | None = None

    def inside(self, lines_key: str, line: int) -> Problem:
        """Return this problem as seen from the record whose lines hold it."""
        return replace(self, field=f"{lines_key}.{self.field}" if self.field else lines_key, line=line)

    def as_json(self) -> dict[str, str | int | None]:
        """Return the form of the command line: field, line, code, message."""
        whole = asdict(self)
        return {key: whole[key] for key in ("field", "line", "code", "message")}


class Refused(KnownProblem):
    """An operation was not done, for the reasons in `problems`; nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("；".join(p.message for p in self.problems), code="refused")
