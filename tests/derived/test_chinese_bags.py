"""The codes of Chinese labels go the whole way of a record: file, rules, stock, outbox, platform and back."""

from __future__ import annotations

import json

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.storage import verify
from bloodbank_desktop.training.envelope import Operation
from bloodbank_desktop.training.examine import examine
from tests import chinese_bags
from tests.samples import stock_in_values
from tests.training.kit import Device

STOCK_IN = record_type("stock_in")


@pytest.mark.parametrize("entry", ["scanned", "check_character", "typed_twice"])
def test_a_delivery_of_chinese_bags_goes_the_whole_way(entry: str, shared: Profile) -> None:
    """Six such bags register, stand in the stock, are found by their number, and the platform accepts what is sent."""
    first = {"scanned": 100, "check_character": 200, "typed_twice": 300}[entry]
    bags = tuple(chinese_bags.bag_values(first + place, entry=entry) for place in range(6))
    given = json.loads(json.dumps(wire.to_json(STOCK_IN, stock_in_values(1, first, bags=bags))))
    values, unread = wire.from_json(STOCK_IN, given)
    assert unread == []
    saved = shared.desk.register("stock_in", values)
    for bag in bags:
        row = shared.desk.bag_in_stock(bag_key(bag))
        assert row is not None
    sent = next(row for row in shared.desk.queue.rows(open_only=False, limit=10) if row.record_id == saved.record_id)
    body = json.loads(sent.payload)
    assert [bag["donationCode"] for bag in body["bags"]] == [bag["donation_number"] for bag in bags]
    device = Device()
    examined = examine(Operation(**device.operation("stock_in", body), incarnation=device.incarnation))
    assert examined.refused is None
    assert [claim.bag for claim in examined.claims] == ["/".join(bag_key(bag)) for bag in bags]
    back, unread = wire.from_body(STOCK_IN, body)
    assert (unread, problems(STOCK_IN, back)) == ([], [])
    assert tidy(STOCK_IN, back)["bags"] == tidy(STOCK_IN, values)["bags"]
    assert list(verify.problems(shared.store)) == []


def test_a_chinese_bag_enters_once(shared: Profile) -> None:
    """The same number and product are refused the second time, however they came in."""
    shared.desk.register("stock_in", stock_in_values(1, 401, bags=(chinese_bags.bag_values(400),)))
    again = stock_in_values(1, 402, bags=(chinese_bags.bag_values(400, entry="typed_twice"),))
    with pytest.raises(Refused) as caught:
        shared.desk.register("stock_in", again)
    assert [(p.field, p.code) for p in caught.value.problems] == [("bags.donation_number", "duplicate-in-stock")]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"donationCode": 30126000001}, "/bags/0/donationCode"),
        ({"donationCode": "30126000001"}, "/bags/0/donationCode"),
        ({"donationCode": "O030126000001"}, "/bags/0/donationCode"),
        ({"productCode": "I0056V00"}, "/bags/0/productCode"),
        ({"productCode": "P0056V0"}, "/bags/0/productCode"),
    ],
)
def test_the_platform_corrects_no_code(changes: dict[str, object], where: str) -> None:
    """A number that lost its zeros, a letter O or an unknown class is refused by the platform at its place."""
    body = wire.body(STOCK_IN, stock_in_values(1, 403, bags=(chinese_bags.bag_values(403),)))
    body["bags"][0].update(changes)
    device = Device()
    examined = examine(Operation(**device.operation("stock_in", body), incarnation=device.incarnation))
    assert examined.refused is not None
    assert where in [error["pointer"].removeprefix("#") for error in examined.refused["errors"]]
