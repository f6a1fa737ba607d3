"""How long all rules of one issue of one bag take beside a million records: facts gathered, rules asked, nothing saved."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bloodbank_desktop.operations import judging
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.rules.catalogue import RULES
from bloodbank_desktop.storage import ledger, rows, stock_rows
from bloodbank_desktop.storage.stock_rows import StockQuery
from tests import samples
from tests.benchmarks.measure import Result, Sizes, prepared_mix, stopwatch, summary

_ISSUE, _REQUEST = "clinical_issue", "transfusion_request"


def _issues(profile: Profile, count: int) -> list[Values]:
    """Return issues of bags that stand in the refrigerator, each to a patient of its own with a live request."""
    now = profile.desk.clock.now()
    with profile.store.read() as tx:
        _, bags = stock_rows.bags(tx, StockQuery(), ("available",), now=now, near={}, limit=count)
        last = tx.exec_driver_sql(f"SELECT max(_seq) FROM {_REQUEST}").scalar_one()
        spread = [1 + number * (last - 1) // max(count - 1, 1) for number in range(count)]
        ids = [tx.exec_driver_sql(f"SELECT _id FROM {_REQUEST} WHERE _seq = ?", (seq,)).scalar_one() for seq in spread]
        found: list[Values] = []
        for index, one in enumerate(ids):
            row, stock = rows.find(tx, _REQUEST, one), bags[index % len(bags)]
            assert row is not None
            bag = samples.bag_values(
                index, group=(stock.abo, stock.rhd), product=stock.key[1], now=now, expires_at=stock.expires_at
            )
            bag = samples.entered({**bag, "donation_number": stock.key[0]}, "check_character")
            patient = {key: row.values[key] for key in samples.person_values()}
            group = {"patient_abo": stock.abo, "patient_rhd": stock.rhd}
            whole = samples.issue_values(
                bags=[bag], now=now, **{**patient, **group}, request_no=row.values["request_no"]
            )
            found.append(tidy(record_type(_ISSUE), {**whole, "needed_at": now + timedelta(minutes=1)}))
    return found


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure the judgement of one bag: what is gathered of patient, request and bag, and every rule of the issue."""
    profile = open_profile(prepared_mix(sizes.records), training=True)
    declared, took, bare = record_type(_ISSUE), list[float](), list[float]()
    try:
        now = profile.desk.clock.now()
        detail: dict[str, Any] = {}
        for values in _issues(profile, sizes.looks):
            assert not problems(declared, values), problems(declared, values)
            with profile.store.read() as tx, stopwatch(took):
                found = judging.found(tx, declared, values, now)
            # The one look that no judgement can do without: the bag as it stands in the stock.
            with profile.store.read() as tx, stopwatch(bare):
                assert ledger.find(tx, bag_key(values["bags"][0])) is not None
            detail = {"said": sorted({one.rule for one in found})}
        detail = {"ours_ms": summary(took), "first": round(took[0], 2), "rules": len(RULES), **detail}
        yield Result("rules_ms", statistics.median(took), statistics.median(bare), detail)
    finally:
        profile.close()
