"""No sequence of acts leads to a stock that differs from the ledger, or to a bag that has two ends."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.results import Saved
from bloodbank_desktop.operations.stock_desk import DEEDS
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.storage import verify
from tests.operations.bag_deeds import Bags
from tests.rules.bag_table import ENDS, EVENTS, LIFE
from tests.samples import NOW, bag_values
from tests.support import FakeClock, open_store, seat

BAGS = tuple(bag_values(index, group=("A", "positive")) for index in range(5))
SOME = st.sets(st.integers(0, len(BAGS) - 1), min_size=1, max_size=3).map(sorted)
INDEXES = st.integers(0, len(BAGS) - 1)
#: Both of the group of the bags.
PATIENTS = st.sampled_from((6, 12))
#: What happened to some bag in some run of the machine.
HAPPENED: set[str] = set()


class BagMachine(RuleBasedStateMachine):
    """Five bags, every module that moves bags, and beside them a model that knows only the table written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.bags = Bags(open_store(Path(self._folder.name), FakeClock()))
        self.states = ["" for _ in BAGS]
        self.holders = ["" for _ in BAGS]
        self.ends = [0 for _ in BAGS]
        self.came_with: list[Saved | None] = [None for _ in BAGS]
        self.issues: list[tuple[Saved, list[int]]] = []

    def teardown(self) -> None:
        """Prove the whole file once at the end."""
        found = verify.problems(self.bags.profile.store)
        self.bags.profile.close()
        self._folder.cleanup()
        assert found == []

    def attempt(self, name: str, which: list[int], act: Callable[[], Any], *, also: bool = True) -> Any:
        """Do an event to bags: it must work exactly if the table allows it to each of them and `also` holds."""
        allowed = also and all(name in LIFE[self.states[index]] for index in which)
        try:
            done = act()
        except (Refused, KnownProblem):
            assert not allowed, f"{name} was refused to bags in {[self.states[i] for i in which]}"
            return None
        assert allowed, f"{name} happened to bags in {[self.states[i] for i in which]}"
        for index in which:
            self.step(index, name)
        return done

    def step(self, index: int, name: str) -> None:
        """Bring the model forward by an event that happened."""
        HAPPENED.add(name)
        before, self.states[index] = self.states[index], LIFE[self.states[index]][name]
        if name.startswith("receive"):
            self.ends[index] = 0
        if self.states[index] in ENDS and self.states[index] != before:
            self.ends[index] += 1

    def hold(self, which: list[int], holder: str) -> None:
        """Note for the model who has bags now."""
        for index in which:
            self.holders[index] = holder

    @rule(data=st.data())
    def likely(self, data: st.DataObject) -> None:
        """Something that may happen to one of the bags, and to others that are alike if there are any."""
        index = data.draw(INDEXES)
        moves = LIFE[self.states[index]]
        # Ends are rarer than the rest, or every bag would have its end before anything happened to it.
        names = [name for name in sorted(moves) for _ in range(1 if moves[name] in ENDS - {"transfused"} else 4)]
        if names:
            alike = [other for other in range(len(BAGS)) if self._alike(index, other)]
            which = sorted({index, data.draw(st.sampled_from(alike))})
            self._do(data.draw(st.sampled_from(names)), which, data)

    @initialize()
    def begin(self) -> None:
        """Some bags are here when it begins."""
        self._receive("receive_checked", [0, 1, 2, 3])

    @rule(name=st.sampled_from(sorted(EVENTS)), which=SOME, data=st.data())
    def anything(self, name: str, which: list[int], data: st.DataObject) -> None:
        """Anything to any bags, which mostly must be refused."""
        self._do(name, which, data)

    def _alike(self, one: int, other: int) -> bool:
        facts = self.states, self.holders, self.came_with
        return all(fact[one] == fact[other] for fact in facts)

    def _do(self, name: str, which: list[int], data: st.DataObject) -> None:
        if name.startswith("receive"):
            self._receive(name, which)
        elif name == "reverse":
            self._reverse(which)
        elif name in DEEDS:
            self._deed(name, which, data.draw(PATIENTS))
        elif name == "issue":
            self._issue(which, data.draw(PATIENTS), data.draw(st.booleans()))
        elif name == "transfuse":
            self._fill_in(which[0])
        elif name == "recall":
            self._recall(which)
        else:
            self._remove(name, which)

    def _receive(self, name: str, which: list[int]) -> None:
        message = "Mq" if name == "receive_quarantined" else None
        checker = None if name == "receive" else "训练丙"
        some = [{**BAGS[index], "label_message": message} for index in which]
        saved = self.attempt(name, which, lambda: self.bags.receive(*some, checker=checker))
        if saved is not None:
            self.hold(which, "")
            for index in which:
                self.came_with[index] = saved

    def _reverse(self, which: list[int]) -> None:
        delivery = self.came_with[which[0]]
        if delivery is not None:
            mine = all(self.came_with[index] is delivery for index in which)
            some = [BAGS[index] for index in which]
            if self.attempt("reverse", which, lambda: self.bags.reverse(delivery, *some), also=mine):
                self.hold(which, "")

    def _deed(self, deed: str, which: list[int], patient: int) -> None:
        """A deed at the stock page."""
        keys, holder = [bag_key(BAGS[index]) for index in which], f"SQS{patient:08d}"

        def act() -> bool:
            # Who received a bag alone does not accept it herself.
            seat(self.bags.profile, "训练乙" if deed == "accept" else "训练甲")
            try:
                self.bags.stock.do(
                    deed, keys, reason="核对", place="9号冰箱", holder=holder if deed == "reserve" else ""
                )
            finally:
                seat(self.bags.profile)
            return True

        if self.attempt(deed, which, act) and deed != "relocate":
            self.hold(which, holder if deed == "reserve" else "")

    def _issue(self, which: list[int], patient: int, begun: bool) -> None:
        """An issue, in half of all cases registered after the transfusion began."""
        holder = f"SQS{patient:08d}"
        free = all(self.states[index] != "reserved" or self.holders[index] == holder for index in which)
        some = [BAGS[index] for index in which]

        def act() -> Saved:
            return self.bags.issue(*some, patient=patient, started=NOW if begun else None)

        saved = self.attempt("issue", which, act, also=free)
        if saved is not None:
            self.hold(which, holder)
            if not begun:
                self.issues.append((saved, which))
            for index in which if begun else ():
                self.step(index, "transfuse")

    def _fill_in(self, index: int) -> None:
        """The start of a transfusion becomes known; bags that came back unused are not transfused by it."""
        for one in [one for one in self.issues if index in one[1]]:
            saved, which = one
            self.bags.fill_in(saved, NOW + timedelta(hours=1))
            self.issues.remove(one)
            for other in which:
                if self.states[other] == "issued":
                    self.step(other, "transfuse")

    def _remove(self, name: str, which: list[int]) -> None:
        out_type = {"consume": "research"}.get(name, name)
        some = [BAGS[index] for index in which]
        if self.attempt(name, which, lambda: self.bags.remove(out_type, *some)):
            self.hold(which, "")

    def _recall(self, which: list[int]) -> None:
        """A recall, which is never refused and touches what it can."""
        self.bags.recall(*(BAGS[index] for index in which))
        for index in which:
            if "recall" in LIFE[self.states[index]]:
                self.step(index, "recall")
                if self.states[index] == "quarantined":
                    self.hold([index], "")

    @invariant()
    def stock_is_what_happened(self) -> None:
        """Stock, ledger and model say the same of every bag, and no bag has two ends in one stay."""
        assert self.bags.differences() == []
        for index, bag in enumerate(BAGS):
            row = self.bags.profile.desk.bag_in_stock(bag_key(bag))
            assert ("" if row is None else row.state) == self.states[index]
            assert ("" if row is None else row.holder) == self.holders[index]
            assert self.ends[index] <= 1
            life = self.bags.life(bag)
            assert all(one.state_after == (two.state_before or "") for one, two in pairwise(life))
            stay = [i for i, entry in enumerate(life) if entry.event.startswith("receive")][-1:] or [0]
            ends = [e for e in life[stay[0] :] if e.state_after in ENDS and e.state_after != e.state_before]
            assert len(ends) == self.ends[index]


class TestBagMachine(BagMachine.TestCase):  # type: ignore[misc, valid-type]  # made by hypothesis
    """The machine, which must have got about."""

    settings = settings(max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))

    def runTest(self) -> None:  # noqa: N802  the name that unittest knows
        """Run the machine; most of what can happen to a bag must have happened, or it proved nothing."""
        HAPPENED.clear()
        super().runTest()
        assert len(HAPPENED) >= len(EVENTS) - 5, f"never happened: {EVENTS - HAPPENED}"
