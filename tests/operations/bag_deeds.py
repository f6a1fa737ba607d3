"""Deeds on real bags of one profile, for the tests of what each module does to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.results import Saved
from bloodbank_desktop.operations.stock_desk import StockDesk
from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.rules.overriding import EMPTY, Override, Passage
from bloodbank_desktop.storage import ledger
from bloodbank_desktop.storage.ledger import Entry, StockRow
from tests import samples
from tests.derived.examples import arrive
from tests.support import allow_solo_duty

Bag = dict[str, Any]


def not_on_the_note(line: int) -> Passage:
    """Return what lets a bag in that its note does not name."""
    return Passage((Override("receipt-not-on-note", line, "result_explained", "已电话核实，血站漏列"),))


@dataclass
class Bags:
    """A profile and the numbers of its next records."""

    profile: Profile
    seed: int = 0
    stock: StockDesk = field(init=False)
    delivered: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stock = StockDesk(self.profile.desk)

    def _next(self) -> int:
        self.seed += 1
        return self.seed

    def now(self) -> Any:
        """Return the time of the profile's clock."""
        return self.profile.desk.clock.now()

    def receive(self, *bags: Bag, passage: Passage = EMPTY, **changes: Any) -> Saved:
        """Register a delivery of these bags, checked by a second person; without `checker` somebody is alone on duty."""
        if "checker" in changes and changes["checker"] is None:
            allow_solo_duty(self.profile)
            changes = {"solo_duty": True, **changes}
        values = samples.stock_in_values(1, self._next(), now=self.now(), **{"bags": bags, **changes})
        saved = self.profile.desk.register("stock_in", values, passage=passage)
        self.delivered[saved.record_id] = values
        return saved

    def reverse(self, delivery: Saved, *bags: Bag, **changes: Any) -> Saved:
        """Reverse a delivery, all of it or these bags."""
        values = samples.reversal_values(self.delivered[delivery.record_id], self._next(), now=self.now(), **changes)
        return self.profile.desk.register("stock_in", {**values, **({"bags": bags} if bags else {})})

    def issue(self, *bags: Bag, patient: int | None = None, started: Any = None, **changes: Any) -> Saved:
        """Issue bags to a patient of their group; `started` is when the transfusion of all of them began."""
        seed = samples.patient_of(bags[0]) if patient is None else patient
        values = samples.issue_values(seed=seed, bags=bags, now=self.now(), **changes)
        values |= {"issue_no": f"FX{self._next()}", "bags": tuple({**b, "started_at": started} for b in values["bags"])}
        self.ask(seed)
        return self.profile.desk.register("clinical_issue", values)

    def ask(self, *patients: int) -> None:
        """Let the wards of these patients have asked for plenty of everything that the bags of the tests hold."""
        for seed in patients:
            if seed not in self.requests:
                bags = [samples.bag_values(place, group=samples.group_of(seed)) for place in range(3)]
                issue = samples.issue_values(seed=seed, bags=bags, now=self.now())
                saved = self.profile.desk.register("transfusion_request", samples.request_for(issue, least=50))
                self.requests[seed] = saved.record_id

    def remove(self, out_type: str, *bags: Bag, **changes: Any) -> Saved:
        """Take bags out for another end than a patient."""
        more: dict[str, Any] = {"out_type": out_type}
        if out_type == "transfer":
            more["to_hospital"] = "training_hospital"
        if out_type not in ("discard", "autologous"):
            more |= {"witness": None, "waste_handover_no": None}
        values = samples.removal_values(seed=self._next(), bags=bags, now=self.now(), **{**more, **changes})
        return self.profile.desk.register("other_stock_out", values)

    def recall(self, *bags: Bag) -> str:
        """Let the station want bags back; return the id of the notice."""
        values = samples.recall_values(seed=self._next(), bags=bags, now=self.now())
        return arrive(self.profile, record_type("recall_notice"), values)

    def report(self, *bags: Bag) -> Saved:
        """Register a reaction to bags."""
        number = f"FY{self._next()}"
        values = samples.reaction_values(seed=samples.patient_of(bags[0]), bags=bags, now=self.now(), report_no=number)
        return self.profile.desk.register("adverse_reaction", values)

    def fill_in(self, issue: Saved, started: Any) -> Saved:
        """Add to an issue when its transfusion began."""
        values = self.profile.desk.view("clinical_issue", issue.record_id).values
        bags = tuple({**bag, "started_at": started} for bag in values["bags"])
        return self.profile.desk.amend("clinical_issue", issue.record_id, {**values, "bags": bags})

    def row(self, bag: Bag) -> StockRow:
        """Return the bag as the stock has it."""
        row = self.profile.desk.bag_in_stock(bag_key(bag))
        assert row is not None
        return row

    def state(self, bag: Bag) -> str:
        """Return the state of a bag, "" if it never came."""
        row = self.profile.desk.bag_in_stock(bag_key(bag))
        return "" if row is None else row.state

    def life(self, bag: Bag) -> list[Entry]:
        """Return everything that happened to a bag."""
        return self.stock.life(bag_key(bag))

    def events(self, bag: Bag) -> list[str]:
        """Return the names of what happened to a bag."""
        return [entry.event for entry in self.life(bag)]

    def differences(self) -> Sequence[BagKey]:
        """Return the bags whose stock row is not what the ledger says."""
        with self.profile.store.read() as tx:
            return list(ledger.differences(tx))
