"""What becomes of one scan: the verdict that a person sees and hears, and the step that carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.records.bag import BagKey


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a scan: a stable slug, what the screen says, the tone, the colour role, the line it concerns.

    `line` counts from 1 and is None where no line is concerned. `suggestion` is a text that a person may confirm with
    an explicit key, after comparing it with the label; None as a rule.
    """

    code: str
    message: str
    tone: Tone
    role: Role
    line: int | None = None
    suggestion: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the delivery changed."""
        return self.code in ("accepted", "complete")


@dataclass(frozen=True, slots=True)
class Step:
    """A scan that was weighed and not yet taken: the verdict if it is taken, the line as it would be, at `index`.

    `line` is None when the verdict is final. `ask` is the bag whose presence in the stock must be asked before. A bag
    that is turned away as a whole takes with it what was scanned of it before.
    """

    verdict: Verdict
    index: int = -1
    line: dict[str, Any] | None = None
    ask: BagKey | None = None
    turned_away: bool = False


class RefusedScan(Exception):
    """A scan is refused with this verdict, and the bag at `turned_away` with it if that is stated."""

    def __init__(self, verdict: Verdict, turned_away: int | None = None) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict
        self.turned_away = turned_away

    @property
    def step(self) -> Step:
        """The step that says so."""
        if self.turned_away is None:
            return Step(self.verdict)
        return Step(self.verdict, self.turned_away, turned_away=True)


def refused(
    code: str, message: str, *, line: int | None = None, tone: Tone = Tone.REFUSED, role: Role = Role.REFUSED
) -> Verdict:
    """Return a verdict that changes nothing."""
    return Verdict(code, message, tone, role, line)
