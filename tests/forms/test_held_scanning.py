"""What a scan of a bag that leaves brought is what the next step knows: nothing that was confirmed is asked again."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from bloodbank_desktop.forms.contract import StockRow
from bloodbank_desktop.forms.held_router import IssueRouter
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.codes import scan
from tests.forms.bags import label_scans
from tests.samples import NOW, bag_values


def _held(index: int) -> StockRow:
    bag = bag_values(index)
    row = {key: bag[key] for key in ("component", "abo", "rhd", "expires_at")}
    return cast(StockRow, SimpleNamespace(**row, amount="2", state="available", received_at=NOW - timedelta(days=1)))


def test_a_bag_that_the_stock_confirmed_is_taken_whole() -> None:
    """After number and product a bag is complete; taking the step that was settled asks the stock no second time."""
    of = dict((f.key, of) for f, of in record_type("clinical_issue").groups)["bags"]
    router = IssueRouter(of, lambda: NOW, most=60)
    number, _, product, _ = label_scans(0)
    for code in (number, product):
        step: Any = router.weigh(scan.read(code))
        final = router.settle(step, _held(0)) if step.ask is not None else step
        router.take(final)
    assert router.current is None
    assert router.lines[0]["product_code"] == bag_values(0)["product_code"]
    assert router.lines[0]["abo"] == bag_values(0)["abo"]
