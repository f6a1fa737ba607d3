"""What a patient asked for before, told to the rules of a request: for one record, or for a whole file at once.

A file of a hundred thousand rows may not ask the data file a hundred thousand times; and its own rows count, each for
those after it, exactly as if they had been registered one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules.approval import EMERGENCY, volume
from bloodbank_desktop.rules.facts import KnownRequest, PatientFacts
from bloodbank_desktop.rules.switches import value_of
from bloodbank_desktop.storage import request_rows, site_rows
from bloodbank_desktop.storage.request_rows import RequestRow
from bloodbank_desktop.storage.store import Transaction

#: So far from a request others can matter: the same China day, or a repetition within hours.
_AROUND = timedelta(hours=24)
Key = tuple[str, str]
"""What a patient is known by: ("number", medical record number) or ("id", ID number)."""
Said = tuple[str, datetime, str, tuple[tuple[str, Decimal], ...]]
"""What a record of the file says: its number, its time, its urgency, and component and amount of each line."""

Chain = tuple[Said, "Chain | None"]
"""A record and those before it; tuples of plain values cost the collector of garbage nothing, lists would."""


class RequestFacts:
    """What is known of the patients of some records: in the data file, and in records of the same file before them."""

    def __init__(self, tx: Transaction) -> None:
        self._counts = value_of(site_rows.switches(tx), "tier_counts")
        self._numbers: dict[str, frozenset[str]] = {}
        self._known: dict[Key, list[KnownRequest]] = defaultdict(list)
        #: Records of the file itself, as little of each as can be told: a file has a hundred thousand of them, and most
        #: patients ask once and are then never told about.
        self._earlier: dict[Key, Chain] = {}

    def look(self, tx: Transaction, records: Iterable[Values]) -> None:
        """Read what the data file knows of the patients of these records, and forget what was read before."""
        about = [one for one in records if one.get("medical_record_no") and one.get("requested_at")]
        self._known.clear()
        if not about:
            return
        self._numbers = request_rows.merged(tx, {one["medical_record_no"] for one in about})
        numbers = {number for all_ in self._numbers.values() for number in all_}
        ids = {one["id_no"] for one in about if one.get("id_no")}
        times = [one["requested_at"] for one in about]
        for row in request_rows.requests(tx, numbers, ids, min(times) - _AROUND, max(times) + _AROUND):
            known = self._of_row(row)
            self._known["number", row.medical_record_no].append(known)
            if row.id_no:
                self._known["id", row.id_no].append(known)

    def patient(self, values: Values) -> PatientFacts:
        """Return what rules are told of the patient of a record that was looked at."""
        numbers = self._numbers.get(values["medical_record_no"]) or frozenset({values["medical_record_no"]})
        found: dict[str, KnownRequest] = {}
        for key in [*[("number", number) for number in numbers], ("id", values.get("id_no") or "")]:
            for known in self._known.get(key, ()):
                found[known.request_no] = known
            for said in _oldest_first(self._earlier.get(key)):
                found[said[0]] = self._of(*said)
        near = (one for one in found.values() if abs(one.requested_at - values["requested_at"]) <= _AROUND)
        return PatientFacts(numbers, requests=tuple(near))

    def took(self, values: Values) -> None:
        """Count a record of the file for those after it."""
        lines = tuple((one["component"], one["amount"]) for one in values["components"])
        said = (str(values["request_no"]), values["requested_at"], values["urgency"], lines)
        keys = [("number", values["medical_record_no"])]
        if values.get("id_no"):
            keys.append(("id", values["id_no"]))
        for key in keys:
            self._earlier[key] = (said, self._earlier.get(key))

    def _of_row(self, row: RequestRow) -> KnownRequest:
        return self._of(row.request_no, row.requested_at, row.urgency, row.lines)

    def _of(self, number: str, at: datetime, urgency: str, lines: Sequence[tuple[str, Decimal]]) -> KnownRequest:
        told = [{"component": component, "amount": amount} for component, amount in lines]
        # Every component has a figure: a test holds the table of figures against that of components.
        ml = volume(told, self._counts) or volume((), self._counts)
        assert ml is not None
        components = frozenset(component for component, _ in lines)
        return KnownRequest(number, at, components, ml, urgency == EMERGENCY)


def _oldest_first(chain: Chain | None) -> Iterator[Said]:
    found = []
    while chain is not None:
        said, chain = chain
        found.append(said)
    return reversed(found)


def of_request(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    """Gather the facts of one request."""
    facts = RequestFacts(tx)
    facts.look(tx, [values])
    return {"patient": facts.patient(values)}
