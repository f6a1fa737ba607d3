"""Which classes of reaction the facts fit, each with the criteria that are met and those that are missing.

It proposes and decides nothing: the physician names the class (WS/T 624-2018). The danger is a class that is chosen
because it is the common one; so every class is weighed, and what is missing is said beside what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.decisions import limit


@dataclass(frozen=True)
class Class:
    """One class weighed: criteria in words; `fits` when every group is met, nothing excludes it and the onset is in time.

    `in_time` is None where the class has no window or the onset is not known.
    """

    reaction_type: str
    met: tuple[str, ...]
    missing: tuple[str, ...]
    against: tuple[str, ...]
    in_time: bool | None

    @property
    def fits(self) -> bool:
        """Whether everything that the class demands is there."""
        return bool(self.met) and not self.missing and not self.against and self.in_time is not False

    def as_json(self) -> dict[str, Any]:
        """Return the form of the command line."""
        return {
            "type": self.reaction_type,
            "word": table("reaction_type").word(self.reaction_type),
            "fits": self.fits,
            "met": list(self.met),
            "missing": list(self.missing),
            "against": list(self.against),
            "in_time": self.in_time,
        }


def _at_least(value: Decimal | None, key: str) -> bool:
    return value is not None and value >= limit(key)


def _difference(values: Values, higher: str, lower: str) -> Decimal | None:
    one, other = values.get(higher), values.get(lower)
    return None if one is None or other is None else one - other


def _temperature_rise(values: Values) -> bool:
    rise = _difference(values, "temperature", "temperature_before")
    return _at_least(values.get("temperature"), "temperature_fever") and _at_least(rise, "temperature_rise")


def _septic_fever(values: Values) -> bool:
    rise = _difference(values, "temperature", "temperature_before")
    return _at_least(values.get("temperature"), "septic_temperature") or _at_least(rise, "septic_rise")


def _hypoxia(values: Values) -> bool:
    saturation = values.get("oxygen_saturation")
    return saturation is not None and saturation < limit("hypoxia_saturation")


def _pressure_fall(values: Values) -> bool:
    return _at_least(_difference(values, "systolic_before", "systolic"), "pressure_fall")


MEASURED: Mapping[str, Callable[[Values], bool]] = {
    "temperature_rise": _temperature_rise,
    "septic_fever": _septic_fever,
    "hypoxia": _hypoxia,
    "pressure_fall": _pressure_fall,
}
"""What is measured, by the key of the table measured_criterion; an unknown value is never a met criterion."""

_TABLES = {"symptom": "symptom", "finding": "reaction_finding", "measured": "measured_criterion"}


def holds(criterion: str, values: Values) -> bool:
    """Return whether a criterion ("symptom:fever", "finding:free_hb", "measured:hypoxia") is met. Raises KeyError."""
    kind, _, key = criterion.partition(":")
    if kind == "measured":
        return MEASURED[key](values)
    return key in (values.get({"symptom": "symptoms", "finding": "findings"}[kind]) or ())


def word_of(criterion: str) -> str:
    """Return a criterion in words."""
    kind, _, key = criterion.partition(":")
    return table(_TABLES[kind]).word(key)


def onset_after(values: Values) -> timedelta | None:
    """Return how long after the first bag was begun the reaction appeared, None while that is not known."""
    starts = [bag["started_at"] for bag in values.get("bags") or () if bag.get("started_at") is not None]
    onset = values.get("onset_at")
    return None if onset is None or not starts else onset - min(starts)


def in_time(reaction_type: str, values: Values) -> bool | None:
    """Return whether the onset lies in the window of a class, both ends included; None where that cannot be told."""
    window, after = table("reaction_type").facet(reaction_type, "window"), onset_after(values)
    if window is None or after is None:
        return None
    return timedelta(hours=window[0]) <= after <= timedelta(hours=window[1])


def weigh(reaction_type: str, values: Values) -> Class:
    """Return one class of the table reaction_criteria weighed against what is known, complete or not."""
    known = table("reaction_criteria")
    met: list[str] = []
    missing: list[str] = []
    for group in known.facet(reaction_type, "needs") or ():
        found = [word_of(one) for one in group if holds(one, values)]
        met += found
        if not found:
            missing.append("或".join(word_of(one) for one in group))
    against = [word_of(one) for one in known.facet(reaction_type, "excludes") or () if holds(one, values)]
    return Class(
        reaction_type, tuple(dict.fromkeys(met)), tuple(missing), tuple(against), in_time(reaction_type, values)
    )


def classify(values: Values) -> list[Class]:
    """Return every class of which something is met: those that fit first, then those with the least against them."""
    weighed = [weigh(key, values) for key in table("reaction_criteria")]
    found = [one for one in weighed if one.met]
    return sorted(found, key=lambda one: (not one.fits, len(one.missing) + len(one.against), -len(one.met)))
