"""What the platform sends is taken in whole pages, harmlessly twice, and never over work of ours or against a promise."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.arrivals import ServerChange
from bloodbank_desktop.operations.dispatch import Outcome
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.platform_rows import Cursor
from tests.samples import NOW, bag_values, request_values, stock_in_values
from tests.support import bare, census, open_store

REQUEST, DELIVERY = "transfusion_request", "stock_in"
#: What a replayed page must leave as it was, audit included; "meta" differs from file to file.
TABLES = ("stock_in", "stock_in__bags", REQUEST, "ledger", "stock", "outbox", "platform_copies", "revisions")


def change(kind: str, record_id: str, version: int, values: Any = None, **facts: Any) -> ServerChange:
    """Return a change of the feed; without values a deletion."""
    body = {} if values is None else wire.body(record_type(kind), values)
    return ServerChange(kind, record_id, version, values is None, {**body, **facts.pop("more", {})}, **facts)


def arrive(profile: Profile, *changes: ServerChange, cursor: str = "c1") -> Changes:
    """Take in one page."""
    return profile.arrivals.apply_page("main", "epoch", changes, cursor, NOW)


def acts(profile: Profile) -> list[str]:
    """Return what the audit says was done, in order."""
    with profile.store.read() as tx:
        return list(tx.execute(text("SELECT action FROM audit ORDER BY seq")).scalars())


def settle(profile: Profile, status: str, version: int | None = None, **facts: Any) -> None:
    """Send what may go and let the platform answer everything with one status."""
    batch = profile.dispatch.next_batch()
    assert batch is not None
    profile.dispatch.settle(batch, "epoch", [Outcome(row.key, status, version, **facts) for row in batch.rows])


# -- what arrives --------------------------------------------------------------------------------------------------


def test_record_of_another_workstation_becomes_ours(profile: Profile) -> None:
    """A record that another workstation registered is found, shown and searched here, and is not sent back."""
    values = request_values(1)
    changes = arrive(profile, change(REQUEST, "theirs", 3, values, answer={"accepted_by": "训练丁"}))
    assert changes == Changes(frozenset({REQUEST}), frozenset({"theirs"}), queue=False)
    shown = profile.desk.view(REQUEST, "theirs")
    assert shown.values == tidy(record_type(REQUEST), values)
    assert (shown.created_by, shown.upload, shown.answer) == ("平台", "done", {"accepted_by": "训练丁"})
    assert profile.desk.open_list(ListQuery(REQUEST, search=values["patient_name"])).total == 1
    assert profile.desk.queue.rows(open_only=False) == []
    assert acts(profile) == ["platform-register", "view"]
    assert verify.problems(profile.store) == []


def test_delivery_of_another_workstation_enters_the_stock(profile: Profile) -> None:
    """The bags of an arrived delivery are in ledger and stock, and cannot be scanned in a second time here."""
    values = stock_in_values(2, 1)
    arrive(profile, change(DELIVERY, "theirs", 1, values))
    kept = census(profile.store)
    assert (len(kept["ledger"]), len(kept["stock"])) == (2, 2)
    (problem,) = profile.desk.check(DELIVERY, stock_in_values(1, 2, bags=values["bags"][:1]))
    assert problem.code == "duplicate-in-stock"
    assert verify.problems(profile.store) == []


def test_later_versions_change_and_delete(profile: Profile) -> None:
    """A newer version replaces ours and a deletion takes it out of the lists; every former state stays readable."""
    for version, diagnosis in enumerate(("一", "二", "三"), start=1):
        arrive(profile, change(REQUEST, "theirs", version, request_values(1, diagnosis=diagnosis)))
    arrive(profile, change(REQUEST, "theirs", 4))
    assert profile.desk.open_list(ListQuery(REQUEST)).total == 0
    shown = profile.desk.view(REQUEST, "theirs")
    assert (shown.revision, shown.values["diagnosis"], shown.deleted_at) == (4, "三", NOW)
    former = [(old.revision, old.values["diagnosis"], old.actor) for old in shown.history]
    assert former == [(1, "一", "平台"), (2, "二", "平台"), (3, "三", "平台")]
    assert acts(profile)[:4] == ["platform-register", "platform-amend", "platform-amend", "platform-delete"]
    assert verify.problems(profile.store) == []


def test_deleted_record_is_not_brought_back(profile: Profile) -> None:
    """What is deleted here stays deleted, whatever version arrives later."""
    arrive(profile, change(REQUEST, "theirs", 1, request_values(1)), change(REQUEST, "theirs", 2))
    arrive(profile, change(REQUEST, "theirs", 3, request_values(1, diagnosis="又来")))
    assert profile.desk.open_list(ListQuery(REQUEST)).total == 0


def test_echo_of_our_own_record_changes_nothing_but_brings_the_answer(profile: Profile) -> None:
    """Our record comes back in the feed with the version of its upload: the answer is shown, the revision stays."""
    for kind, values in ((DELIVERY, stock_in_values(2, 1)), (REQUEST, request_values(1))):
        saved = profile.desk.register(kind, values)
        settle(profile, "applied", 1)
        arrive(profile, change(kind, saved.record_id, 1, values, answer={"receipt": "回执"}))
        shown = profile.desk.view(kind, saved.record_id)
        assert (shown.revision, shown.answer, shown.upload) == (1, {"receipt": "回执"}, "done")
    assert [act for act in acts(profile) if act.startswith("platform")] == []


@pytest.mark.parametrize("foreign", ["module", "field", "code", "contents"])
def test_what_is_not_understood_is_kept_and_not_guessed(foreign: str, profile: Profile) -> None:
    """A record of a newer version of the program is kept as the platform sent it and not half shown; the page goes on."""
    values = request_values(1)
    unknown = {
        "module": ServerChange("blood_issue", "new", 1, False, {"a": 1}),
        "field": change(REQUEST, "new", 1, values, more={"fieldOfNextYear": "1"}),
        "code": change(REQUEST, "new", 1, values, more={"sex": "code-of-next-year"}),
        "contents": change(REQUEST, "new", 1, {**values, "diagnosis": None}),
    }[foreign]
    arrive(profile, unknown, change(REQUEST, "known", 1, request_values(2)))
    kept = census(profile.store)
    assert {row[0] for row in kept["platform_copies"]} == {"new", "known"}
    assert profile.desk.open_list(ListQuery(REQUEST)).total == 1
    assert profile.arrivals.cursor().cursor == "c1"


# -- page and cursor -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "planted", ["transfusion_request WHEN NEW._id = 'c'", "cursors WHEN NEW.cursor = 'after'"], ids=["record", "cursor"]
)
def test_page_and_cursor_are_one(planted: str, profile: Profile) -> None:
    """When the last record of a page or its cursor cannot be written, nothing of it is and the place stays."""
    arrive(profile, change(REQUEST, "a", 1, request_values(1)), cursor="before")
    with bare(profile.folder) as connection:
        connection.execute(
            f"CREATE TRIGGER planted BEFORE INSERT ON {planted} BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
    before = census(profile.store)
    page = [change(DELIVERY, "b", 1, stock_in_values(1, 1)), change(REQUEST, "c", 1, request_values(3))]
    with pytest.raises(IntegrityError, match="planted"):
        arrive(profile, *page, cursor="after")
    assert census(profile.store) == before
    assert profile.arrivals.cursor() == Cursor("epoch", "before", NOW)
    with bare(profile.folder) as connection:
        connection.execute("DROP TRIGGER planted")
    arrive(profile, *page, cursor="after")
    assert profile.arrivals.cursor() == Cursor("epoch", "after", NOW)
    assert profile.desk.open_list(ListQuery(REQUEST)).total == 2


def test_empty_page_moves_the_cursor(profile: Profile) -> None:
    """A page without changes still says how far the feed was read; forgetting it begins again."""
    assert profile.arrivals.cursor() == Cursor(None, None, None)
    assert arrive(profile, cursor="c9") == Changes(queue=False)
    assert profile.arrivals.cursor() == Cursor("epoch", "c9", NOW)
    profile.arrivals.restart()
    assert profile.arrivals.cursor() == Cursor(None, None, None)


@st.composite
def feeds(draw: st.DrawFn) -> list[ServerChange]:
    """A feed such as a platform gives: versions of each record count 1, 2, 3 …; after a deletion nothing follows."""
    versions = dict.fromkeys(("a", "b", "c"), 0)
    gone: set[str] = set()
    feed = []
    for _ in range(draw(st.integers(1, 8))):
        alive = sorted(set(versions) - gone)
        if not alive:
            break
        record_id = draw(st.sampled_from(alive))
        versions[record_id] += 1
        if versions[record_id] > 1 and draw(st.integers(0, 3)) == 0:
            gone.add(record_id)
            feed.append(change(REQUEST, record_id, versions[record_id]))
            continue
        values = request_values(ord(record_id), diagnosis=f"第 {versions[record_id]} 版")
        feed.append(change(REQUEST, record_id, versions[record_id], values))
    deliveries = [change(DELIVERY, f"d{seed}", 1, stock_in_values(1, seed)) for seed in range(draw(st.integers(0, 2)))]
    return feed + deliveries


def _after(pages: list[list[ServerChange]]) -> dict[str, list[tuple[Any, ...]]]:
    with tempfile.TemporaryDirectory(prefix="输血科 ") as folder:
        profile = open_store(Path(folder))
        try:
            for page in pages:
                arrive(profile, *page)
            assert verify.problems(profile.store) == []
            kept = census(profile.store)
            return {name: kept[name] for name in TABLES} | {"acts": [(act,) for act in acts(profile)]}
        finally:
            profile.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feed=feeds(), data=st.data())
def test_replayed_pages_are_harmless(feed: list[ServerChange], data: st.DataObject) -> None:
    """However a feed is cut into pages and however often its beginning is read again, the file ends the same."""
    pages = []
    position = 0
    while position < len(feed):
        start = data.draw(st.integers(0, position), label="page begins at")
        position = data.draw(st.integers(position + 1, len(feed)), label="page ends before")
        pages.append(feed[start:position])
    if data.draw(st.booleans(), label="all again"):
        pages.append(feed)
    assert _after(pages) == _after([[one] for one in feed])


def test_older_version_after_a_newer_is_passed_over(profile: Profile) -> None:
    """A version that comes late changes nothing."""
    arrive(profile, change(REQUEST, "a", 5, request_values(1, diagnosis="新")))
    before = census(profile.store)
    arrive(profile, change(REQUEST, "a", 4, request_values(1, diagnosis="旧")))
    assert census(profile.store) == before


# -- what is never overwritten -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["pending", "sending", "conflict", "rejected", "waiting"])
@pytest.mark.parametrize("theirs", ["amended", "deleted"])
def test_open_work_is_never_overwritten(state: str, theirs: str, profile: Profile) -> None:
    """While an operation of ours is open, whatever its state, the record stays as our person left it."""
    saved = profile.desk.register(REQUEST, request_values(1))
    settle(profile, "applied", 1)
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="我们的"))
    if state == "sending":
        profile.dispatch.next_batch()
    elif state != "pending":
        settle(profile, state)
    before = census(profile.store)
    values = request_values(1, diagnosis="他们的") if theirs == "amended" else None
    arrive(profile, change(REQUEST, saved.record_id, 2, values))
    after = census(profile.store)
    assert {name for name in before if before[name] != after[name]} == {"platform_copies", "cursors"}
    assert profile.desk.view(REQUEST, saved.record_id).values["diagnosis"] == "我们的"


def test_closed_work_is_followed(profile: Profile) -> None:
    """Once our operation is settled the next version of the platform is taken in."""
    saved = profile.desk.register(REQUEST, request_values(1))
    settle(profile, "applied", 1)
    arrive(profile, change(REQUEST, saved.record_id, 2, request_values(1, diagnosis="他们的")))
    shown = profile.desk.view(REQUEST, saved.record_id)
    assert (shown.values["diagnosis"], shown.revision, shown.updated_by) == ("他们的", 2, "平台")


def test_person_with_the_old_state_on_the_screen_is_told(profile: Profile) -> None:
    """Who opened a record before the platform changed it cannot save over what came meanwhile."""
    arrive(profile, change(REQUEST, "a", 1, request_values(1)))
    seen = profile.desk.view(REQUEST, "a").revision
    arrive(profile, change(REQUEST, "a", 2, request_values(1, diagnosis="他们的")))
    with pytest.raises(KnownProblem) as caught:
        profile.desk.amend(REQUEST, "a", request_values(1, diagnosis="我们的"), revision=seen)
    assert caught.value.code == "changed-meanwhile"
    assert profile.desk.view(REQUEST, "a").values["diagnosis"] == "他们的"


@pytest.mark.parametrize("theirs", ["amended", "deleted"])
@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_registered_delivery_never_changes(whose: str, theirs: str, profile: Profile) -> None:
    """The platform can neither delete nor change a delivery, ours or another's; that it tried stands in the audit."""
    values = stock_in_values(2, 1)
    if whose == "ours":
        record_id = profile.desk.register(DELIVERY, values).record_id
        settle(profile, "applied", 1)
    else:
        record_id = "theirs"
        arrive(profile, change(DELIVERY, record_id, 1, values))
    before = census(profile.store)
    arrive(profile, change(DELIVERY, record_id, 2, stock_in_values(1, 1) if theirs == "amended" else None))
    after = census(profile.store)
    for name in ("stock_in", "stock_in__bags", "ledger", "stock"):
        assert after[name] == before[name]
    assert profile.desk.view(DELIVERY, record_id).deleted_at is None
    assert acts(profile)[-2] == {"amended": "platform-amend-refused", "deleted": "platform-delete-refused"}[theirs]
    assert verify.problems(profile.store) == []


def test_delivery_that_contradicts_our_stock_is_noted_and_not_taken(profile: Profile) -> None:
    """A delivery of another workstation with a bag that came to us already stays out whole and stands in the audit."""
    profile.desk.register(DELIVERY, stock_in_values(1, 0, bags=(bag_values(7),)))
    before = census(profile.store)
    arrive(profile, change(DELIVERY, "theirs", 1, stock_in_values(1, 1, bags=(bag_values(8), bag_values(7)))))
    after = census(profile.store)
    for name in ("stock_in", "stock_in__bags", "ledger", "stock"):
        assert after[name] == before[name]
    assert acts(profile)[-1] == "platform-contradicts-stock"
    assert verify.problems(profile.store) == []
