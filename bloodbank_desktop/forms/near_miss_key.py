"""F12 keeps what was just stopped as the draft of a near miss; the dialog stays, and the next bag can be scanned at once.

Only what stands on the screen is kept: a near miss of five bags ago would name the wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.catalogue import RULES, Finding, Level, Moment

if TYPE_CHECKING:
    from bloodbank_desktop.forms.record_dialog import RecordDialog

KEY = "F12"
_KEPT = "已记为险兆草稿，请有空时到“险兆事件”补充登记；这里可以接着做"


@dataclass(frozen=True)
class _Stopped:
    stage: str
    rule: str
    message: str
    bag: str


class NearMissKey:
    """The key of one dialog, and its button, which is there only while something has just been stopped."""

    def __init__(self, dialog: RecordDialog) -> None:
        self._dialog = dialog
        self._stopped: tuple[_Stopped, ...] = ()
        self._kept: set[_Stopped] = set()
        dialog.parts.near_miss.clicked.connect(self.keep)

    def scan(self, code: str, message: str, bag: str) -> None:
        """A scan was refused."""
        self._offer((_Stopped(Moment.SCAN.value, f"scan-{code}", message, bag),))

    def record(self, found: Sequence[Problem]) -> None:
        """An attempt to save was refused; only what a rule stopped is a near miss, a missing field is none."""
        gravest = [one for one in found if isinstance(one, Finding) and one.level in (Level.BLOCK, Level.OVERRIDE)]
        self._offer(tuple(self._of_rule(one) for one in gravest if one.rule in RULES))

    def forget(self) -> None:
        """What was stopped stands on the screen no longer."""
        self._offer(())

    def keep(self) -> None:
        """Keep what was stopped as a draft: the problem that is chosen in the list, else the first; once each."""
        one = self._chosen()
        if one is None:
            return
        if one in self._kept:
            self._dialog.say("这一项已记为险兆草稿，不必再记", Role.INFO)
            return
        self._kept.add(one)

        def failed(problem: KnownProblem) -> None:
            self._kept.discard(one)
            self._dialog.say(f"没有记下险兆：{problem.message}", Role.REFUSED)

        def kept() -> None:
            self._dialog.say(_KEPT, Role.GOOD)

        self._dialog.back.near_miss(one.stage, one.rule, one.message, one.bag, kept, failed)

    def _chosen(self) -> _Stopped | None:
        problems = self._dialog.parts.problems
        row = problems.currentRow()
        if 0 <= row < len(problems.problems):
            message = problems.problems[row].message
            for one in self._stopped:
                if one.message == message:
                    return one
        return next(iter(self._stopped), None)

    def _of_rule(self, one: Finding) -> _Stopped:
        block = self._dialog.blocks.get("bags")
        lines = block.values() if block is not None else ()
        bag = bag_name(bag_key(lines[one.line - 1])) if one.line and one.line <= len(lines) else ""
        return _Stopped(RULES[one.rule].moments[0].value, one.rule, one.message, bag)

    def _offer(self, stopped: tuple[_Stopped, ...]) -> None:
        self._stopped = stopped
        self._dialog.parts.near_miss.setVisible(bool(stopped))
