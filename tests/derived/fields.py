"""Every field of every declaration under a name for the test report, and complete records in which each one is stated."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Field, LineType, RecordType, Verb
from tests import chinese_bags, samples

Values = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A field of a module; `group` is the key of the lines that it stands in, "" for the head."""

    module: RecordType
    group: str
    holder: LineType
    field: Field

    @property
    def path(self) -> str:
        """The field as a problem names it."""
        return f"{self.group}.{self.field.key}" if self.group else self.field.key

    @property
    def line(self) -> int | None:
        """The line that tests damage."""
        return 1 if self.group else None

    def value(self, values: Mapping[str, Any]) -> Any:
        """Return the field's value in a record, of the first line where it stands in lines."""
        return self.holding(values).get(self.field.key)

    def holding(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the mapping that holds the field: the record or its first line."""
        first: Mapping[str, Any] = values[self.group][0] if self.group else values
        return first

    def put(self, values: Mapping[str, Any], value: Any, key: str | None = None) -> Values:
        """Return the record with another value here (or at another key beside it)."""
        changed = {**self.holding(values), key or self.field.key: value}
        return {**values, self.group: (changed, *values[self.group][1:])} if self.group else changed


def _places() -> Iterator[Place]:
    for module in all_records().values():
        for f in module.plain:
            yield Place(module, "", module, f)
        for group, of in module.groups:
            for f in of.plain:
                yield Place(module, group.key, of, f)


PLACES = tuple(_places())
NAMES = [f"{place.module.key}.{place.path}" for place in PLACES]
MODULES = tuple(all_records().values())
APPEND_ONLY = tuple(module for module in MODULES if module.append_only)
FORBIDDEN = [(module, verb) for module in MODULES for verb in Verb if verb not in module.verbs]

_seeds = itertools.count(1)


def _deliveries(seed: int) -> Iterator[Values]:
    for index, entry in enumerate(("check_character", "scanned", "typed_twice")):
        whole = samples.stock_in_values(2, seed + index, entry=entry, remark="第一行\n第二行")
        # The second bag bears the codes of a Chinese label, which every way of a record must know.
        labels = (whole["bags"][0], chinese_bags.bag_values((seed + index) * 10, entry=entry))
        bags = [{**bag, "split": "01"} for bag in labels]
        if entry != "scanned":
            bags[0]["label_message"] = "Mq"
        yield {**whole, "bags": tuple(bags)}


def _requests(seed: int) -> Iterator[Values]:
    rich: dict[str, Any] = {
        "urgency": "emergency",
        "emergency_reason": "大出血",
        "transfusion_history": "yes",
        "reaction_history": "no",
        "allergy": "青霉素",
        "gravida": Decimal(3),
        "para": Decimal(2),
        "processing": ("irradiated", "cmv_negative"),
        "haematocrit": Decimal("21.5"),
        "platelets": Decimal(80),
        "pt": Decimal("12.5"),
        "aptt": Decimal("35.0"),
        "fibrinogen": Decimal("2.25"),
        "surgery": True,
        "surgery_name": "剖宫产",
        "surgery_level": "3",
        "surgery_on": samples.NOW.date(),
        "autologous_plan": False,
        "remark": "👩🏽‍⚕️ 请尽快",
    }
    even = seed - seed % 2  # the samples make even seeds women
    whole = samples.request_values(even, **rich)
    components = tuple({**line, "remark": "备 2 U"} for line in whole["components"])
    approvals = tuple({**line, "opinion": "同意"} for line in whole["approvals"])
    yield {**whole, "components": components, "approvals": approvals}
    yield samples.request_values(
        even + 1, birth_date=None, id_type=None, id_no=None, age=Decimal(30), age_unit="year", sample_no=None
    )
    yield samples.request_values(
        even + 3,
        consent=False,
        consent_signer=None,
        consent_on=None,
        patient_class="outpatient",
        ward=None,
        bed=None,
        id_type="other",
        sex="male",
        planned_at=samples.NOW + timedelta(days=1),
    )


_VARIANTS = {"stock_in": _deliveries, "transfusion_request": _requests}


def variants(module: RecordType) -> list[Values]:
    """Return valid records of a module that state each of its fields at least once; new bags and numbers each time."""
    return list(_VARIANTS[module.key](next(_seeds) * 10))
