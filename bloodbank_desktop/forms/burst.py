"""Whether keys came from a scanner or from a person is a question of time, decided here without any Qt.

Keys are held until it is clear: the gap to the next key has passed (a person; the keys are given back in order) or a
terminator closes a burst (a scanner; the text is a scan). The danger on one side is a lost key of a person, on the
other a scan that lands in whatever field has the focus.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from bloodbank_desktop.frozen import dataclass


@dataclass(frozen=True)
class Habits:
    """How the scanner of this workstation sends.

    `gap_ms` separates its keys from a person's. `least` characters make a burst (the shortest bag code without
    identifier has 4). `prefix` is a text that the scanner puts in front, "" for none. `terminated` says whether it ends
    a code with Enter or Tab; without one, a code ends when the gap has passed.
    """

    gap_ms: int = 50
    least: int = 4
    prefix: str = ""
    terminated: bool = True

    @property
    def least_open(self) -> int:
        """How many characters make a burst that nothing closed: more when a terminator was to be expected."""
        return self.least + 2 if self.terminated else self.least


class Outcome(Enum):
    """What held keys turned out to be."""

    TYPED = "typed"
    SCAN = "scan"
    INPUT_METHOD = "input-method"


@dataclass(frozen=True)
class Ended:
    """The end of a run of keys: what it was, its text, and what was held, in order."""

    outcome: Outcome
    text: str
    held: tuple[Any, ...]


# A person who picks a word from the input method causes several events at once; a whole code causes more.
_LEAST_INPUT_METHOD = 6


class Burst:
    """Collects keys. Times are milliseconds of one clock that does not step back."""

    def __init__(self, habits: Habits) -> None:
        self.habits = habits
        self._text: list[str] = []
        self._held: list[Any] = []
        self._keys = 0
        self._composed = False
        self._last = 0.0
        self._ended_at: float | None = None

    @property
    def open(self) -> bool:
        """Whether anything is held."""
        return bool(self._held)

    def too_late(self, at: float) -> bool:
        """Return whether a key at this moment no longer belongs to what is held."""
        return self.open and at - self._last > self._patience()

    def character(self, text: str, at: float, held: Any, *, composed: bool = False) -> None:
        """Hold a key; `composed` when it came through an input method. The caller has asked `too_late` before."""
        self._text.append(text)
        # A phrase that a person picks from an input method is one event, however long; a code is one for each key.
        self._keys += 1 if composed else max(1, len(text))
        self._composed = self._composed or composed
        self._last = at
        self._held.append(held)
        self._ended_at = None

    def along(self, held: Any) -> None:
        """Hold something that must keep its place between the keys, such as the release of one."""
        self._held.append(held)

    def terminator(self, at: float) -> Ended:
        """End the run with Enter or Tab."""
        ended = self._end(self.habits.least)
        if ended.outcome is not Outcome.TYPED:
            self._ended_at = at
        return ended

    def quiet(self) -> Ended:
        """End the run because the gap has passed."""
        return self._end(self.habits.least_open)

    def trailing(self, at: float) -> bool:
        """Return whether a terminator at this moment is the second one of a code just ended (CR LF)."""
        return self._ended_at is not None and at - self._ended_at <= self.habits.gap_ms

    def _patience(self) -> float:
        # A prefix already proves a scanner, which may then be slow (a radio link, a busy port).
        prefixed = self.habits.prefix and "".join(self._text).startswith(self.habits.prefix)
        return self.habits.gap_ms * (6 if prefixed else 1)

    @property
    def wait_ms(self) -> int:
        """How long to wait for the next key."""
        return int(self._patience())

    def _end(self, least: int) -> Ended:
        text, held = "".join(self._text), tuple(self._held)
        prefix = self.habits.prefix
        if self._composed:
            outcome = Outcome.INPUT_METHOD if self._keys >= _LEAST_INPUT_METHOD else Outcome.TYPED
        elif prefix and text.startswith(prefix) and len(text) > len(prefix):
            outcome, text = Outcome.SCAN, text.removeprefix(prefix)
        else:
            outcome = Outcome.SCAN if self._keys >= least else Outcome.TYPED
        self._text, self._held, self._keys, self._composed = [], [], 0, False
        return Ended(outcome, text, held)
