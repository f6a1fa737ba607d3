"""A reservation ends by itself, to the second, in the name of the program; what was fetched or released is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.reservations import PROGRAM, release_overdue
from bloodbank_desktop.operations.selection import offered
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.rules.decisions import limit
from bloodbank_desktop.storage import verify
from tests.operations.bag_deeds import Bags
from tests.samples import NOW, bag_values
from tests.support import FakeClock, census

HOURS = 24


@pytest.fixture
def bags(profile: Profile) -> Bags:
    """Two bags that are here, one of them reserved for the request of patient 6."""
    made = Bags(profile)
    made.receive(bag_values(0), bag_values(1))
    made.ask(0, 6)
    made.stock.do("reserve", [bag_key(bag_values(0))], holder="SQS00000006")
    return made


@pytest.mark.parametrize(("seconds", "state"), [(-1, "reserved"), (0, "available"), (1, "available")])
def test_a_reservation_ends_to_the_second(seconds: int, state: str, bags: Bags, clock: FakeClock) -> None:
    """One second before its end a bag is kept, from that second on it is free, and the ledger gives the stock."""
    assert limit("reservation_hours") == HOURS
    clock.at = NOW + timedelta(hours=HOURS, seconds=seconds)
    freed = bags.profile.release_overdue()
    assert (bags.state(bag_values(0)), bool(freed)) == (state, state == "available")
    assert bags.row(bag_values(0)).holder == ("SQS00000006" if state == "reserved" else "")
    assert bags.differences() == []
    assert verify.problems(bags.profile.store) == []


def test_the_release_stands_in_ledger_and_audit(bags: Bags, clock: FakeClock) -> None:
    """The event bears the program's name, why and for whom it was kept; done twice it happens once."""
    clock.advance(hours=HOURS)
    assert release_overdue(bags.profile.store, clock) == [bag_key(bag_values(0))]
    last = bags.life(bag_values(0))[-1]
    assert (last.event, last.actor, last.facts["reason"]) == ("release", PROGRAM, "预留到期")
    assert last.facts["request"] == "SQS00000006"
    with bags.profile.store.read() as tx:
        row = tx.exec_driver_sql("SELECT action, actor FROM audit ORDER BY seq DESC LIMIT 1").one()
    assert tuple(row) == ("release", PROGRAM)
    before = census(bags.profile.store)
    assert release_overdue(bags.profile.store, clock) == []
    assert census(bags.profile.store) == before


def test_what_is_no_longer_reserved_has_no_end(bags: Bags, clock: FakeClock) -> None:
    """Released and reserved anew the hours begin anew; a bag that was issued is never released."""
    one, other = bag_values(0), bag_values(1)
    bags.stock.do("release", [bag_key(one)])
    assert bags.row(one).held_until == ""
    clock.advance(hours=HOURS - 1)
    bags.stock.do("reserve", [bag_key(one), bag_key(other)], holder="SQS00000006")
    bags.issue(other, patient=6)
    assert bags.row(other).held_until == ""
    clock.advance(hours=1)
    assert bags.profile.release_overdue() == []
    clock.advance(hours=HOURS - 1)
    assert bags.profile.release_overdue() == [bag_key(one)]
    assert bags.state(other) == "issued"


def test_whoever_chooses_sees_what_is_free_again(bags: Bags, clock: FakeClock) -> None:
    """A bag kept for another request is not offered, and is offered as soon as its hours are over."""
    keys = {bag_key(bag_values(0)), bag_key(bag_values(1))}
    assert {one.key for one in offered(bags.profile.desk, "SQS00000000")} == keys - {bag_key(bag_values(0))}
    assert {one.key for one in offered(bags.profile.desk, "SQS00000006")} == keys
    clock.advance(hours=HOURS)
    assert {one.key for one in offered(bags.profile.desk, "SQS00000000")} == keys
