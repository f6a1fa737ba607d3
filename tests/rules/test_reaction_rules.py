"""Reactions: the classes weighed against criteria written here by hand, and what a report must hold before it is complete."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.adverse_reaction import AdverseReaction
from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules import reaction_classes
from bloodbank_desktop.rules.catalogue import Moment, findings
from bloodbank_desktop.rules.decisions import limit
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.reaction_classes import MEASURED, classify, holds, weigh, word_of
from bloodbank_desktop.storage import duty_rows
from tests.rules.reaction_table import AGAINST, DEMANDS
from tests.samples import NOW, reaction_values
from tests.support import FakeClock, open_store

CALM = {"temperature": Decimal("36.8"), "temperature_before": Decimal("36.6"), "symptoms": (), "findings": None}

#: WS/T 624, ISBT and NHSN read by hand: class → what is enough, and the same with one thing less (the near miss).
ENOUGH: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tt_virus": ({"findings": ("virus_new",)}, {}),
    "tt_bacteria": ({"symptoms": ("chills",), "findings": ("culture_positive",)}, {"findings": ("culture_positive",)}),
    "tt_syphilis": ({"findings": ("syphilis_new",)}, {}),
    "tt_parasite": ({"findings": ("parasite_seen",)}, {}),
    "tt_other": ({"findings": ("other_agent",)}, {}),
    "allergic": ({"symptoms": ("itch",)}, {"symptoms": ("itch", "shock")}),
    "anaphylactic": ({"symptoms": ("oedema", "hypotension")}, {"symptoms": ("oedema",)}),
    "acute_haemolytic": (
        {"symptoms": ("back_pain",), "findings": ("free_hb", "group_mismatch")},
        {"symptoms": ("back_pain",), "findings": ("free_hb",)},
    ),
    "delayed_haemolytic": ({"findings": ("dat_positive", "hb_no_rise")}, {"findings": ("dat_positive",)}),
    "delayed_serologic": ({"findings": ("new_antibody",)}, {"findings": ("new_antibody", "bilirubin")}),
    "febrile": ({"temperature": Decimal("38.0")}, {"temperature": Decimal("37.9")}),
    "trali": (
        {"symptoms": ("dyspnoea",), "oxygen_saturation": Decimal(89), "findings": ("infiltrates",)},
        {"symptoms": ("dyspnoea",), "oxygen_saturation": Decimal(90), "findings": ("infiltrates",)},
    ),
    "taco": ({"symptoms": ("rales",), "findings": ("bnp",)}, {"symptoms": ("rales",)}),
    "tad": ({"symptoms": ("dyspnoea",)}, {"symptoms": ("dyspnoea", "rash")}),
    "hypotensive": (
        {"systolic_before": Decimal(120), "systolic": Decimal(90)},
        {"systolic_before": Decimal(120), "systolic": Decimal(91)},
    ),
    "ta_gvhd": (
        {"symptoms": ("diarrhoea",), "findings": ("pancytopenia", "chimerism")},
        {"symptoms": ("diarrhoea",), "findings": ("pancytopenia",)},
    ),
    "ptp": (
        {"symptoms": ("purpura",), "findings": ("platelets_fell", "platelet_antibody")},
        {"symptoms": ("purpura",), "findings": ("platelets_fell",)},
    ),
    "iron": ({"findings": ("iron",)}, {}),
    "air": ({"symptoms": ("chest_pain",), "findings": ("air_seen",)}, {"symptoms": ("chest_pain",)}),
    "massive": ({"findings": ("cold_clotting",)}, {}),
    "non_immune": (
        {"findings": ("free_hb", "physical_damage")},
        {"findings": ("free_hb", "physical_damage", "dat_positive")},
    ),
    "refractory": ({"findings": ("low_cci",)}, {}),
}
#: Onset in hours after the start, first and last of the window, by hand.
WINDOWS = {
    "tt_bacteria": (0, 24), "allergic": (0, 4), "anaphylactic": (0, 4), "acute_haemolytic": (0, 24),
    "delayed_haemolytic": (24, 28 * 24), "delayed_serologic": (24, 28 * 24), "febrile": (0, 4), "trali": (0, 6),
    "taco": (0, 12), "tad": (0, 24), "hypotensive": (0, 1), "ta_gvhd": (48, 42 * 24), "ptp": (5 * 24, 24 * 24),
    "air": (0, 1), "massive": (0, 24), "non_immune": (0, 24), "refractory": (0, 24),
}  # fmt: skip


def facts(**known: Any) -> dict[str, Any]:
    """Return what is known of a reaction, without a time."""
    return {**CALM, **known}


def report(**changes: Any) -> dict[str, Any]:
    """Return a whole report."""
    return tidy(line_type(AdverseReaction), reaction_values(1, 0, **changes))


def codes(rule: str, values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return code and level of what one rule finds."""
    return [(one.code, one.level.value) for one in findings(Moment.REACTION, values, Facts(NOW)) if one.rule == rule]


def test_every_class_but_the_last_has_criteria() -> None:
    """All classes of the table have criteria that exist, only “other” has none."""
    assert set(table("reaction_criteria")) == set(ENOUGH) == set(table("reaction_type")) - {"other"}
    for key in table("reaction_criteria"):
        groups = [*table("reaction_criteria").facet(key, "needs"), table("reaction_criteria").facet(key, "excludes")]
        for criterion in (one for group in groups for one in group):
            assert not word_of(criterion).startswith("«"), criterion
            holds(criterion, facts())
    assert set(MEASURED) == set(table("measured_criterion"))


def _bare(criteria: Iterable[str]) -> frozenset[str]:
    return frozenset(one.partition(":")[2] for one in criteria)


@pytest.mark.parametrize("reaction", DEMANDS)
def test_every_cell_of_the_criteria(reaction: str) -> None:
    """What a class demands and what speaks against it is what the second notation says, nothing more and nothing less."""
    known = table("reaction_criteria")
    assert {_bare(group) for group in known.facet(reaction, "needs")} == {
        frozenset(group.split()) for group in DEMANDS[reaction]
    }
    assert len(known.facet(reaction, "needs")) == len(DEMANDS[reaction])
    assert _bare(known.facet(reaction, "excludes")) == {
        seen for seen, classes in AGAINST.items() if reaction in classes.split()
    }


@pytest.mark.parametrize("seen", AGAINST)
def test_whatever_speaks_against_a_class_makes_it_unfit(seen: str) -> None:
    """Each finding by itself is put against exactly the classes that the second notation names."""
    found = {key: weigh(key, _having(seen)).against for key in table("reaction_criteria")}
    assert {key for key, against in found.items() if against} == set(AGAINST[seen].split())


def _having(seen: str) -> dict[str, Any]:
    measured = {
        "temperature_rise": {"temperature": Decimal("38.0")},
        "pressure_fall": {"systolic_before": Decimal(120), "systolic": Decimal(90)},
    }
    if seen in measured:
        return facts(**measured[seen])
    kind = "symptoms" if seen in table("symptom") else "findings"
    return facts(**{kind: (seen,)})


def test_a_class_as_a_script_reads_it() -> None:
    """`classify` in the command line names each class by its key and in words, with what fits and what is missing."""
    one = weigh("trali", facts(symptoms=("dyspnoea",), findings=("overload",)))
    assert one.as_json() == {
        "type": "trali",
        "word": "输血相关急性肺损伤",
        "fits": False,
        "met": ["呼吸困难"],
        "missing": [word_of("measured:hypoxia"), word_of("finding:infiltrates")],
        "against": [word_of("finding:overload")],
        "in_time": None,
    }


def test_the_class_with_the_least_against_it_comes_first() -> None:
    """Of classes that do not fit, what is missing and what speaks against them count alike."""
    found = [one for one in classify(facts(symptoms=("dyspnoea", "rash"), findings=("overload",))) if not one.fits]
    burdens = [len(one.missing) + len(one.against) for one in found]
    assert burdens == sorted(burdens) and any(one.against for one in found) and any(one.missing for one in found)


@pytest.mark.parametrize("known", [{"onset_at": None}, {"bags": ()}, {"onset_at": None, "bags": ()}])
def test_without_a_time_no_class_is_in_or_out_of_time(known: dict[str, Any]) -> None:
    """Without the onset or without the beginning of a bag nothing is said of the window."""
    values = report() | known
    assert reaction_classes.onset_after(values) is None
    assert reaction_classes.in_time("allergic", values) is None


@pytest.mark.parametrize(("reaction", "known"), ENOUGH.items())
def test_enough_and_one_thing_less(reaction: str, known: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """What is enough for a class fits it, and with one thing less, or one against it, it does not."""
    enough, less = known
    whole = weigh(reaction, facts(**enough))
    assert whole.fits and whole.met and not whole.missing, whole
    near = weigh(reaction, facts(**less))
    assert not near.fits and (near.missing or near.against), near
    assert reaction in [one.reaction_type for one in classify(facts(**enough)) if one.fits]


@pytest.mark.parametrize(
    ("hours", "said"), [("5", "本例为 5 小时"), ("4.5", "本例为 4.5 小时"), ("10", "本例为 10 小时")]
)
def test_hours_are_said_as_a_person_says_them(hours: str, said: str) -> None:
    """Whole hours are said whole, others with one decimal."""
    values = report(reaction_type="allergic")
    values["onset_at"] = min(bag["started_at"] for bag in values["bags"]) + timedelta(hours=float(hours))
    (found,) = [one for one in findings(Moment.REACTION, values, Facts(NOW)) if one.rule == "reaction-window"]
    assert said in found.message


@pytest.mark.parametrize(("reaction", "window"), WINDOWS.items())
def test_windows_to_the_minute(reaction: str, window: tuple[int, int]) -> None:
    """Both ends of a window belong to it; a minute outside is asked about, and the class no longer fits."""
    enough, _ = ENOUGH[reaction]
    start = NOW - timedelta(days=60)
    bags = tuple({**bag, "started_at": start} for bag in reaction_values(1, 0)["bags"])
    for hours, direction in zip(window, (-1, 1), strict=True):
        for minutes in (-1, 0, 1):
            onset = start + timedelta(hours=hours, minutes=minutes)
            outside = minutes == direction
            values = {**report(**facts(**enough), reaction_type=reaction, onset_at=onset), "bags": bags}
            assert codes("reaction-window", values) == ([("outside-window", "warn")] if outside else [])
            assert weigh(reaction, values).fits is not outside
    assert weigh(reaction, facts(**enough)).in_time is None


@given(
    st.sets(st.sampled_from(sorted(table("symptom")))),
    st.sets(st.sampled_from(sorted(table("reaction_finding")))),
    st.decimals("35", "42", places=1),
)
def test_what_is_met_is_there(symptoms: set[str], found: set[str], temperature: Decimal) -> None:
    """A class names only criteria that hold, and fits only where no group is empty and nothing speaks against it."""
    values = facts(symptoms=tuple(symptoms), findings=tuple(found), temperature=temperature)
    for one in classify(values):
        needs = table("reaction_criteria").facet(one.reaction_type, "needs")
        against = table("reaction_criteria").facet(one.reaction_type, "excludes")
        met = [any(holds(criterion, values) for criterion in group) for group in needs]
        assert one.fits is (all(met) and not any(holds(criterion, values) for criterion in against))
        assert len(one.missing) == met.count(False)
    fits = [one.fits for one in classify(values)]
    assert fits == sorted(fits, reverse=True)


def test_nothing_known_is_nothing_met() -> None:
    """An empty form fits no class; a value that is missing is never a met criterion."""
    assert classify({}) == []
    assert not any(check({}) for check in MEASURED.values())


def test_the_graver_class_is_not_overlooked() -> None:
    """A fever with signs of haemolysis is asked about, and the haemolysis is named."""
    values = report(symptoms=("chills", "back_pain"), findings=("free_hb", "dat_positive"))
    assert codes("reaction-class", values) == [("criteria-against", "warn"), ("others-fit", "warn")]
    assert codes("reaction-class", report()) == []


def test_severe_ones_call_first() -> None:
    """What is severe urges the call until its time is there; a call before the onset or of the future is none."""
    assert codes("reaction-call-first", report()) == []
    for severity in ("severe", "life_threatening", "death"):
        assert codes("reaction-call-first", report(severity=severity)) == [("call-first", "note")]
        called = report(severity=severity, called_at=NOW - timedelta(minutes=50))
        assert codes("reaction-call-first", called) == []
    onset = report()["onset_at"]
    for seconds, stopped in ((-1, True), (0, False), (1, False)):
        values = report(called_at=onset + timedelta(seconds=seconds))
        assert bool(codes("reaction-call-first", values)) is stopped
    for seconds, stopped in ((-1, False), (0, False), (1, True)):
        assert bool(codes("reaction-call-first", report(called_at=NOW + timedelta(seconds=seconds)))) is stopped


def test_a_report_is_complete_when_the_checks_are_done(tmp_path: Any) -> None:
    """A haemolytic report opens a duty; a reviewer cannot close it, only the checks and the station's notice can."""
    profile: Profile = open_store(tmp_path, FakeClock())
    try:
        seven = tuple(table("investigation"))
        values = reaction_values(
            1, 0, reaction_type="acute_haemolytic", symptoms=("dark_urine",), findings=("free_hb", "dat_positive")
        )
        saved = profile.desk.register("adverse_reaction", values)
        with profile.store.read() as tx:
            assert [one.what for one in duty_rows.pending(tx, record_id=saved.record_id)] == ["reaction_checks"]
        with pytest.raises(Refused) as caught:
            profile.desk.amend("adverse_reaction", saved.record_id, {**values, "reviewer": "训练丙"})
        assert [one.code for one in caught.value.problems] == ["not-complete"]
        half = {**values, "investigations": seven}
        profile.desk.amend("adverse_reaction", saved.record_id, half)
        with profile.store.read() as tx:
            assert duty_rows.pending(tx, record_id=saved.record_id)
        whole = {**half, "station_informed_at": NOW, "reviewer": "训练丙"}
        profile.desk.amend("adverse_reaction", saved.record_id, whole)
        with profile.store.read() as tx:
            assert duty_rows.pending(tx, record_id=saved.record_id) == []
    finally:
        profile.close()


def test_the_limits_are_those_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure stands in the table of limits and nowhere else: another figure there decides otherwise."""
    warm = facts(temperature=Decimal("38.4"))
    assert holds("measured:temperature_rise", warm)
    monkeypatch.setattr(
        reaction_classes, "limit", lambda key: Decimal("38.5") if key == "temperature_fever" else limit(key)
    )
    assert not holds("measured:temperature_rise", warm)
