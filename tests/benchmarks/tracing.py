"""From a scanned bag to patient and reaction on one page, and the stock table, in a file of a million linked records.

Beside each the very statements that it asked, on a bare connection of sqlcipher3 to the same file: what is more than
that is ours. Every look is at another bag, the first one in a file that nobody has read yet.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import event

from bloodbank_desktop.exchange.trace_page import trace_page
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.operations.stock_desk import StockDesk
from bloodbank_desktop.operations.trace import Chain, trace
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.secrets import TrainingKey
from bloodbank_desktop.storage.engine import connect_raw
from bloodbank_desktop.storage.names import BAG, SEQ, lines_table_name
from bloodbank_desktop.storage.stock_rows import StockQuery
from bloodbank_desktop.storage.store import FILE_NAME
from tests.benchmarks.measure import Result, Sizes, prepared_mix, stopwatch, summary

Asked = list[tuple[str, Any]]
_PAGE = 200
_REACTION = "adverse_reaction"


@contextmanager
def _heard(profile: Profile) -> Iterator[Asked]:
    """Give the statements that go to the driver meanwhile."""
    asked: Asked = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(profile.store.engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(profile.store.engine, "before_cursor_execute", hear)


def _ask(connection: Any, asked: Asked) -> None:
    for statement, parameters in asked:
        connection.execute(statement, parameters).fetchall()


def _looks(
    profile: Profile, raw: Any, looks: list[Callable[[], object]]
) -> tuple[list[float], list[float], dict[str, Any]]:
    """Return the milliseconds of each look and of its bare statements, and what else is to be said of them.

    Beside the time on the clock stands that of the processor: on a machine that others use only the second is ours.
    """
    ours: list[float] = []
    bare: list[float] = []
    worked: list[float] = []
    count = 0
    for look in looks:
        began = time.process_time()
        with stopwatch(ours):
            look()
        worked.append((time.process_time() - began) * 1000)
        with _heard(profile) as asked:
            look()
        with stopwatch(bare):
            _ask(raw, asked)
        count = len(asked)
    said = {"ours_ms": summary(ours), "processor_ms": summary(worked), "bare_ms": summary(bare)}
    return ours, bare, {**said, "statements": count, "first": round(ours[0], 2)}


def _bags(profile: Profile, count: int) -> list[str]:
    """Return scans of bags with a reaction, spread over the years."""
    with profile.store.read() as tx:
        last = tx.exec_driver_sql(f"SELECT max({SEQ}) FROM {_REACTION}").scalar_one()
        wanted = [1 + number * (last - 1) // max(count - 1, 1) for number in range(count)]
        (group,) = (f for f, of in record_type(_REACTION).groups if BAG in of.fields)
        one = f"SELECT {BAG} FROM {lines_table_name(_REACTION, group.key)} WHERE _head = ? LIMIT 1"
        return [f"={tx.exec_driver_sql(one, (head,)).scalar_one()}00" for head in wanted]


def _page(profile: Profile, text: str, found: list[Chain]) -> None:
    found.append(trace(profile.desk, text))
    trace_page(found[-1], profile.desk.clock.now(), profile.desk.operator)


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure the chain of bags that made somebody ill, and then the stock table with its first page of bags."""
    folder = prepared_mix(sizes.records)
    key = TrainingKey(folder).load()
    assert key is not None
    profile = open_profile(folder, training=True)
    raw = connect_raw(folder / FILE_NAME, key)
    found: list[Chain] = []
    try:
        texts = _bags(profile, sizes.looks)
        ours, bare, detail = _looks(profile, raw, [partial(_page, profile, text, found) for text in texts])
        kinds = [{one.kind for one in chain.records} for chain in found]
        if not all({"blood_order", "transfusion_request", _REACTION} <= one for one in kinds):
            raise AssertionError("a chain did not reach from order to reaction")
        if any(chain.broken for chain in found):
            raise AssertionError(f"the generated chains are broken: {found[0].broken}")
        yield Result("trace_ms_1m", statistics.median(ours), statistics.median(bare), detail)
        stock = StockDesk(profile.desk)

        def table() -> None:
            stock.groups()
            stock.bags(StockQuery(), limit=_PAGE)

        ours, bare, detail = _looks(profile, raw, [table] * sizes.looks)
        total, _ = stock.bags(StockQuery(), limit=1)
        yield Result("stock_ms_1m", statistics.median(ours), statistics.median(bare), {**detail, "in_stock": total})
    finally:
        raw.close()
        profile.close()
