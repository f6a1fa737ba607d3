"""The other side by itself, for a person who trains: some seconds after something arrives, the next step happens to it.

A step is an act like any other and asks again, in its own transaction, whether the record waits for it; so two
schedules, a trainer at the command line and the hospital itself never answer twice. A recall never comes by itself.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.training import ledger
from bloodbank_desktop.training.acting import NOTHING, do
from bloodbank_desktop.training.acts import act
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.stage import Document, Stage

_log = logging.getLogger(__name__)
TICK = 1.0


@dataclass(frozen=True)
class Step:
    """An act that is done to every record that waits for it, `after` seconds since the last word about the record.

    `state` narrows the states of the act: an order is answered only when it has been accepted.
    """

    what: str
    after: float
    state: str | None = None


#: In the order of a record's way; the seconds let a person see each state before the next.
STEPS = (
    Step("order-accept", 10),
    Step("order-answer", 15, "accepted"),
    Step("order-dispatch", 20),
    Step("review-reviewing", 10),
    Step("review-pass", 20, "reviewing"),
    Step("laboratory-receive", 15),
    Step("laboratory-report", 30),
    Step("transfer-acknowledge", 30),
    Step("reaction-acknowledge", 15),
)
#: After the last word about any plan, if none is left to activate.
PLAN_AFTER = 60.0


class Schedule:
    """The steps that are due on one platform; `tick` does them and is cheap when nothing happened and nothing is due."""

    def __init__(self, platform: Platform, steps: tuple[Step, ...] = STEPS, plan_after: float = PLAN_AFTER) -> None:
        self._platform = platform
        self._steps = steps
        self._plan_after = timedelta(seconds=plan_after)
        self._seen: int | None = None
        self._next: datetime | None = None

    def tick(self) -> list[Document]:
        """Do what is due now; return what each act published."""
        now = self._platform.clock.now()
        with self._platform.ledger.read() as connection:
            newest = ledger.last_seq(connection)
        if newest == self._seen and (self._next is None or now < self._next):
            return []
        with self._platform.stage() as stage:
            due, self._next = self._due(stage)
        done = [document for what, record_id in due if (document := self._do(what, record_id)) is not None]
        # What was done may have made the next step wait: then its time is found at the next tick.
        self._seen = None if done else newest
        return done

    def _due(self, stage: Stage) -> tuple[list[tuple[str, str | None]], datetime | None]:
        """Return what is due, and the moment at which the next of the rest will be."""
        due: list[tuple[str, str | None]] = []
        later: list[datetime] = []
        for step in self._steps:
            wanted = act(step.what)
            states = (*wanted.states, *wanted.anew) if step.state is None else (step.state,)
            for one in stage.of_module(wanted.module, states):
                if wanted.waits(one):
                    self._sort_in(due, later, step.what, one.id, one.at + timedelta(seconds=step.after), stage.now)
        if not any(True for _ in stage.of_module("donor_plan", (None, "allocated"))):
            last = next(iter(stage.of_module("donor_plan")), None)
            at = stage.now if last is None else last.at + self._plan_after
            self._sort_in(due, later, "plan-allocate", None, at, stage.now)
        return due, min(later, default=None)

    @staticmethod
    def _sort_in(
        due: list[tuple[str, str | None]],
        later: list[datetime],
        what: str,
        record_id: str | None,
        at: datetime,
        now: datetime,
    ) -> None:
        if at <= now:
            due.append((what, record_id))
        else:
            later.append(at)

    def _do(self, what: str, record_id: str | None) -> Document | None:
        try:
            with self._platform.stage() as stage:
                return do(stage, act(what), {} if record_id is None else {"id": record_id})
        except KnownProblem as problem:
            # The hospital or a trainer was quicker, or there is nothing to send; everything else is a bug of ours.
            if problem.code != NOTHING:
                raise
            return None


class Liveliness(threading.Thread):
    """Ticks a schedule once a second until `stopping` is set; a step that fails is logged and the rest goes on."""

    def __init__(self, schedule: Schedule, stopping: threading.Event, tick: float = TICK) -> None:
        super().__init__(name="training-schedule", daemon=True)
        self._schedule = schedule
        self._stopping = stopping
        self._tick = tick

    def run(self) -> None:
        """Tick until told to stop."""
        while not self._stopping.wait(self._tick):
            try:
                self._schedule.tick()
            except Exception:
                _log.exception("a step of the training schedule failed")
