"""No sequence of acts whatsoever leads to an issued bag that breaks a block rule, to two holders, or to stock ≠ ledger.

What may leave is judged here by tables written by hand (tests/rules/issue_tables.py) and by the model's own memory of
patients, bags and clock; the rules of the program are asked nothing.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.judging import Stopped
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules.overriding import Override, Passage
from bloodbank_desktop.storage import verify
from tests import samples
from tests.operations.bag_deeds import Bags
from tests.rules import issue_tables
from tests.samples import bag_values
from tests.support import FakeClock, open_store

#: Product, its class in the hand-written tables, whether it is crossmatched, and its unit amount.
PRODUCTS = {
    "E6170V00": ("red_cells", True), "E5445V00": ("red_cells", True), "E0869V00": ("plasma", False),
    "A0321V00": ("platelets", False), "A0511V00": ("cryo", False),
}  # fmt: skip
GROUPS = [(abo, rhd) for abo in ("A", "B", "O", "AB") for rhd in ("positive", "negative")]
PATIENTS = (0, 1, 2, 3, 4, 5)
ABO = issue_tables.cells("abo_compatibility")
RHD = issue_tables.cells("rhd_compatibility")
#: What the model let leave, and what it saw refused.
DONE: Counter[str] = Counter()
STEPS = 0


@dataclass
class Bag:
    """What the model remembers of a bag."""

    values: dict[str, Any]
    kind: str
    positive: tuple[str, ...] = ()
    only: str = ""
    state: str = "available"
    holder: str = ""
    holders: list[str] = field(default_factory=list)


@dataclass
class Patient:
    """What the model remembers of a patient."""

    seed: int
    abo: str
    rhd: str
    antibodies: tuple[str, ...] = ()
    asked: Decimal = Decimal(0)

    @property
    def request(self) -> str:
        return f"SQS{self.seed:08d}"


class IssueMachine(RuleBasedStateMachine):
    """A refrigerator, six patients, a clock, and a blood bank that is told all kinds of nonsense."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.bags = Bags(open_store(Path(self._folder.name), self.clock))
        self.all: list[Bag] = []
        self.patients: dict[int, Patient] = {}
        self.number = 0

    def teardown(self) -> None:
        """Prove the whole file once at the end."""
        found = verify.problems(self.bags.profile.store)
        self.bags.profile.close()
        self._folder.cleanup()
        assert found == []

    @initialize(antibodies=st.sampled_from([(), ("anti_d",), ("anti_rh_big_e",)]))
    def begin(self, antibodies: tuple[str, ...]) -> None:
        """The wards of all patients have asked for plenty; the patient of seed 4 has antibodies."""
        for seed in PATIENTS:
            abo, rhd = samples.group_of(seed)
            found = antibodies if seed == 4 else ()
            self.patients[seed] = Patient(seed, abo, rhd, found)
            wanted = [
                {"component": key, "abo": abo, "rhd": rhd, "amount": Decimal(2000)}
                for key in ("RBC-S", "RBC-SLR", "FFP", "PLT-A", "CRYO")
            ]
            issue = samples.issue_values(seed=seed)
            request = samples.request_for(issue, components=tuple(wanted), antibodies=found or None)
            self.bags.profile.desk.register("transfusion_request", request)
            # Every kind is there for somebody from the beginning, or whole runs pass without some.
            for product in ("E6170V00", "E0869V00" if seed % 2 else "A0321V00", "A0511V00"):
                self._come(product, (abo, rhd), 90)

    @rule(
        product=st.sampled_from(sorted(PRODUCTS)),
        group=st.sampled_from([samples.group_of(seed) for seed in PATIENTS] * 2 + GROUPS),
        hours=st.integers(4, 96),
        tested=st.sampled_from([(), ("rh_big_e",)]),
        only=st.sampled_from(["", "", "", "ZY00000001"]),
    )
    def deliver(self, product: str, group: tuple[str, str], hours: int, tested: tuple[str, ...], only: str) -> None:
        """A bag comes."""
        self._come(product, group, hours, tested, only)

    def _come(
        self, product: str, group: tuple[str, str], hours: int, tested: tuple[str, ...] = (), only: str = ""
    ) -> None:
        self.number += 1
        ends = self.clock.at + timedelta(hours=hours)
        values = bag_values(self.number, product=product, group=group, expires_at=ends, now=self.clock.at)
        values |= {"antigens_positive": tested or None, "restricted_to": only or None}
        try:
            self.bags.receive(values)
        except Refused:
            return
        self.all.append(Bag(values, PRODUCTS[product][0], tested, only))

    @rule(hours=st.sampled_from([0, 1, 2, 5, 25]))
    def wait(self, hours: int) -> None:
        """Time goes by, and what was reserved too long is free."""
        self.clock.advance(hours=hours)
        for key in self.bags.profile.release_overdue():
            for bag in self.all:
                if bag_key(bag.values) == key:
                    bag.state, bag.holder = "available", ""

    @rule(data=st.data(), deed=st.sampled_from(["reserve", "release", "quarantine"]))
    def shelve(self, data: st.DataObject, deed: str) -> None:
        """Somebody does something at the stock page."""
        bag = data.draw(st.sampled_from(self.all))
        patient = self.patients[data.draw(st.sampled_from(PATIENTS))]
        holder = patient.request if deed == "reserve" else ""
        try:
            self.bags.stock.do(deed, [bag_key(bag.values)], reason="核对", holder=holder)
        except KnownProblem:
            return
        bag.state = {"reserve": "reserved", "release": "available", "quarantine": "quarantined"}[deed]
        bag.holder = holder

    @rule(data=st.data())
    def issue(self, data: st.DataObject) -> None:
        """Somebody issues some bag to some patient, with whatever sample, crossmatch, look and override."""
        draw: Any = data.draw
        if not self.all:
            return
        patient = self.patients[draw(st.sampled_from(PATIENTS))]
        bag = draw(st.sampled_from(self.all))
        group = (patient.abo, patient.rhd)
        likely = [
            one for one in self.all if (one.values["abo"], one.values["rhd"]) == group and one.state == "available"
        ]
        if likely and draw(st.integers(0, 3)):
            bag = draw(st.sampled_from(likely))
        now = self.clock.at
        own = bag_values(0, group=(patient.abo, patient.rhd))
        whole = samples.issue_values(seed=patient.seed, bags=[own], now=now)
        self.number += 1
        line = {key: bag.values.get(key) for key in samples.LABEL}
        tested = samples.crossmatch_values(bag.values, now=now)
        # Mostly in order, so that something leaves at all; each nonsense by itself.
        nonsense = draw(st.sampled_from(NONSENSE))
        if nonsense == "sample-of-another":
            other = draw(st.sampled_from(GROUPS))
            whole |= {"forward_group": other[0], "reverse_group": other[0], "second_abo": other[0]}
            whole |= {"sample_rhd": other[1], "second_rhd": other[1]}
        elif nonsense == "old-sample":
            whole["sampled_at"] = now - timedelta(hours=draw(st.integers(71, 74)))
        elif nonsense == "once":
            whole |= {"second_abo": None, "second_rhd": None}
        elif nonsense == "defect":
            tested["visual_defects"] = ("clot",)
        elif nonsense == "unseen":
            tested["inspected"] = False
        elif nonsense == "incompatible" and tested["crossmatch_result"] == "compatible":
            tested["crossmatch_result"] = draw(st.sampled_from(["incompatible", "suspicious"]))
        elif nonsense == "agglutination" and tested["crossmatch_result"] == "compatible":
            tested["major_side"] = "agglutination"
        elif nonsense == "no-request":
            whole["request_no"] = "SQ404"
        elif nonsense == "other-request":
            whole["request_no"] = f"SQS{(patient.seed + 1) % len(PATIENTS):08d}"
        elif nonsense == "emergency":
            whole |= {"pickup_type": "emergency", "emergency_reason": "抢救", "emergency_approver": "训练医务部"}
            if draw(st.booleans()):
                whole |= dict.fromkeys(samples.sample_values(patient.seed))
        elif nonsense == "late":
            whole["needed_at"] = bag.values["expires_at"] + timedelta(minutes=draw(st.integers(-1, 1)))
        elif nonsense == "same-hands":
            whole["collector"] = self.bags.profile.desk.operator
        whole |= {"issue_no": f"FX{self.number}", "bags": ({**line, **tested},)}
        overrides: tuple[Override, ...] = ()
        try:
            self.bags.profile.desk.register("clinical_issue", whole)
        except Stopped as stopped:
            # Whatever may be overridden is tried by somebody with every role.
            asked = stopped.settled.stopping
            overrides = tuple(Override(one.rule, one.line, "other", "随便写几个字看看", None) for one in asked)
            try:
                self.bags.profile.desk.register("clinical_issue", whole, passage=Passage(overrides))
            except (Refused, KnownProblem):
                DONE["refused"] += 1
                return
        except (Refused, KnownProblem):
            DONE["refused"] += 1
            return
        DONE["overridden" if overrides else "issued"] += 1
        DONE[bag.kind] += 1
        self._must_have_been_right(patient, bag, whole, tested)
        bag.state, bag.holder = "issued", whole["request_no"]
        bag.holders.append(whole["request_no"])

    def _must_have_been_right(self, patient: Patient, bag: Bag, whole: dict[str, Any], tested: dict[str, Any]) -> None:
        """Everything for which there is no override, by the model's own memory."""
        now, values = self.clock.at, bag.values
        assert bag.state == "available" or (bag.state, bag.holder) == ("reserved", patient.request)
        assert now < values["expires_at"] and whole["needed_at"] < values["expires_at"]
        assert whole["request_no"] == patient.request
        assert bag.only in ("", whole["medical_record_no"])
        assert tested["inspected"] is True and not tested.get("visual_defects")
        urgent = whole["pickup_type"] == "emergency"
        sampled = whole["forward_group"] is not None
        if sampled:
            assert (whole["forward_group"], whole["sample_rhd"]) == (patient.abo, patient.rhd) or urgent
            assert now - whole["sampled_at"] <= timedelta(hours=72)
        else:
            assert urgent
        twice = sampled and whole["second_abo"] == whole["forward_group"] and not self._contradicted(patient, whole)
        # Earlier issues of this patient count as a determination of their own.
        twice = twice or (sampled and any(patient.request in one.holders for one in self.all))
        group = whole["forward_group"] if twice else "unknown"
        assert twice or urgent
        outcome = ABO[bag.kind, group, values["abo"]]
        assert outcome in (("first", "alternative", "approval") if group != "unknown" else ("emergency_only",))
        rhd = whole["sample_rhd"] if twice else "unknown"
        anti_d = "yes" if "anti_d" in patient.antibodies else "no"
        woman = "yes" if whole["sex"] == "female" and now.year - whole["birth_date"].year <= 51 else "no"
        assert RHD[bag.kind, rhd, anti_d, woman, values["rhd"]] != "never"
        if bag.kind == "red_cells":
            assert "anti_rh_big_e" not in patient.antibodies or "rh_big_e" not in bag.positive
            assert tested["crossmatch_result"] == "compatible" and tested["major_side"] == "negative"
        assert whole["collector"] != self.bags.profile.desk.operator

    @staticmethod
    def _contradicted(patient: Patient, whole: dict[str, Any]) -> bool:
        return (whole["forward_group"], whole["sample_rhd"]) != (patient.abo, patient.rhd)

    @invariant()
    def stock_is_what_happened(self) -> None:
        """Stock, ledger and model agree about every bag, and no bag was given to two."""
        global STEPS
        STEPS += 1
        assert self.bags.differences() == []
        for bag in self.all:
            row = self.bags.row(bag.values)
            assert (row.state, row.holder) == (bag.state, bag.holder)
            assert len(bag.holders) <= 1
            assert (bag.state == "issued") == bool(bag.holders)


NONSENSE = (
    "", "", "", "", "", "", "", "", "", "sample-of-another", "old-sample", "once", "defect", "unseen", "incompatible",
    "agglutination", "no-request", "other-request", "emergency", "emergency", "late", "same-hands",
)  # fmt: skip


class TestIssueMachine(IssueMachine.TestCase):  # type: ignore[misc, valid-type]  # made by hypothesis
    """The machine, which must have got about."""

    settings = settings(max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))

    def runTest(self) -> None:  # noqa: N802  the name that unittest knows
        """Run the machine: at least two thousand steps, in which blood of several kinds left and much was refused."""
        global STEPS
        DONE.clear()
        STEPS = 0
        super().runTest()
        assert STEPS >= 2000, STEPS
        assert DONE["issued"] >= 50 and DONE["refused"] >= 200, DONE
        assert all(DONE[kind] for kind, _ in PRODUCTS.values()), DONE
