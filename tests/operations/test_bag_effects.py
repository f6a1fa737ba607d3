"""What each module does to the bags that it names, through a real desk; after every test the ledger gives the stock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.rules.receipt import QUARANTINE_MESSAGES
from bloodbank_desktop.storage import verify
from tests.operations.bag_deeds import Bags
from tests.samples import NOW, bag_values, entered, issue_values
from tests.support import FakeClock, census, seat


@pytest.fixture
def bags(profile: Profile) -> Iterator[Bags]:
    """Deeds on the bags of a fresh profile, whose file holds in every respect when the test ends."""
    made = Bags(profile)
    yield made
    assert verify.problems(profile.store) == []


def refused(bags: Bags, deed: Callable[[], object]) -> tuple[Problem, ...]:
    """Do what must be refused; nothing at all may be written. Return the problems."""
    bags.ask(0, 1, 4, 6, 12)
    before = census(bags.profile.store)
    with pytest.raises(Refused) as caught:
        deed()
    assert census(bags.profile.store) == before
    return caught.value.problems


def where(problems: tuple[Problem, ...]) -> list[tuple[str, int | None, str]]:
    """Return field, line and code of each problem."""
    return [(problem.field, problem.line, problem.code) for problem in problems]


ON_BAG = "bags.donation_number"

# -- in ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("checker", "state"), [("训练丙", "available"), (None, "received")])
def test_a_checked_delivery_is_available_at_once(checker: str | None, state: str, bags: Bags) -> None:
    """What a second person checked may be issued; without her the bags wait to be accepted."""
    one, two = bag_values(0), bag_values(1)
    saved = bags.receive(one, two, checker=checker)
    assert [bags.state(bag) for bag in (one, two)] == [state, state]
    (entry,) = bags.life(two)
    assert (entry.event, entry.state_before, entry.state_after) == (
        "receive_checked" if checker else "receive",
        None,
        state,
    )
    assert (entry.kind, entry.record_id, entry.actor) == ("stock_in", saved.record_id, "训练甲")


@pytest.mark.parametrize("message", sorted(QUARANTINE_MESSAGES))
@pytest.mark.parametrize("checker", ["训练丙", None])
def test_a_label_that_warns_sets_the_bag_aside(message: str, checker: str | None, bags: Bags) -> None:
    """A bag whose label says discard or quarantine is never available, whoever checked it."""
    one, two = bag_values(0, label_message=message), bag_values(1)
    bags.receive(one, two, checker=checker)
    assert bags.state(one) == "quarantined"
    assert bags.state(two) == ("available" if checker else "received")
    assert where(refused(bags, lambda: bags.issue(one))) == [(ON_BAG, 1, "bag-state")]


def test_a_bag_comes_once(bags: Bags) -> None:
    """A bag that is here, or was here and left, is not received again."""
    here, gone = bag_values(0), bag_values(1)
    bags.receive(here, gone)
    bags.remove("discard", gone)
    found = refused(bags, lambda: bags.receive(bag_values(2), here, gone))
    assert where(found) == [(ON_BAG, 2, "duplicate-in-stock"), (ON_BAG, 3, "duplicate-in-stock")]


@pytest.mark.parametrize("checker", ["训练丙", None])
def test_a_reversed_delivery_may_come_again(checker: str | None, bags: Bags) -> None:
    """A reversal takes the bags out; received again they are here with what the new delivery says of them."""
    one, two = bag_values(0, location="错误位置"), bag_values(1)
    delivery = bags.receive(one, two, checker=checker)
    bags.reverse(delivery)
    assert [bags.state(bag) for bag in (one, two)] == ["reversed", "reversed"]
    again = bags.receive({**one, "location": "2号冰箱"})
    row = bags.row(one)
    assert (row.state, row.location, row.record_id, row.holder) == ("available", "2号冰箱", again.record_id, "")
    assert bags.events(one) == ["receive_checked" if checker else "receive", "reverse", "receive_checked"]
    assert bags.state(two) == "reversed"


def test_part_of_a_delivery_may_be_reversed(bags: Bags) -> None:
    """A reversal of some bags leaves the others where they are."""
    one, two = bag_values(0), bag_values(1)
    delivery = bags.receive(one, two)
    bags.reverse(delivery, two)
    assert [bags.state(bag) for bag in (one, two)] == ["available", "reversed"]


def test_only_what_came_with_it_is_reversed(bags: Bags) -> None:
    """A reversal names bags of its own delivery that are still here and promised to nobody, each only once."""
    mine, other, issued, reserved, fate = (bag_values(index) for index in range(5))
    delivery = bags.receive(mine, issued, reserved, fate)
    bags.receive(other)
    bags.issue(issued)
    bags.stock.do("reserve", [bag_key(reserved)], holder="SQ1")
    bags.remove("discard", fate)
    everything = (mine, other, issued, reserved, fate, bag_values(9))
    assert where(refused(bags, lambda: bags.reverse(delivery, *everything))) == [
        (ON_BAG, 2, "not-of-this-intake"),
        (ON_BAG, 3, "bag-state"),
        (ON_BAG, 4, "bag-state"),
        (ON_BAG, 5, "bag-state"),
        (ON_BAG, 6, "not-of-this-intake"),
    ]
    bags.reverse(delivery, mine)
    assert where(refused(bags, lambda: bags.reverse(delivery, mine))) == [(ON_BAG, 1, "bag-state")]


# -- to a patient --------------------------------------------------------------------------------------------------


def test_an_issue_takes_bags_out(bags: Bags) -> None:
    """Issued bags have the request as their holder, and leave no second time in any way."""
    one = bag_values(0)
    bags.receive(one)
    issue = bags.issue(one, patient=6)
    row = bags.row(one)
    assert (row.state, row.holder) == ("issued", "SQS00000006")
    assert (bags.life(one)[-1].kind, bags.life(one)[-1].record_id) == ("clinical_issue", issue.record_id)
    for again in (lambda: bags.issue(one, patient=6), lambda: bags.remove("discard", one)):
        assert where(refused(bags, again)) == [(ON_BAG, 1, "bag-state")]


def test_a_bag_that_is_not_here_is_not_issued(bags: Bags) -> None:
    """A bag that never came stops the whole issue, and the sentence says that it is not in stock."""
    here = bag_values(0)
    bags.receive(here)
    (problem,) = refused(bags, lambda: bags.issue(here, bag_values(1)))
    assert where((problem,)) == [(ON_BAG, 2, "bag-state")]
    assert "不在库存中" in problem.message


def test_an_unaccepted_bag_is_not_issued(bags: Bags) -> None:
    """A received bag is issued only after somebody accepted it."""
    one = bag_values(0)
    bags.receive(one, checker=None)
    (problem,) = refused(bags, lambda: bags.issue(one))
    assert "验收" in problem.message
    seat(bags.profile, "训练乙")
    bags.stock.do("accept", [bag_key(one)])
    seat(bags.profile)
    bags.issue(one)
    assert bags.events(one) == ["receive", "accept", "issue"]


def test_a_reserved_bag_goes_to_its_request_only(bags: Bags) -> None:
    """What is reserved for one request is refused to another, and issued to its own or after its release."""
    one, two = bag_values(0), bag_values(1)
    bags.receive(one, two)
    bags.stock.do("reserve", [bag_key(one), bag_key(two)], holder="SQS00000006")
    (problem, _) = refused(bags, lambda: bags.issue(one, two, patient=12))
    assert (problem.code, problem.line) == ("reserved-for-another", 1)
    assert "SQS00000006" in problem.message
    bags.issue(one, patient=6)
    bags.stock.do("release", [bag_key(two)])
    bags.issue(two, patient=12)
    assert [bags.row(bag).holder for bag in (one, two)] == ["SQS00000006", "SQS00000012"]


@pytest.mark.parametrize("minutes", [0, 1, 60 * 24 * 30])
def test_an_expired_bag_is_not_issued(minutes: int, bags: Bags, clock: FakeClock) -> None:
    """From the minute of its expiry on a bag is refused, one minute before it is not."""
    one = bag_values(0)
    bags.receive(one)
    clock.at = one["expires_at"] - timedelta(minutes=1)
    bags.ask(0)
    assert bags.profile.desk.check("clinical_issue", issue_values(bags=[one], now=clock.at, needed_at=clock.at)) == []
    clock.at = one["expires_at"] + timedelta(minutes=minutes)
    (problem,) = refused(bags, lambda: bags.issue(one))
    assert where((problem,)) == [(ON_BAG, 1, "expired")]
    bags.remove("discard", one, reason="expired")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("component", "RBC-SLR"),
        ("abo", "B"),
        ("rhd", "negative"),
        ("expires_at", NOW + timedelta(days=300)),
        ("amount", 1),
    ],
)
@pytest.mark.parametrize("deed", ["issue", "remove"])
def test_a_label_that_contradicts_the_stock_is_refused(field: str, value: Any, deed: str, bags: Bags) -> None:
    """A bag leaves only as what it came in: another component, group, expiry or amount is refused at that field."""
    one = bag_values(0)
    bags.receive(one)
    assert one[field] != value
    wrong = {**one, field: type(one[field])(value) if field == "amount" else value}
    leave = bags.issue if deed == "issue" else (lambda *some: bags.remove("discard", *some))
    assert where(refused(bags, lambda: leave(wrong))) == [(f"bags.{field}", 1, "contradicts-stock")]


def test_a_transfusion_filled_in_later_is_the_end(bags: Bags) -> None:
    """When the start becomes known, the bag has been transfused; saying it once more changes nothing."""
    one, two = bag_values(0), bag_values(1)
    bags.receive(one, two)
    issue = bags.issue(one, two)
    assert bags.state(one) == "issued"
    bags.fill_in(issue, NOW + timedelta(hours=1))
    bags.fill_in(issue, NOW + timedelta(hours=2))
    assert [bags.state(bag) for bag in (one, two)] == ["transfused", "transfused"]
    assert bags.events(one) == ["receive_checked", "issue", "transfuse"]
    assert bags.row(one).holder == "SQS00000000"


def test_a_transfusion_known_at_the_issue_counts(bags: Bags) -> None:
    """An issue registered after the fact says both: the bag left and was transfused."""
    one = bag_values(0)
    bags.receive(one)
    bags.issue(one, started=NOW)
    assert bags.events(one) == ["receive_checked", "issue", "transfuse"]


def test_a_bag_taken_back_is_not_transfused_by_an_amendment(bags: Bags) -> None:
    """What came back unused is set aside; an issue amended afterwards does not transfuse it."""
    one = bag_values(0)
    bags.receive(one)
    issue = bags.issue(one)
    bags.stock.do("take_back", [bag_key(one)], reason="患者拒绝")
    assert (bags.state(one), bags.row(one).holder) == ("quarantined", "")
    bags.fill_in(issue, NOW + timedelta(hours=1))
    assert bags.state(one) == "quarantined"
    assert where(refused(bags, lambda: bags.issue(one))) == [(ON_BAG, 1, "bag-state")]
    bags.remove("discard", one)
    assert bags.state(one) == "discarded"


# -- to other ends -------------------------------------------------------------------------------------------------

OUT = [
    ("discard", "discarded", {"received", "available", "reserved", "quarantined"}),
    ("autologous", "discarded", {"received", "available", "reserved", "quarantined"}),
    ("return", "returned", {"received", "available", "reserved", "quarantined"}),
    ("transfer", "transferred", {"available"}),
    ("research", "consumed", {"received", "available", "quarantined"}),
]


@pytest.mark.parametrize(("out_type", "end", "allowed"), OUT)
def test_a_removal_leads_to_its_end(out_type: str, end: str, allowed: set[str], bags: Bags) -> None:
    """Each kind of removal has its own end, from the states that allow it; nobody holds the bag afterwards."""
    every = {
        state: bag_values(index) for index, state in enumerate(("received", "available", "reserved", "quarantined"))
    }
    bags.receive(every["received"], checker=None)
    bags.receive(*(bag for state, bag in every.items() if state != "received"))
    bags.stock.do("reserve", [bag_key(every["reserved"])], holder="SQ1")
    bags.stock.do("quarantine", [bag_key(every["quarantined"])], reason="外观可疑")
    for state, bag in every.items():
        assert bags.state(bag) == state
        if state in allowed:
            saved = bags.remove(out_type, bag)
            assert (bags.state(bag), bags.row(bag).holder) == (end, "")
            entry = bags.life(bag)[-1]
            assert (entry.record_id, entry.facts["reason"]) == (saved.record_id, "leaking")
        else:
            assert where(refused(bags, lambda bag=bag: bags.remove(out_type, bag))) == [(ON_BAG, 1, "bag-state")]  # type: ignore[misc]
    assert where(refused(bags, lambda: bags.remove(out_type, bag_values(9)))) == [(ON_BAG, 1, "bag-state")]


def test_an_amended_removal_moves_nothing(bags: Bags) -> None:
    """Another reason or remark of a registered removal changes the record and no bag."""
    one = bag_values(0)
    bags.receive(one)
    saved = bags.remove("discard", one)
    values = bags.profile.desk.view("other_stock_out", saved.record_id).values
    bags.profile.desk.amend("other_stock_out", saved.record_id, {**values, "reason": "expired"})
    assert bags.events(one) == ["receive_checked", "discard"]


# -- reactions and recalls -----------------------------------------------------------------------------------------


def test_a_reaction_needs_blood_that_left(bags: Bags) -> None:
    """A bag that is still here cannot have caused a reaction; one that left, or never came here, can, and stays put."""
    here, given, elsewhere = bag_values(0), bag_values(1), bag_values(2)
    bags.receive(here, given)
    bags.issue(given, started=NOW)
    assert where(refused(bags, lambda: bags.report(given, here))) == [(ON_BAG, 2, "still-in-stock")]
    bags.report(given, elsewhere)
    assert (bags.state(given), bags.state(elsewhere)) == ("transfused", "")
    assert bags.events(given)[-1] == "transfuse"


def test_a_reaction_is_not_amended_to_a_bag_that_is_still_here(bags: Bags) -> None:
    """What may not be registered is not reached by a change either."""
    here, given = bag_values(0), bag_values(1)
    bags.receive(here, given)
    bags.issue(given, started=NOW)
    saved = bags.report(given)
    desk = bags.profile.desk
    values = desk.view("adverse_reaction", saved.record_id).values
    other = {key: here[key] for key in ("donation_number", "product_code", "component", "abo", "rhd")}
    changed = {**values, "bags": tuple({**bag, **other} for bag in values["bags"])}
    found = refused(bags, lambda: desk.amend("adverse_reaction", saved.record_id, changed))
    assert where(found) == [(ON_BAG, 1, "still-in-stock")]


def test_an_expired_bag_is_not_transferred(bags: Bags, clock: FakeClock) -> None:
    """Another hospital is not given what could not be issued here; the blood station takes it back."""
    one = bag_values(0)
    bags.receive(one)
    clock.at = one["expires_at"]
    assert where(refused(bags, lambda: bags.remove("transfer", one))) == [(ON_BAG, 1, "expired")]
    bags.remove("return", one)


def test_a_recall_sets_aside_what_is_here(bags: Bags) -> None:
    """A recall sets aside every bag in stock, marks what is with a patient, and passes over the rest."""
    received, available, reserved, aside, issued, given, gone, never = (bag_values(index) for index in range(8))
    bags.receive(received, checker=None)
    bags.receive(available, reserved, aside, issued, given, gone)
    bags.stock.do("reserve", [bag_key(reserved)], holder="SQ1")
    bags.stock.do("quarantine", [bag_key(aside)], reason="外观可疑")
    bags.issue(issued)
    bags.issue(given, started=NOW)
    bags.remove("discard", gone)
    notice = bags.recall(received, available, reserved, aside, issued, given, gone, never)
    assert [bags.state(bag) for bag in (received, available, reserved, aside)] == ["quarantined"] * 4
    assert [bags.state(bag) for bag in (issued, given, gone, never)] == ["issued", "transfused", "discarded", ""]
    for bag in (received, available, reserved, aside, issued, given):
        entry = bags.life(bag)[-1]
        assert (entry.event, entry.kind, entry.record_id, entry.actor) == ("recall", "recall_notice", notice, "平台")
    assert bags.row(issued).holder == "SQS00000001"
    assert bags.row(reserved).holder == ""
    assert where(refused(bags, lambda: bags.issue(available))) == [(ON_BAG, 1, "bag-state")]


def test_typed_bags_are_the_same_bags(bags: Bags) -> None:
    """How a code was entered says nothing about which bag it is: received by scanner, issued by hand."""
    one = bag_values(0, entry="scanned")
    bags.receive(one)
    bags.issue(entered(one, "typed_twice"))
    assert bags.state(one) == "issued"
