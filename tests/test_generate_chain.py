"""The made-up years of all modules are as many records as asked for, whole in the file, and linked to each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.operations.stock_desk import StockDesk
from bloodbank_desktop.operations.trace import trace
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.storage import verify
from tests.generate_chain import generate, plan
from tests.samples import NOW
from tests.support import FakeClock

RECORDS = 291


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """A generated profile, to look at only."""
    folder = tmp_path_factory.mktemp("chain") / "profile"
    generate(folder, RECORDS, now=NOW)
    profile = open_profile(folder, training=True, clock=FakeClock())
    yield profile
    profile.close()


def test_as_many_as_asked_for(made: Profile) -> None:
    """The records of all modules together are exactly as many, and no module is missing."""
    with made.store.read() as tx:
        counts = {kind: tx.exec_driver_sql(f"SELECT count(*) FROM {kind}").scalar_one() for kind in all_records()}
    assert sum(counts.values()) == RECORDS and all(counts.values()), counts
    assert sum(count for _, count, _, _ in plan(1_000_000)) == 1_000_000


def test_the_file_holds(made: Profile) -> None:
    """Everything that the program proves of a file holds for a generated one."""
    assert verify.problems(made.store) == []


def test_chains_reach_from_order_to_reaction(made: Profile) -> None:
    """A reaction leads to its issue, request, delivery, note and order, nothing is broken, and some bags are in stock."""
    chain = trace(made.desk, "FYS00000001")
    assert {one.kind for one in chain.records} == {
        "adverse_reaction", "clinical_issue", "transfusion_request", "stock_in", "dispatch_note", "blood_order",
    }  # fmt: skip
    assert (chain.broken, len(chain.bags)) == ((), 1)
    assert sum(group.bags for group in StockDesk(made.desk).groups()) > 0


def test_fewer_than_a_unit_cannot_be_made() -> None:
    """A number too small to hold one of each is refused."""
    with pytest.raises(ValueError, match="at least"):
        plan(13)
