"""Who will get the blood, as the rules of issue see her: her group as far as it is proven, her antibodies, her mode.

A group is known when today's sample agrees with itself and with a second determination; everything else is "unknown",
and an unknown group never makes a bag fit. Pure functions; the danger is one rule that believes more than another.
"""

from __future__ import annotations

from datetime import date

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.records.clinical_issue import emergency as emergency
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.decisions import decision, limit
from bloodbank_desktop.rules.facts import Facts, KnownGroup

UNKNOWN = "unknown"
_ABO = frozenset(table("abo"))
_RHD = frozenset(table("rhd"))


def sample_abo(values: Values) -> str:
    """Return the ABO group of today's sample, "unknown" unless forward and reverse grouping agree."""
    forward, reverse = values.get("forward_group"), values.get("reverse_group")
    if forward is None or reverse is None or decision("grouping").outcome(forward, reverse) != "agree":
        return UNKNOWN
    return str(forward)


def sample_rhd(values: Values) -> str:
    """Return the RhD of today's sample, "unknown" where it is not positive or negative."""
    found = values.get("sample_rhd")
    return str(found) if found in _RHD else UNKNOWN


def stated(values: Values, facts: Facts) -> tuple[KnownGroup, ...]:
    """Return every group that any record states of this patient, this record and its request included."""
    own = [KnownGroup(values["patient_abo"], values["patient_rhd"], facts.now, "clinical_issue", "本次发血单")]
    if facts.request is not None:
        request = facts.request
        own.append(
            KnownGroup(
                request["patient_abo"],
                request["patient_rhd"],
                request["requested_at"],
                "transfusion_request",
                str(request["request_no"]),
            )
        )
    return (*own, *facts.patient.groups)


def abo_contradicted(values: Values, facts: Facts) -> KnownGroup | None:
    """Return a record that states another ABO group than today's sample, or than another record where there is none."""
    ours = sample_abo(values)
    for known in stated(values, facts):
        if known.abo in _ABO:
            if ours == UNKNOWN:
                ours = known.abo
            elif known.abo != ours:
                return known
    return None


def rhd_contradicted(values: Values, facts: Facts) -> KnownGroup | None:
    """Return a record that states another RhD than today's sample, or than another record where there is none."""
    ours = sample_rhd(values)
    for known in stated(values, facts):
        if known.rhd in _RHD:
            if ours == UNKNOWN:
                ours = known.rhd
            elif known.rhd != ours:
                return known
    return None


def determinations(values: Values, facts: Facts) -> tuple[int, int]:
    """Return how many determinations of ABO and of RhD agree with today's sample, that sample included; 0 without one."""
    earlier = [known for known in facts.patient.groups if known.determined]
    abo, rhd = sample_abo(values), sample_rhd(values)
    of_abo = 0 if abo == UNKNOWN else 1 + (values.get("second_abo") == abo) + sum(one.abo == abo for one in earlier)
    of_rhd = 0 if rhd == UNKNOWN else 1 + (values.get("second_rhd") == rhd) + sum(one.rhd == rhd for one in earlier)
    return of_abo, of_rhd


def proven_abo(values: Values, facts: Facts) -> str:
    """Return the ABO group to choose blood by: today's sample, determined twice and contradicted by nothing."""
    second = values.get("second_abo")
    if determinations(values, facts)[0] < 2 or abo_contradicted(values, facts) is not None:
        return UNKNOWN
    return sample_abo(values) if second not in _ABO or second == sample_abo(values) else UNKNOWN


def proven_rhd(values: Values, facts: Facts) -> str:
    """Return the RhD to choose blood by: today's sample, determined twice and contradicted by nothing."""
    second = values.get("second_rhd")
    if determinations(values, facts)[1] < 2 or rhd_contradicted(values, facts) is not None:
        return UNKNOWN
    return sample_rhd(values) if second not in _RHD or second == sample_rhd(values) else UNKNOWN


def antibodies(values: Values, facts: Facts) -> tuple[str, ...]:
    """Return the antibodies that anybody ever found in this patient, in the order of the table: none ever lapses."""
    found = set(facts.patient.antibodies) | set(values.get("antibodies") or ())
    if facts.request is not None:
        found |= set(facts.request.get("antibodies") or ())
    return tuple(key for key in table("antibody") if key in found)


def may_bear(values: Values, facts: Facts) -> bool:
    """Whether the patient is, or may be, a girl or woman whose later children anti-D would harm.

    Without a birth date the stated age decides; without either, or without a sex, she is counted among them.
    """
    if values["sex"] == "male":
        return False
    years = _age(values, facts)
    return years is None or limit("childbearing_from") <= years <= limit("childbearing_to")


def _age(values: Values, facts: Facts) -> int | None:
    born: date | None = values.get("birth_date")
    if born is not None:
        today = china_day(facts.now)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if values.get("age") is None:
        return None
    return int(values["age"]) if values.get("age_unit") == "year" else 0


def as_known(values: Values, facts: Facts) -> Values:
    """Return the values of an issue whose sample is not grouped yet as if it would confirm what is known.

    Only for choosing bags ahead: the issue itself is judged by the sample. A group that records contradict, or that
    nobody stated, stays unknown.
    """
    if values.get("forward_group") is not None:
        return values
    abo = next((known.abo for known in stated(values, facts) if known.abo in _ABO), None)
    rhd = next((known.rhd for known in stated(values, facts) if known.rhd in _RHD), None)
    if abo is None or abo_contradicted(values, facts) is not None:
        return values
    rhd = None if rhd_contradicted(values, facts) is not None else rhd
    groups = {"forward_group": abo, "reverse_group": abo, "second_abo": abo}
    return {**values, **groups, **({"sample_rhd": rhd, "second_rhd": rhd} if rhd is not None else {})}
