"""The stock is the sum of the ledger: what differs from the sum is found, bag by bag."""

from __future__ import annotations

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.storage import ledger
from tests.samples import NOW, bag_values, donation_number, stock_in_values
from tests.support import bare


@pytest.fixture
def stocked(profile: Profile) -> Profile:
    """A profile with six bags."""
    for seed in range(2):
        profile.desk.register("stock_in", stock_in_values(3, seed))
    return profile


def _differences(profile: Profile) -> list[BagKey]:
    with profile.store.read() as tx:
        return list(ledger.differences(tx))


def test_sum_of_the_ledger_is_the_stock(stocked: Profile) -> None:
    """Recomputing the stock from the ledger gives every bag with every fact, and no difference."""
    assert _differences(stocked) == []
    with stocked.store.read() as tx:
        assert len(list(ledger.recomputed(tx))) == 6


@pytest.mark.parametrize(
    "change",
    [
        "state = 'issued'",
        "abo = 'AB'",
        "rhd = 'negative'",
        "component = 'WB'",
        "amount = '1'",
        "location = '别处'",
        "expires_at = '2030-01-01T00:00:00.000Z'",
        "received_at = '2020-01-01T00:00:00.000Z'",
        "received_by_record = 'x'",
        "received_as = 'x'",
    ],
)
def test_altered_bag_is_found(change: str, stocked: Profile) -> None:
    """A stock row of which any fact was altered is named, and only that bag."""
    with bare(stocked.folder) as connection:
        connection.execute(f"UPDATE stock SET {change} WHERE donation_number = '{donation_number(1)}'")
    assert [key[0] for key in _differences(stocked)] == [donation_number(1)]


def test_missing_and_invented_bags_are_found(stocked: Profile) -> None:
    """A bag that vanished from the stock and one that never arrived are both named."""
    with bare(stocked.folder) as connection:
        connection.execute(f"UPDATE stock SET split = '07' WHERE donation_number = '{donation_number(2)}'")
    found = _differences(stocked)
    assert sorted(key[2] for key in found) == ["", "07"]
    assert {key[0] for key in found} == {donation_number(2)}


def test_swapped_bags_are_found(stocked: Profile) -> None:
    """Two bags whose rows were exchanged are both named, although the numbers add up."""
    one, two = donation_number(0), donation_number(1)
    with bare(stocked.folder) as connection:
        for old, new in ((one, "x"), (two, one), ("x", two)):
            connection.execute(f"UPDATE stock SET donation_number = '{new}' WHERE donation_number = '{old}'")
    assert {key[0] for key in _differences(stocked)} >= {one, two}


def test_bag_is_found_with_all_its_facts(stocked: Profile) -> None:
    """A bag in the stock says where it came from and what the label said; one that never came is None."""
    bag = bag_values(0)
    row = stocked.desk.bag_in_stock(bag_key(bag))
    assert row is not None
    assert (row.state, row.component, row.abo, row.rhd) == ("available", bag["component"], bag["abo"], bag["rhd"])
    assert (row.expires_at, row.received_at, row.intake_no) == (bag["expires_at"], NOW, "RKS00000000")
    assert (row.amount, row.location, row.key) == ("2", bag["location"], bag_key(bag))
    assert stocked.desk.view("stock_in", row.record_id).values["intake_no"] == row.intake_no
    donation, product, _ = bag_key(bag)
    assert stocked.desk.bag_in_stock((donation, product, "01")) is None


def test_split_bags_are_two_bags(profile: Profile) -> None:
    """Parts of one donation with different split numbers are different bags and are received together."""
    bags = tuple(bag_values(0, split=split) for split in (None, "01", "02"))
    profile.desk.register("stock_in", stock_in_values(1, 0, bags=bags))
    assert _differences(profile) == []
    assert all(profile.desk.bag_in_stock(bag_key(bag)) is not None for bag in bags)
