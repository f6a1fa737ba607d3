"""What a person does with bags that are here, and what the stock page counts; after every test the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.stock_desk import DEEDS, StockDesk, near_expiry
from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.ledger import StockRow
from bloodbank_desktop.storage.stock_rows import StockQuery
from tests.operations.bag_deeds import Bag, Bags
from tests.samples import NOW, bag_values
from tests.support import FakeClock, census, seat

CELLS = "RBC-SLR"


@pytest.fixture
def bags(profile: Profile) -> Iterator[Bags]:
    """Deeds on the bags of a fresh profile, whose file holds in every respect when the test ends."""
    made = Bags(profile)
    yield made
    assert verify.problems(profile.store) == []


@pytest.fixture
def stock(bags: Bags) -> StockDesk:
    """The stock of the profile."""
    return bags.stock


def keys(rows: Any) -> list[BagKey]:
    """Return the bags of some rows."""
    return [row.key if isinstance(row, StockRow) else row for row in rows]


def no(bags: Bags, code: str, deed: str, *which: Bag, **words: str) -> str:
    """Do what must be refused; nothing at all may be written. Return the sentence."""
    before = census(bags.profile.store)
    with pytest.raises(KnownProblem) as caught:
        bags.stock.do(deed, [bag_key(bag) for bag in which], **words)
    assert (caught.value.code, census(bags.profile.store)) == (code, before)
    return caught.value.message


# -- deeds ---------------------------------------------------------------------------------------------------------


def _bring(bags: Bags, state: str, index: int = 0) -> Bag:
    """Return a bag that has been brought into a state."""
    bag = bag_values(index)
    bags.receive(bag, checker=None if state == "received" else "训练丙", station_issue_no=None)
    key = [bag_key(bag)]
    if state == "quarantined":
        bags.stock.do("quarantine", key, reason="疑似溶血")
    elif state == "reserved":
        bags.stock.do("reserve", key, holder="SQ1")
    elif state == "issued":
        bags.issue(bag)
    assert bags.state(bag) == state
    return bag


WORDS = {
    "quarantine": {"reason": "外观异常"},
    "take_back": {"reason": "病情变化"},
    "reserve": {"holder": "SQ1"},
    "relocate": {"place": "9号冰箱"},
}
LEADS = {
    ("accept", "received"): "available",
    ("quarantine", "received"): "quarantined",
    ("quarantine", "available"): "quarantined",
    ("quarantine", "reserved"): "quarantined",
    ("reserve", "available"): "reserved",
    ("release", "reserved"): "available",
    ("take_back", "issued"): "quarantined",
    **{("relocate", state): state for state in ("received", "available", "reserved", "quarantined")},
}


@pytest.mark.parametrize("state", ["received", "available", "reserved", "quarantined", "issued"])
@pytest.mark.parametrize("deed", DEEDS)
def test_each_deed_in_each_state(deed: str, state: str, bags: Bags) -> None:
    """A deed leads where the table of bag events says, is offered exactly there, and is refused everywhere else."""
    bag = _bring(bags, state)
    target = LEADS.get((deed, state))
    assert (deed in bags.stock.deeds(state)) is (target is not None)
    if target is None:
        said = no(bags, "bag-state", deed, bag, **WORDS.get(deed, {}))
        assert bag["donation_number"][-6:] in said
        return
    events = len(bags.life(bag))
    # What one person received alone, another accepts.
    actor = seat(bags.profile, "训练乙" if deed == "accept" else "训练甲").name
    bags.stock.do(deed, [bag_key(bag)], **WORDS.get(deed, {}))
    assert bags.state(bag) == target
    (entry,) = bags.life(bag)[events:]
    assert (entry.event, entry.state_before, entry.state_after, entry.actor) == (deed, state, target, actor)


@pytest.mark.parametrize(
    ("deed", "code"),
    [("quarantine", "reason-required"), ("take_back", "reason-required"), ("relocate", "place-required"),
     ("reserve", "holder-required")],
)  # fmt: skip
def test_deeds_that_need_words(deed: str, code: str, bags: Bags) -> None:
    """Setting aside and taking back need a reason, moving a place, reserving a request; blanks are none of them."""
    bag = _bring(bags, "issued" if deed == "take_back" else "available")
    (name,) = WORDS[deed]
    no(bags, code, deed, bag)
    no(bags, code, deed, bag, **{name: "  "})
    bags.stock.do(deed, [bag_key(bag)], **WORDS[deed])
    facts = bags.life(bag)[-1].facts
    assert {"quarantine": "外观异常", "take_back": "病情变化", "relocate": "9号冰箱", "reserve": "SQ1"}[
        deed
    ] in facts.values()


def test_all_bags_or_none(bags: Bags) -> None:
    """When one bag of several refuses, it is named and none is moved; the same bag named twice moves once."""
    one, two = _bring(bags, "available", 0), _bring(bags, "quarantined", 1)
    assert bag_values(1)["donation_number"][-6:] in no(bags, "bag-state", "reserve", one, two, holder="SQ1")
    bags.stock.do("reserve", [bag_key(one), bag_key(one)], holder="SQ1")
    assert bags.events(one) == ["receive_checked", "reserve"]


def test_what_cannot_be_meant(bags: Bags) -> None:
    """An unknown deed, no bag at all and a bag that never came are refused in words."""
    bag = _bring(bags, "available")
    no(bags, "no-such-deed", "issue", bag)
    no(bags, "no-bags", "accept")
    no(bags, "bag-state", "relocate", bag_values(5), place="1号冰箱")


def test_a_deed_stands_in_the_audit(bags: Bags) -> None:
    """Who did what to which bag, with the words given, is in the audit chain."""
    bag = _bring(bags, "available")
    bags.stock.do("relocate", [bag_key(bag)], place=" 9号冰箱 ")
    with bags.profile.store.read() as tx:
        action, obj, detail, actor = tx.exec_driver_sql(
            "SELECT action, object, detail, actor FROM audit ORDER BY seq DESC LIMIT 1"
        ).one()
    assert (action, obj, actor) == ("relocate", f"stock/{'/'.join(bag_key(bag))}", bags.profile.desk.actor)
    assert "9号冰箱" in detail and bags.row(bag).location == "9号冰箱"


@pytest.mark.parametrize(("seconds", "allowed"), [(-1, True), (0, False), (1, False)])
def test_an_expired_bag_is_not_reserved(seconds: int, allowed: bool, bags: Bags, clock: FakeClock) -> None:
    """Until the second before its expiry a bag may be kept for a patient, from that moment on never."""
    bag = _bring(bags, "available")
    clock.at = bag["expires_at"] + timedelta(seconds=seconds)
    if allowed:
        bags.stock.do("reserve", [bag_key(bag)], holder="SQ1")
    else:
        no(bags, "expired", "reserve", bag, holder="SQ1")


def test_a_reserved_bag_goes_to_its_request(bags: Bags) -> None:
    """The holder is respected at issue; a release, and only that, makes the bag free for another request."""
    bag = _bring(bags, "available")
    bags.stock.do("reserve", [bag_key(bag)], holder="SQS00000006")
    assert bags.row(bag).holder == "SQS00000006"
    with pytest.raises(Refused) as caught:
        bags.issue(bag, patient=12)
    assert [(problem.line, problem.code) for problem in caught.value.problems] == [(1, "reserved-for-another")]
    assert "SQS00000006" in caught.value.problems[0].message
    bags.stock.do("release", [bag_key(bag)])
    assert bags.row(bag).holder == ""
    bags.issue(bag, patient=12)
    assert (bags.state(bag), bags.row(bag).holder) == ("issued", "SQS00000012")


def test_a_reserved_bag_may_be_issued_to_its_request(bags: Bags) -> None:
    """The request that a bag is kept for gets it without a release."""
    bag = _bring(bags, "available")
    bags.stock.do("reserve", [bag_key(bag)], holder="SQS00000006")
    bags.issue(bag, patient=6)
    assert bags.events(bag)[-2:] == ["reserve", "issue"]


@pytest.mark.parametrize("deed", ["quarantine", "take_back"])
def test_what_is_set_aside_is_nobodys(deed: str, bags: Bags) -> None:
    """A bag that is set aside is no longer kept for, or with, the request that had it."""
    bag = _bring(bags, "reserved" if deed == "quarantine" else "issued")
    assert bags.row(bag).holder
    bags.stock.do(deed, [bag_key(bag)], reason="原因")
    assert bags.row(bag).holder == ""


# -- groups --------------------------------------------------------------------------------------------------------


def cells(index: int, product: str = "E5445V00", **changes: Any) -> Bag:
    """Return a bag of one group whatever its index, and whatever the dictionary says of its product."""
    known = table("product").entries[product[:5]]
    group = {"component": known["component"], "amount": Decimal(known["amount"]), "product_code": product}
    whole = {**group, "abo": "A", "rhd": "positive", "collected_at": None, "expires_at": NOW + timedelta(days=20)}
    return bag_values(index, **{**whole, **changes})


def test_sums_are_exact(bags: Bags, stock: StockDesk) -> None:
    """Bags and amounts are counted by component and group in the order of the tables; what left counts no more."""
    washed = [cells(n, "Z4382", expires_at=NOW + timedelta(days=10)) for n in range(3)]
    whole = [*washed, *(cells(n, product) for n, product in ((3, "P0064"), (4, "P0065"), (5, "P0064")))]
    bags.receive(*whole, cells(6), cells(7, "E0869V00"))
    bags.receive(cells(8, abo="O"), cells(9, rhd="negative"), checker=None)
    bags.issue(cells(6))
    stock.do("reserve", [bag_key(whole[3])], holder="SQ1")
    stock.do("quarantine", [bag_key(whole[4])], reason="外观")
    found = stock.groups()
    order = [list(table(name)) for name in ("component", "abo", "rhd")]
    places = [tuple(o.index(k) for o, k in zip(order, (g.component, g.abo, g.rhd), strict=True)) for g in found]
    assert places == sorted(places) and len(found) == 5
    by_key = {(g.component, g.abo, g.rhd): g for g in found}
    thirds, mine = by_key["RBC-W-IR", "A", "positive"], by_key[CELLS, "A", "positive"]
    assert (thirds.bags, thirds.amount, thirds.usable) == (3, Decimal("4.5"), 3)
    assert (mine.bags, mine.amount, mine.usable) == (3, Decimal(4), 1)
    assert mine.states == {"available": 1, "reserved": 1, "quarantined": 1}
    waiting = by_key[CELLS, "O", "positive"]
    assert (waiting.bags, waiting.usable, waiting.states) == (1, 0, {"received": 1})
    assert sum(g.bags for g in found) == stock.bags(StockQuery())[0] == 9


@pytest.mark.parametrize("product", ["E5445V00", "E0869V00"])
@pytest.mark.parametrize(("seconds", "near", "expired"), [(-1, 0, 0), (0, 1, 0), (1, 1, 0)])
def test_near_expiry_begins_on_the_second(
    product: str, seconds: int, near: int, expired: int, bags: Bags, clock: FakeClock
) -> None:
    """A bag is near its expiry from exactly so many hours before it as the table gives its component."""
    bag = cells(0, product, expires_at=NOW + timedelta(days=40))
    bags.receive(bag, cells(1, product, expires_at=NOW + timedelta(days=41)))
    span = near_expiry(NOW)[bag["component"]] - NOW
    assert span > timedelta(0)
    clock.at = bag["expires_at"] - span + timedelta(seconds=seconds)
    (group,) = bags.stock.groups()
    assert (group.near_expiry, group.expired, group.usable) == (near, expired, 2)
    assert bags.stock.bags(StockQuery(attention="near_expiry"))[0] == near


@pytest.mark.parametrize(("seconds", "near", "expired"), [(-1, 1, 0), (0, 0, 1), (1, 0, 1)])
def test_expiry_begins_on_the_second(seconds: int, near: int, expired: int, bags: Bags, clock: FakeClock) -> None:
    """From the moment on its label a bag is expired, no longer near it, and not usable; it stays in stock."""
    bag = cells(0)
    bags.receive(bag)
    clock.at = bag["expires_at"] + timedelta(seconds=seconds)
    (group,) = bags.stock.groups()
    assert (group.bags, group.near_expiry, group.expired, group.usable) == (1, near, expired, near)
    for attention, count in (("near_expiry", near), ("expired", expired)):
        assert bags.stock.bags(StockQuery(attention=attention))[0] == count


def test_safety_stock_counts_what_may_be_issued(bags: Bags, stock: StockDesk, clock: FakeClock) -> None:
    """A group is short when fewer bags can be issued than wanted: reserved and expired ones do not help, one too many does."""
    group = (CELLS, "A", "positive")
    stock.set_level(group, 2)
    (empty,) = stock.groups()
    assert (empty.bags, empty.amount, empty.least, empty.short) == (0, Decimal(0), 2, True)
    bags.receive(cells(0), cells(1), cells(2, expires_at=NOW + timedelta(days=1)))
    assert not stock.groups()[0].short
    stock.do("reserve", [bag_key(cells(0))], holder="SQ1")
    assert (stock.groups()[0].usable, stock.groups()[0].short) == (2, False)
    clock.advance(days=1)
    assert (stock.groups()[0].usable, stock.groups()[0].short) == (1, True)
    stock.set_level(group, 1)
    assert not stock.groups()[0].short
    assert [g.least for g in stock.groups()] == [1]


@pytest.mark.parametrize(
    ("group", "least", "code"),
    [((CELLS, "A", "positive"), -1, "below-zero"), (("nothing", "A", "positive"), 1, "no-such-group"),
     ((CELLS, "C", "positive"), 1, "no-such-group"), ((CELLS, "A", ""), 1, "no-such-group")],
)  # fmt: skip
def test_wrong_safety_stock(group: tuple[str, str, str], least: int, code: str, bags: Bags) -> None:
    """A number below nothing, or of a group that cannot exist, is refused."""
    with pytest.raises(KnownProblem) as caught:
        bags.stock.set_level(group, least)
    assert (caught.value.code, bags.stock.groups()) == (code, [])


def test_bags_are_found(bags: Bags, stock: StockDesk) -> None:
    """A query narrows by group, state and part of number, place or holder; the first to expire comes first."""
    whole = [cells(n, expires_at=NOW + timedelta(days=9 - n), location=f"{n}号冰箱") for n in range(4)]
    bags.receive(*whole)
    stock.do("reserve", [bag_key(whole[1])], holder="SQ77")
    assert keys(stock.bags(StockQuery())[1]) == [bag_key(bag) for bag in reversed(whole)]
    for query, found in (
        (StockQuery(text="sq77"), [1]),
        (StockQuery(text="2号"), [2]),
        (StockQuery(text=whole[3]["donation_number"].lower()), [3]),
        (StockQuery(text="%"), []),
        (StockQuery(states=("reserved",)), [1]),
        (StockQuery(states=("issued",)), []),
        (StockQuery(component="FFP"), []),
        (StockQuery(abo="A", rhd="positive", component=CELLS), [3, 2, 1, 0]),
    ):
        total, rows = stock.bags(query)
        assert (total, keys(rows)) == (len(found), [bag_key(whole[n]) for n in found]), query
    total, rows = stock.bags(StockQuery(), offset=1, limit=2)
    assert (total, keys(rows)) == (4, [bag_key(whole[n]) for n in (2, 1)])
    assert stock.places_and_bags()[0] == ["0号冰箱", "1号冰箱", "2号冰箱", "3号冰箱"]


# -- stock-take ----------------------------------------------------------------------------------------------------


def test_one_pass_finds_everything(bags: Bags, stock: StockDesk, clock: FakeClock) -> None:
    """Counting one refrigerator tells what is right, missing, elsewhere by the books, unknown, and expired among it."""
    here = [cells(n, location="1号冰箱") for n in range(3)]
    old = cells(3, location="1号冰箱", expires_at=NOW + timedelta(days=1))
    there, old_there = cells(4, location="2号冰箱"), cells(5, location="2号冰箱", expires_at=NOW + timedelta(days=1))
    gone, never = cells(6, location="1号冰箱"), cells(7)
    bags.receive(*here, old, there, old_there, gone)
    bags.issue(gone)
    clock.advance(days=1)
    scanned = [bag_key(bag) for bag in (here[0], here[0], here[1], old, there, old_there, gone, never)]
    taken = stock.count(scanned, place="1号冰箱")
    assert keys(taken.present) == [bag_key(bag) for bag in (here[0], here[1], old)]
    assert keys(taken.missing) == [bag_key(here[2])]
    assert keys(taken.elsewhere) == [bag_key(bag) for bag in (there, old_there, gone)]
    assert keys(taken.unknown) == [bag_key(never)]
    assert keys(taken.expired) == [bag_key(old), bag_key(old_there)]
    assert not taken.clean
    before = {bag["donation_number"]: bags.events(bag) for bag in here}
    assert all(events == ["receive_checked"] for events in before.values())


def test_all_refrigerators_at_once(bags: Bags, stock: StockDesk) -> None:
    """Without a place everything in stock is expected, wherever it stands; a complete count is clean."""
    one, two = cells(0, location="1号冰箱"), cells(1, location=None)
    bags.receive(one, two)
    assert stock.count([bag_key(one), bag_key(two)]).clean
    short = stock.count([bag_key(one)])
    assert (keys(short.missing), short.clean) == ([bag_key(two)], False)
    assert keys(stock.count([]).missing) == [bag_key(one), bag_key(two)]
    assert stock.count([bag_key(one)], place="1号冰箱").clean


# -- reversal ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_reversed_and_its_bags_may_come_again(bags: Bags, stock: StockDesk) -> None:
    """A reversal takes all bags out, is linked with its reason, and the bags may be received again; life shows it."""
    one, two = cells(0), cells(1)
    first = bags.receive(one, two)
    undone = stock.reverse(first.record_id, reason=" 供血机构选错 ")
    values = bags.profile.desk.view("stock_in", undone.record_id).values
    assert (values["intake_type"], values["reverses"], values["reversal_reason"]) == (
        "reversal",
        first.name,
        "供血机构选错",
    )
    assert [bags.state(bag) for bag in (one, two)] == ["reversed", "reversed"]
    assert stock.groups() == []
    again = bags.receive(one, checker=None)
    assert bags.events(one) == ["receive_checked", "reverse", "receive"]
    assert [entry.record_id for entry in bags.life(one)] == [first.record_id, undone.record_id, again.record_id]
    assert (bags.row(one).intake_no, bags.state(two)) == (again.name, "reversed")
    # What came again belongs to the new delivery: the old one has nothing left to take back.
    with pytest.raises(Refused):
        stock.reverse(first.record_id, reason="再来一次")
    stock.reverse(again.record_id, reason="再来一次")
    assert bags.state(one) == "reversed"


def test_some_bags_of_a_delivery_are_reversed(bags: Bags, stock: StockDesk) -> None:
    """Only the chosen bags leave, in the order of the delivery; the others stay, and what is left can follow later."""
    one, two, three = cells(0), cells(1), cells(2)
    first = bags.receive(one, two, three)
    undone = stock.reverse(first.record_id, reason="多扫两袋", bags=[bag_key(three), bag_key(one), bag_key(three)])
    values = bags.profile.desk.view("stock_in", undone.record_id).values
    assert [bag["donation_number"] for bag in values["bags"]] == [one["donation_number"], three["donation_number"]]
    assert [bags.state(bag) for bag in (one, two, three)] == ["reversed", "available", "reversed"]
    with pytest.raises(Refused) as caught:
        stock.reverse(first.record_id, reason="再来", bags=[bag_key(two), bag_key(one)])
    assert [(problem.line, problem.code) for problem in caught.value.problems] == [(1, "bag-state")]
    assert bags.state(two) == "available"
    stock.reverse(first.record_id, reason="再来", bags=[bag_key(two)])
    assert stock.groups() == [] and bags.differences() == []


def test_only_bags_of_the_delivery_can_be_chosen(bags: Bags, stock: StockDesk) -> None:
    """A bag of another delivery is refused by name, no bag at all with a sentence; nothing moves."""
    one, other = cells(0), cells(1)
    first, _ = bags.receive(one), bags.receive(other)
    for chosen, code in (([bag_key(one), bag_key(other)], "not-of-this-intake"), ([], "no-bags")):
        with pytest.raises(KnownProblem) as caught:
            stock.reverse(first.record_id, reason="错", bags=chosen)
        assert caught.value.code == code
    assert [bags.state(bag) for bag in (one, other)] == ["available", "available"]


def test_it_is_said_which_bags_may_be_reversed(bags: Bags, stock: StockDesk) -> None:
    """Of each bag of a delivery: free, or why not – it left, was reversed, or came again with another delivery."""
    one, two, three, four = (cells(index) for index in range(4))
    first = bags.receive(one, two, three, four)
    bags.issue(two)
    stock.reverse(first.record_id, reason="错", bags=[bag_key(three), bag_key(four)])
    again = bags.receive(four)
    found = stock.delivered(first.record_id)
    assert [item.key for item in found] == [bag_key(bag) for bag in (one, two, three, four)]
    said = [item.refusal or "" for item in found]
    assert said[0] == "" and "已发出" in said[1] and "已冲红" in said[2] and again.name in said[3]
    for item in found:
        free = item.refusal is None
        if not free:
            with pytest.raises(Refused):
                stock.reverse(first.record_id, reason="错", bags=[item.key])


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reversal_needs_a_reason(reason: str, bags: Bags, stock: StockDesk) -> None:
    """Nothing is reversed without a reason."""
    saved = bags.receive(cells(0))
    with pytest.raises(KnownProblem) as caught:
        stock.reverse(saved.record_id, reason=reason)
    assert (caught.value.code, bags.state(cells(0))) == ("reason-required", "available")


def test_what_cannot_be_reversed(bags: Bags, stock: StockDesk) -> None:
    """A delivery of which a bag has left, a reversal itself and a record that is not there are refused; nothing moves."""
    one, two = cells(0), cells(1)
    saved = bags.receive(one, two)
    bags.issue(two)
    before = [bags.state(bag) for bag in (one, two)]
    with pytest.raises(Refused) as caught:
        stock.reverse(saved.record_id, reason="错")
    assert [(problem.line, problem.code) for problem in caught.value.problems] == [(2, "bag-state")]
    assert [bags.state(bag) for bag in (one, two)] == before
    undone = stock.reverse(bags.receive(cells(2)).record_id, reason="错")
    for record_id, code in ((undone.record_id, "reversal-of-reversal"), ("nothing", "no-such-record")):
        with pytest.raises(KnownProblem) as known:
            stock.reverse(record_id, reason="错")
        assert known.value.code == code


def test_a_scanned_delivery_is_reversed_as_it_was_scanned(bags: Bags, stock: StockDesk) -> None:
    """The evidence of the scans goes along, so that the reversal passes the checks of a delivery."""
    saved = bags.receive(bag_values(0, entry="scanned"), bag_values(1, entry="typed_twice"))
    undone = stock.reverse(saved.record_id, reason="错")
    desk = bags.profile.desk
    shown = [desk.view("stock_in", one.record_id).values["bags"] for one in (saved, undone)]
    assert shown[0] == shown[1]
    assert desk.view("stock_in", undone.record_id).values["intake_at"] == NOW
