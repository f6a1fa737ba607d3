"""A problem that a person can do something about is a `KnownProblem`; everything else is a bug of ours.

The danger is to mix the two: a bug shown as a friendly sentence is never mended, and a full disk shown as a
traceback helps nobody at 3 a.m.
"""

from __future__ import annotations


class KnownProblem(Exception):
    """Something outside the program went wrong and the person is told, in Chinese, what to do.

    `message` is the whole sentence for the screen, `code` a stable English slug for logs, tests and the command line.
    """

    def __init__(self, message: str, *, code: str = "known-problem") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
