"""What rules may know besides the record: gathered by operations inside the transaction of the act, as plain values.

A rule never asks the file itself; what it was told stands here, so that a described case and a real one meet the same
rule. A fact that nobody gathered is empty, and an empty fact never makes a bag fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules.persons import Person, Signature


@dataclass(frozen=True)
class KnownGroup:
    """A blood group that a record states of a patient; `kind` and `name` say which record.

    `determined` says that this laboratory found it in a sample, and not that a ward wrote it down.
    """

    abo: str
    rhd: str
    at: datetime
    kind: str = ""
    name: str = ""
    determined: bool = False


@dataclass(frozen=True)
class KnownRequest:
    """Another request of the same patient; `ml` is what it asks for, converted."""

    request_no: str
    requested_at: datetime
    components: frozenset[str]
    ml: Decimal
    emergency: bool = False


@dataclass(frozen=True)
class PatientFacts:
    """What this hospital knows of a patient under every number of hers; antibodies are keys of the table `antibody`."""

    numbers: frozenset[str] = frozenset()
    groups: tuple[KnownGroup, ...] = ()
    antibodies: frozenset[str] = frozenset()
    reactions: tuple[str, ...] = ()
    requests: tuple[KnownRequest, ...] = ()
    requirements: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BagFacts:
    """What the stock knows of a bag; `state` "" = never came here; antigens are keys of the table `antigen`.

    `restricted_to` is the medical record number of the only patient who may get it (autologous, directed), "" = anyone.
    `received_by` are those who received it alone, nobody when a second person checked it.
    """

    state: str = ""
    holder: str = ""
    component: str = ""
    abo: str = ""
    rhd: str = ""
    amount: str = ""
    expires_at: datetime | None = None
    received_at: datetime | None = None
    intake_no: str = ""
    antigens_positive: frozenset[str] = frozenset()
    antigens_negative: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    restricted_to: str = ""
    received_by: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NoteLine:
    """What a dispatch note says of a bag, and whose note it is."""

    component: str
    abo: str
    rhd: str
    expires_at: datetime | None = None
    supplier: str = ""
    note_no: str = ""


@dataclass(frozen=True)
class KnownReview:
    """Another application for the same person, notice or certificate; `review_state` is the office's word, "" before.

    `ml` is what it asks for, converted.
    """

    review_no: str
    patient_name: str
    notice_no: str
    certificate_no: str
    ml: Decimal
    same_patient: bool = False
    review_state: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything a rule may know.

    `event` is what the act does to its bags (a key of the table `bag_event`, "" = nothing), `acting` the name in which
    it is done. `request_no` is what an issue says, `request` the live request of that number, `issued` what left for it
    before by component. `notes` are lines of every known dispatch note that names a bag, None when no note is known;
    `note_no` is the note that a delivery names, "" when it names none or one that never came. `before` are the values
    that an amendment replaces. `site` holds the switches that this hospital ever set; `issuing_closed` says why nothing
    may be issued at all, "" = nothing speaks against it. `reviews` are other applications for an entitlement;
    `plan_state` and `plan_remaining` are what the platform last said of a plan, "" and None where it said nothing.
    `expects` is the field that a scan is to fill, "" = any code of a bag.
    """

    now: datetime
    event: str = ""
    person: Person | None = None
    second: Signature | None = None
    site: Mapping[str, Any] = field(default_factory=dict)
    patient: PatientFacts = PatientFacts()
    bags: Mapping[BagKey, BagFacts] = field(default_factory=dict)
    request_no: str = ""
    request: Values | None = None
    issued: Mapping[str, Decimal] = field(default_factory=dict)
    notes: Mapping[BagKey, NoteLine] | None = None
    note_no: str = ""
    before: Values | None = None
    issuing_closed: str = ""
    acting: str = ""
    reviews: tuple[KnownReview, ...] = ()
    plan_state: str = ""
    plan_remaining: Decimal | None = None
    expects: str = ""

    def is_itself(self, values: Values, field_key: str, number: str) -> bool:
        """Return whether a number found in the file is the record's own, now or before an amendment."""
        return number in (values.get(field_key), (self.before or {}).get(field_key))

    def bag(self, key: BagKey) -> BagFacts:
        """Return what the stock knows of a bag; a bag that never came here has no state."""
        return self.bags.get(key, BagFacts())
