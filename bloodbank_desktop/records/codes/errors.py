"""A code that breaks its standard is a `CodeError`; what a scan found out about a code is a `CodeProblem`.

The danger is a refusal that only says "invalid": the person at the counter then types the number from memory.
"""

from __future__ import annotations

from typing import Literal

from bloodbank_desktop.frozen import dataclass

Severity = Literal["error", "warning"]


class CodeError(ValueError):
    """A value breaks the rule of its standard.

    `code` is a stable English slug for tests and the command line ("length", "first-character", "check-character" …),
    `message` a Chinese sentence that says what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class CodeProblem:
    """One thing a person should know about a code that was read; an "error" means: do not use the value."""

    code: str
    message: str
    severity: Severity

    @classmethod
    def error(cls, code: str, message: str) -> CodeProblem:
        """Return a problem that forbids the use of the value."""
        return cls(code, message, "error")

    @classmethod
    def warning(cls, code: str, message: str) -> CodeProblem:
        """Return a problem that a person should see while the value stays usable."""
        return cls(code, message, "warning")
