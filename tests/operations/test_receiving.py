"""A delivery note is ticked off by what is really here: partly, by several deliveries, and not by what was reversed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.receiving import Progress, progress
from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.records.catalogue import record_type
from tests import samples
from tests.derived.examples import arrive
from tests.operations.bag_deeds import Bag, Bags, not_on_the_note
from tests.samples import bag_values

NOTE, OTHER = "FX00000001", "FX00000002"


@pytest.fixture
def bags(profile: Profile) -> Bags:
    """A profile with a note of bags 0, 1, 2."""
    send(profile, 1, [bag_values(n) for n in range(3)])
    return Bags(profile)


def send(profile: Profile, seed: int, bags: Sequence[Bag]) -> None:
    """Let the station's note arrive."""
    arrive(profile, record_type("dispatch_note"), samples.dispatch_note_values(seed=seed, bags=bags))


def of(*indexes: int) -> frozenset[BagKey]:
    """Return bags by index."""
    return frozenset(bag_key(bag_values(n)) for n in indexes)


def stand(bags: Bags, note_no: str = NOTE) -> Progress:
    """Return how far a note has been received."""
    found = progress(bags.profile.desk, note_no)
    assert found is not None
    return found


def test_an_unknown_note_has_no_progress(bags: Bags) -> None:
    """A note that this workstation does not have is None, even when a delivery states its number."""
    assert progress(bags.profile.desk, "FX404") is None
    bags.receive(bag_values(5), station_issue_no="FX404")
    assert progress(bags.profile.desk, "FX404") is None


def test_nothing_part_and_all(bags: Bags) -> None:
    """Bags are missing until they are received, in one delivery or several; one that is not on the note is extra."""
    assert (stand(bags).received, stand(bags).missing, stand(bags).extra) == (of(), of(0, 1, 2), of())
    bags.receive(bag_values(0), bag_values(7), passage=not_on_the_note(2), station_issue_no=NOTE)
    assert (stand(bags).received, stand(bags).missing, stand(bags).extra) == (of(0), of(1, 2), of(7))
    bags.receive(bag_values(1), bag_values(2), station_issue_no=NOTE)
    assert (stand(bags).missing, stand(bags).expected) == (of(), of(0, 1, 2))


def test_a_bag_counts_whichever_delivery_brought_it(bags: Bags) -> None:
    """Bags of two notes may come in one delivery, which can state only one of them."""
    send(bags.profile, 2, [bag_values(3), bag_values(4)])
    bags.receive(bag_values(0), bag_values(3), station_issue_no=NOTE)
    assert (stand(bags).received, stand(bags, OTHER).received) == (of(0), of(3))
    assert (stand(bags).missing, stand(bags, OTHER).missing) == (of(1, 2), of(4))


def test_a_reversed_delivery_did_not_come(bags: Bags) -> None:
    """After a reversal its bags are missing again and its extra bags are extra no more, until they come again."""
    delivery = bags.receive(bag_values(0), bag_values(7), passage=not_on_the_note(2), station_issue_no=NOTE)
    bags.stock.reverse(delivery.record_id, reason="错")
    assert (stand(bags).received, stand(bags).extra) == (of(), of())
    bags.receive(bag_values(0), station_issue_no=NOTE)
    bags.receive(bag_values(7), station_issue_no="FX9")
    assert (stand(bags).received, stand(bags).extra) == (of(0), of())


def test_a_bag_that_has_left_was_received(bags: Bags) -> None:
    """What was issued since does not become missing."""
    bags.receive(bag_values(0), station_issue_no=NOTE)
    bags.issue(bag_values(0))
    assert stand(bags).received == of(0)


def test_scanned_bags_count_before_they_are_registered(bags: Bags) -> None:
    """What stands in the open dialog ticks the note off or is extra at once."""
    bags.receive(bag_values(0), station_issue_no=NOTE)
    found = stand(bags).with_scanned(of(1, 8))
    assert (found.received, found.missing, found.extra) == (of(0, 1), of(2), of(8))
    assert stand(bags).missing == of(1, 2)
