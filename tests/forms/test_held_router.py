"""A bag that leaves is known by number and product; the stock says the rest, and contradicts a wrong label."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bloodbank_desktop.forms.held_router import HeldRouter, IssueRouter, RemovalRouter
from bloodbank_desktop.forms.roles import Tone
from bloodbank_desktop.forms.verdicts import Verdict
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.codes import scan
from tests.forms.bags import label_scans
from tests.forms.fakes import FakeStockRow
from tests.samples import NOW, bag_values

PLASMA = 2  # the third product of the samples


def stock_row(index: int, **changes: Any) -> FakeStockRow:
    """Return the bag of that index as the stock knows it."""
    bag = bag_values(index)
    facts = {key: bag[key] for key in ("component", "abo", "rhd", "expires_at")}
    return FakeStockRow(**{"state": "available", "amount": f"{bag['amount'].normalize():f}", **facts, **changes})


def router(of: type[HeldRouter] = IssueRouter) -> HeldRouter:
    kind = "clinical_issue" if of is IssueRouter else "other_stock_out"
    return of(dict((f.key, lines) for f, lines in record_type(kind).groups)["bags"], lambda: NOW)


def take(one: HeldRouter, index: int, row: FakeStockRow | None, *codes: str) -> Verdict:
    """Scan codes of a bag (number and product unless stated) and return the last verdict."""
    donation, _, product, _ = label_scans(index)
    verdict: Verdict | None = None
    for code in codes or (donation, product):
        verdict = one.accept(scan.read(code), lambda _key: row)
    assert verdict is not None
    return verdict


def test_number_and_product_make_a_whole_bag() -> None:
    """Two scans are enough: component, group, expiry and amount are those of the stock."""
    one = router()
    verdict = take(one, 0, stock_row(0))
    bag = bag_values(0)
    assert verdict.code == "complete" and "第 1 袋" in verdict.message
    (line,) = one.lines
    assert bag_key(line) == bag_key(bag)
    assert {key: line[key] for key in ("component", "abo", "rhd", "amount", "expires_at")} == {
        key: bag[key] for key in ("component", "abo", "rhd", "amount", "expires_at")
    }
    assert isinstance(line["amount"], Decimal) and one.lacking(line) == ()


def test_the_order_of_the_two_scans_does_not_matter() -> None:
    """Product first, number second gives the same bag."""
    donation, _, product, _ = label_scans(0)
    one, other = router(), router()
    take(one, 0, stock_row(0), donation, product)
    take(other, 0, stock_row(0), product, donation)
    keep = ("donation_number", "product_code", "component", "abo", "rhd", "amount", "expires_at")
    assert [{k: line[k] for k in keep} for line in one.lines] == [{k: line[k] for k in keep} for line in other.lines]


def test_half_a_bag_says_what_is_lacking() -> None:
    """After the number alone the product is wanted, and nothing else."""
    one = router()
    verdict = take(one, 0, stock_row(0), label_scans(0)[0])
    assert "还缺产品码" in verdict.message
    assert one.lacking(one.lines[0]) == ("产品码",)


@pytest.mark.parametrize(
    ("row", "code", "words", "tone"),
    [
        (None, "not-in-stock", "不在库存中，不能发血", Tone.WRONG_LABEL),
        (stock_row(0, state="quarantined"), "bag-state", "隔离", Tone.REFUSED),
        (stock_row(0, state="issued"), "bag-state", "不能发血", Tone.REFUSED),
        (stock_row(0, state="received"), "bag-state", "不能发血", Tone.REFUSED),
        (stock_row(0, expires_at=NOW), "expired", "过期，不得发出，没有列入。请改走报废", Tone.EXPIRED),
        (stock_row(0, expires_at=NOW - timedelta(minutes=1)), "expired", "过期", Tone.EXPIRED),
    ],
    ids=["unknown", "quarantined", "issued", "received", "expires-now", "expired"],
)
def test_what_may_not_leave_is_refused(row: FakeStockRow | None, code: str, words: str, tone: Tone) -> None:
    """A bag that is not here, not free or no longer good is refused in words that say what to do."""
    one = router()
    verdict = take(one, 0, row)
    assert (verdict.code, verdict.tone) == (code, tone)
    assert words in verdict.message and "没有列入" in verdict.message
    assert one.lines == [] and one.current is None, "something of the bag stayed"


def test_what_is_scanned_after_a_refused_bag_begins_with_a_number() -> None:
    """A product or expiry that comes behind a refused bag is not taken for the next one; its number is, and its own codes."""
    one = router()
    take(one, 0, stock_row(0), *label_scans(0)[:1], label_scans(0)[2])
    take(one, 1, stock_row(1, state="quarantined"))
    assert len(one.lines) == 1
    for late in (label_scans(1)[2], label_scans(1)[3], label_scans(1)[1]):
        assert take(one, 1, None, late).code == "needs-number"
    assert len(one.lines) == 1
    assert take(one, 3, stock_row(3)).code == "complete"
    assert [line["donation_number"] for line in one.lines] == [bag_values(n)["donation_number"] for n in (0, 3)]
    # And then a product may come first again, as before.
    assert take(one, 4, stock_row(4), label_scans(4)[2]).code == "accepted"


@pytest.mark.parametrize("state", ["available", "reserved"])
def test_what_may_leave_may(state: str) -> None:
    """Bags that are free or reserved are taken; for whom a bag is reserved is judged with the request."""
    assert take(router(), 0, stock_row(0, state=state)).code == "complete"


@pytest.mark.parametrize("label", [1, 3], ids=["group", "expiry"])
def test_a_label_that_contradicts_the_stock_is_refused(label: int) -> None:
    """Group or expiry scanned beside must be what was received; else one of the two labels is wrong."""
    one = router()
    donation, _, product, _ = label_scans(0)
    wrong = stock_row(0, abo="B") if label == 1 else stock_row(0, expires_at=NOW + timedelta(days=1))
    verdict = take(one, 0, wrong, donation, label_scans(0)[label], product)
    assert verdict.code == "contradicts-stock" and verdict.tone == Tone.OTHER_BAG
    assert "请停止操作，两方核对" in verdict.message


def test_the_same_bag_twice_is_refused() -> None:
    """A bag stands in an issue once."""
    one = router()
    take(one, 0, stock_row(0))
    verdict = take(one, 0, stock_row(0))
    assert verdict.code != "complete"
    assert len([line for line in one.lines if not one.lacking(line)]) == 1


def test_plasma_needs_no_crossmatch() -> None:
    """Where the component is not crossmatched the line says so by itself; red cells wait for a person."""
    one = router()
    take(one, PLASMA, stock_row(PLASMA))
    take(one, 0, stock_row(0))
    assert [line.get("crossmatch_result") for line in one.lines] == ["not_required", None]


def test_what_is_thrown_away_may_have_expired() -> None:
    """A removal takes expired and quarantined bags; whether its kind may is judged with the head."""
    for changes in ({"expires_at": NOW - timedelta(days=2)}, {"state": "quarantined"}):
        assert take(router(RemovalRouter), 0, stock_row(0, **changes)).code == "complete"
    assert take(router(RemovalRouter), 0, None).code == "not-in-stock"
