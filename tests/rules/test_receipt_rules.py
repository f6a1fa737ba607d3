"""A delivery at the door: each rule of arrival and acceptance against tables by hand, and what becomes of each bag."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.stock_in import StockIn
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.rules import arrival
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import Moment, findings
from bloodbank_desktop.rules.facts import Facts, NoteLine
from bloodbank_desktop.storage import duty_rows, site_rows
from tests.operations.bag_deeds import Bags
from tests.samples import NOW, bag_values, stock_in_values
from tests.support import FakeClock, open_store, seat

#: By hand from WS 399: the longest life of each component in hours.
LIVES = {
    "WB": 840, "RBC-S": 1008, "RBC-SLR": 1008, "RBC-C": 840, "RBC-W": 1008, "RBC-W-IR": 336, "RBC-DG": 24,
    "PLT-C": 120, "PLT-A": 120, "PLT-ALR": 120, "PLT-AF": 8784, "FFP": 8784, "FFP-VI": 8784, "FP": 35064,
    "FP-VI": 35064, "CRYO": 8784, "GRAN": 24,
}  # fmt: skip
#: By hand from WS/T 400: the box of each component, and its limits in ℃.
BOXES = {
    **dict.fromkeys(
        ("WB", "RBC-S", "RBC-SLR", "RBC-C", "RBC-W", "RBC-W-IR", "RBC-DG"), ("transport_temperature", 2, 10)
    ),
    **dict.fromkeys(("FFP", "FFP-VI", "FP", "FP-VI", "CRYO"), ("frozen_temperature", None, -18)),
    "PLT-AF": ("deep_frozen_temperature", None, -65),
    **dict.fromkeys(("PLT-C", "PLT-A", "PLT-ALR", "GRAN"), ("platelet_temperature", 20, 24)),
}


def codes(
    rule: str, *bags: dict[str, Any], facts: dict[str, Any] | None = None, **changes: Any
) -> list[tuple[str, str]]:
    """Return code and level of what one rule finds in a delivery."""
    whole = tidy(line_type(StockIn), stock_in_values(1, bags=bags or (bag_values(0),), **changes))
    told = Facts(NOW, **(facts or {}))
    return [(one.code, one.level.value) for one in findings(Moment.RECEIPT, whole, told) if one.rule == rule]


def of(component: str, **changes: Any) -> dict[str, Any]:
    """Return a bag of a component, whatever its product code says."""
    return {**bag_values(0), "component": component, **changes}


@pytest.mark.parametrize(("component", "hours"), LIVES.items())
def test_no_bag_lives_longer_than_its_product(component: str, hours: int) -> None:
    """The last minute that a label may state, and one minute more, for each component, with and without a collection."""
    for since, collected in ((NOW - timedelta(hours=20), True), (NOW - timedelta(minutes=10), False)):
        ends = since + timedelta(hours=hours)
        if hours >= 240:
            # Labels of what keeps for weeks name the end of a day in China, which is 15:59 UTC.
            china = (ends + timedelta(hours=8)).date()
            ends = datetime(china.year, china.month, china.day, 15, 59, tzinfo=UTC)
        for minutes, stopped in ((-1, False), (0, False), (1, True)):
            bag = of(component, collected_at=since if collected else None, expires_at=ends + timedelta(minutes=minutes))
            code = "beyond-shelf-life" if collected else "beyond-shelf-life-today"
            assert codes("receipt-expiry-plausible", bag) == ([(code, "block")] if stopped else []), (
                collected,
                minutes,
            )


@given(st.integers(-3000, 3000), st.sampled_from(sorted(LIVES)))
def test_a_later_collection_never_makes_a_worse_bag(minutes: int, component: str) -> None:
    """Whoever was collected later may expire later: the limit moves with the collection and never against it."""
    keeps = timedelta(hours=LIVES[component])
    assert arrival.latest_expiry(NOW, keeps) <= arrival.latest_expiry(NOW + timedelta(minutes=abs(minutes)), keeps)


@pytest.mark.parametrize("component", table("component"))
def test_each_box_has_its_limits(component: str) -> None:
    """At the limits a box is right, a tenth beyond them it is not; another box says nothing."""
    field, low, high = BOXES[component]
    for border, beyond in ((low, "-0.1"), (high, "0.1")):
        if border is not None:
            for delta, out in (("0", False), (beyond, True), (str(-float(beyond)), False)):
                measured: dict[str, Any] = {field: Decimal(border) + Decimal(delta)}
                expected = [("temperature-out", "warn")] if out else []
                assert codes("receipt-temperature", of(component), **measured) == expected, measured
    assert codes("receipt-temperature", of(component), **{field: None}) == [("temperature-unknown", "note")]
    others: dict[str, Any] = {one[0]: Decimal("39") for one in BOXES.values() if one[0] != field}
    assert codes("receipt-temperature", of(component), **others) == []


def test_the_note_is_compared_bag_by_bag() -> None:
    """What a note says otherwise is named, a bag that it does not name needs somebody who allows it."""
    bag = bag_values(0)
    right = NoteLine(bag["component"], bag["abo"], bag["rhd"], bag["expires_at"], "shanghai_blood_center", "FX1")
    for change, code in (
        ({}, []),
        ({"component": "FFP"}, ["note-differs"]),
        ({"abo": "B"}, ["note-differs"]),
        ({"rhd": "negative", "abo": "O"}, ["note-differs", "note-differs"]),
        ({"expires_at": bag["expires_at"] + timedelta(minutes=1)}, ["note-differs"]),
        ({"expires_at": None}, []),
        ({"supplier": "district_blood_station"}, ["note-supplier"]),
        ({"supplier": ""}, []),
    ):
        noted = NoteLine(**{**vars(right), **change})
        facts = {"notes": {bag_key(bag): noted}, "note_no": "FX1"}
        assert [one for one, _ in codes("receipt-note", bag, facts=facts)] == code
        assert codes("receipt-not-on-note", bag, facts=facts) == []
    other = {bag_key(bag_values(9)): right}
    assert codes("receipt-not-on-note", bag, facts={"notes": other, "note_no": "FX1"}) == [("not-on-note", "override")]
    assert codes("receipt-not-on-note", bag, facts={"notes": other, "note_no": ""}) == []


# -- what becomes of the bags -----------------------------------------------------------------------------------------


@pytest.fixture
def bags(tmp_path: Path) -> Iterator[Bags]:
    """A profile that receives."""
    profile: Profile = open_store(tmp_path, FakeClock())
    yield Bags(profile)
    profile.close()


@pytest.mark.parametrize(
    ("change", "head", "words"),
    [
        ({"arrival_defects": ("leaking",)}, {}, "破损漏血"),
        ({"arrival_defects": tuple(table("arrival_defect"))}, {}, "其他异常"),
        ({"label_message": "Mq"}, {}, "隔离"),
        ({}, {"transport_temperature": Decimal("10.1")}, "运输温度超限"),
        ({"regroup_abo": "O"}, {}, "复检不符"),
    ],
)
def test_what_warns_is_set_aside(change: dict[str, Any], head: dict[str, Any], words: str, bags: Bags) -> None:
    """A bag with a defect enters quarantine with the reason, and from there only goes back or away."""
    bag = bag_values(0, **change)
    bags.receive(bag, **head)
    (entry,) = bags.life(bag)
    assert (bags.state(bag), entry.event) == ("quarantined", "receive_quarantined")
    assert words in entry.facts["reason"]
    for deed in ("accept", "reserve", "release"):
        with pytest.raises(KnownProblem):
            bags.stock.do(deed, [bag_key(bag)], holder="SQ1")
    bags.remove("return", {**bag, "label_message": None})
    assert bags.state(bag) == "returned"


def test_a_solo_receipt_waits_for_another(bags: Bags) -> None:
    """Alone on duty the bags wait; the receiver herself cannot accept them, and the last one accepted ends the duty."""
    one, two = bag_values(0), bag_values(1)
    bags.receive(one, two, checker=None)
    with pytest.raises(Refused) as caught:
        bags.stock.do("accept", [bag_key(one)])
    assert [problem.code for problem in caught.value.problems] == ["own-receipt"]
    assert bags.state(one) == "received"
    seat(bags.profile, "训练乙")
    for bag, left in ((one, 1), (two, 0)):
        bags.stock.do("accept", [bag_key(bag)])
        with bags.profile.store.read() as tx:
            assert len(duty_rows.pending(tx, what="solo_receipt")) == left
    assert [bags.state(bag) for bag in (one, two)] == ["available", "available"]


def test_solo_duty_only_where_the_hospital_allows_it(bags: Bags) -> None:
    """By default two persons receive; who is alone is refused, and so is who says nothing."""
    tried: list[tuple[dict[str, Any], str]] = [({"solo_duty": True}, "solo-forbidden"), ({}, "no-checker")]
    for changes, code in tried:
        with pytest.raises(Refused) as caught:
            values = {**stock_in_values(1, 7, checker=None), **changes}
            bags.profile.desk.register("stock_in", values)
        assert [problem.code for problem in caught.value.problems] == [code]


def test_where_the_group_is_found_again_first(bags: Bags) -> None:
    """A hospital that re-checks at receipt: checked red cells wait, plasma does not; what differs goes to quarantine."""
    with bags.profile.store.write() as tx:
        site_rows.switch(tx, site_rows.Switched("regroup", "at_receipt", "本院规定", NOW, "训练主任"))
    unknown: dict[str, Any] = {"regroup_abo": None, "regroup_rhd": None}
    cells, more, plasma = bag_values(0, **unknown), bag_values(1, **unknown), bag_values(2)
    bags.receive(cells, more, plasma)
    assert [bags.state(bag) for bag in (cells, more, plasma)] == ["received", "received", "available"]
    assert [row.key for row in bags.stock.waiting_for_group([bag_key(cells), bag_key(more)])] == [
        bag_key(cells),
        bag_key(more),
    ]
    with pytest.raises(Refused) as caught:
        bags.stock.accept([bag_key(cells), bag_key(more)], {bag_key(cells): (cells["abo"], cells["rhd"])})
    assert [(one.code, one.line) for one in caught.value.problems] == [("regroup-missing", 2)]
    bags.stock.accept(
        [bag_key(cells), bag_key(more)],
        {bag_key(cells): (cells["abo"], cells["rhd"]), bag_key(more): ("AB", more["rhd"])},
    )
    assert [bags.state(bag) for bag in (cells, more)] == ["available", "quarantined"]
    assert "AB型" in bags.life(more)[-1].facts["reason"]
    with pytest.raises(KnownProblem, match="没有ABO"):
        bags.stock.accept([bag_key(cells)], {bag_key(cells): ("X", "positive")})


#: WS/T 400-2023 by hand: what travels in which box.
BOX_OF = {
    "WB": "chilled", "RBC-S": "chilled", "RBC-SLR": "chilled", "RBC-C": "chilled", "RBC-W": "chilled",
    "RBC-W-IR": "chilled", "RBC-DG": "chilled",
    "FFP": "frozen", "FFP-VI": "frozen", "FP": "frozen", "FP-VI": "frozen", "CRYO": "frozen",
    "PLT-AF": "deep_frozen",
    "PLT-C": "room", "PLT-A": "room", "PLT-ALR": "room", "GRAN": "room",
}  # fmt: skip


def test_each_component_travels_in_one_box() -> None:
    """Every component of the table stands in exactly the one box that the standard names for it."""
    assert arrival.boxes() == BOX_OF
    listed = [one for key in table("transport_box") for one in table("transport_box").facet(key, "components")]
    assert sorted(listed) == sorted(BOX_OF)


def test_a_component_without_a_box_is_set_aside() -> None:
    """Where no table says how a component travels, the bag is named, at its component, and no temperature is judged."""
    (line,) = stock_in_values(1, 1)["bags"]
    strange = {**stock_in_values(1, 1, transport_temperature=Decimal(30)), "bags": ({**line, "component": "RBC-X"},)}
    found = [one for one in arrival.transported_right(strange, Facts(NOW))]
    assert [(one.code, one.field, one.line) for one in found] == [("no-box", "component", 1)]
    assert found[0].words == {"component": table("component").word("RBC-X")}
    assert arrival.strayed(strange, strange["bags"][0]) is None
