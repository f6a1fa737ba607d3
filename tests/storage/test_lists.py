"""A list shows what is there, in the order asked for, the same from whichever end it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Outcome
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import all_records, record_type
from bloodbank_desktop.records.declare import RecordType, Verb
from bloodbank_desktop.storage.lists import ListQuery, ListRow
from bloodbank_desktop.storage.outbox import OPEN
from tests import samples
from tests.derived.examples import save
from tests.samples import NOW, bag_values, donation_number, request_values, stock_in_values
from tests.support import FakeClock, allow_solo_duty, open_store

COUNT = 23
REQUEST, DELIVERY = "transfusion_request", "stock_in"
COLUMNS = [(declared, f.key) for declared in all_records().values() for f in declared.columns]
COLUMN_NAMES = [f"{declared.key}.{key}" for declared, key in COLUMNS]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """Three records of each module, and requests and deliveries whose times, names and empties repeat out of order."""
    clock = FakeClock()
    profile = open_store(tmp_path_factory.mktemp("lists"), clock)
    allow_solo_duty(profile)
    for seed in range(COUNT):
        when = NOW - timedelta(minutes=seed * 7 % 10)
        profile.desk.register(REQUEST, request_values(seed, requested_at=when, ward=f"{seed % 3}病区"))
        checker = None if seed % 4 == 0 else f"核对{seed % 3}"
        values = stock_in_values(
            1 + seed % 3, seed, intake_at=when, checker=checker, station_issue_no=f"FX{seed * 5 % 7}"
        )
        values["solo_duty"] = None if checker else True
        profile.desk.register(DELIVERY, values)
        clock.advance(seconds=1)
    for number, declared in enumerate(all_records().values(), start=1):
        for seed in range(3) if declared.key not in (REQUEST, DELIVERY) else ():
            # Other bags for each module, which may move them only once.
            save(profile, declared, samples.values(declared.key, number * 100 + seed))
            clock.advance(seconds=1)
    # What an issue needs stands in no list here: the requests above are counted.
    kept = {f"SQS{seed:08d}" for seed in range(COUNT)}
    for row in profile.desk.page(profile.desk.open_list(ListQuery(REQUEST)), 0, 100):
        if row.values["request_no"] not in kept:
            profile.desk.delete(REQUEST, row.record_id)
    yield profile
    profile.close()


def rows_of(profile: Profile, query: ListQuery, step: int = 7) -> list[ListRow]:
    """Return a whole list, read page by page."""
    listing = profile.desk.open_list(query)
    pages = [profile.desk.page(listing, offset, step) for offset in range(0, listing.total, step)]
    found = [row for page in pages for row in page]
    assert len(found) == listing.total
    return found


def _key(row: ListRow, column: str) -> tuple[bool, Any]:
    value = row.values[column]
    return (value is not None, value)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(("declared", "column"), COLUMNS, ids=COLUMN_NAMES)
def test_sorting_equals_sorting_in_python(declared: RecordType, column: str, descending: bool, full: Profile) -> None:
    """Sorted by any column either way, the list is in Python's order, empties lowest, equals in the order of saving."""
    saved = rows_of(full, ListQuery(declared.key, descending=False))
    expected = sorted(saved, key=lambda row: _key(row, column), reverse=False)
    if descending:
        expected = expected[::-1]
    assert rows_of(full, ListQuery(declared.key, sort=column, descending=descending)) == expected


@pytest.mark.parametrize("query", [ListQuery(REQUEST), ListQuery(REQUEST, sort="sex"), ListQuery(REQUEST, search="样")])
@pytest.mark.parametrize("step", [1, 2, 5, 22, 23, 100])
def test_pages_fit_together(query: ListQuery, step: int, full: Profile) -> None:
    """Read in pages of any size, from the front or from the back, a list has each row once and in the same order."""
    whole = rows_of(full, query, 100)
    assert rows_of(full, query, step) == whole
    listing = full.desk.open_list(query)
    backwards = [full.desk.page(listing, offset, 1)[0] for offset in reversed(range(listing.total))]
    assert backwards == whole[::-1]
    assert len({row.record_id for row in whole}) == listing.total


@pytest.mark.parametrize(("offset", "limit"), [(COUNT, 10), (COUNT + 50, 10), (0, 0), (5, -1)])
def test_page_beyond_the_end_is_empty(offset: int, limit: int, full: Profile) -> None:
    """A page that begins at or after the end, or asks for nothing, is empty and no error."""
    assert full.desk.page(full.desk.open_list(ListQuery(REQUEST)), offset, limit) == []


def test_newest_come_first(full: Profile) -> None:
    """Without a wish the list shows what was saved last at the top."""
    names = [row.values["request_no"] for row in rows_of(full, ListQuery(REQUEST))]
    assert names == [f"SQS{seed:08d}" for seed in reversed(range(COUNT))]


def test_row_tells_columns_and_lines(full: Profile) -> None:
    """A row has the values of exactly the list columns and the number of lines of each group."""
    for declared in all_records().values():
        row = full.desk.page(full.desk.open_list(ListQuery(declared.key)), 0, 1)[0]
        shown = full.desk.view(declared.key, row.record_id)
        assert row.values == {f.key: shown.values[f.key] for f in declared.columns}
        assert row.lines == {f.key: len(shown.values[f.key]) for f, _ in declared.groups}
        # What the platform sent need not be sent to it.
        assert (row.revision, row.upload) == (1, _upload(declared))


def _upload(declared: RecordType) -> str:
    if not declared.travels:
        return "local"
    return "pending" if Verb.REGISTER in declared.verbs else "done"


def _texts(profile: Profile, declared: RecordType) -> Iterator[tuple[str, str]]:
    """Yield record id and text of everything that the search box looks into."""
    for row in rows_of(profile, ListQuery(declared.key)):
        values: Mapping[str, Any] = profile.desk.view(declared.key, row.record_id).values
        for f in declared.searched:
            yield row.record_id, values[f.key] or ""
        for group, of in declared.groups:
            for member in values[group.key]:
                for f in of.searched:
                    yield row.record_id, member[f.key] or ""


@pytest.mark.parametrize("declared", all_records().values(), ids=lambda declared: declared.key)
def test_every_part_of_every_searched_text_finds(declared: RecordType, full: Profile) -> None:
    """Every substring, of any length, of a record's searched texts finds exactly the records that hold it."""
    texts = list(_texts(full, declared))
    target = texts[0][0]
    checked = set()
    for _, whole in [one for one in texts if one[0] == target and one[1].isalnum()]:
        for start in range(len(whole)):
            for end in range(start + 1, len(whole) + 1):
                part = whole[start:end]
                # A run is all Chinese or all Latin; across the border both parts are asked for separately.
                if part in checked or not (part.isascii() or not any(c.isascii() for c in part)):
                    continue
                checked.add(part)
                found = {row.record_id for row in rows_of(full, ListQuery(declared.key, search=part), 100)}
                assert found == {record_id for record_id, text in texts if part.casefold() in text.casefold()}, part
    assert len(checked) > 50


@pytest.mark.parametrize("field", [None, "intake_at", "receiver"])
def test_bag_finds_its_delivery(field: str | None, full: Profile) -> None:
    """A donation number, its end, or its groups as printed on the label find the delivery, also in a sorted list."""
    number = donation_number(5_000)
    for query in (number, number[-9:], f"{number[:5]} {number[5:7]} {number[7:]}", number.lower()):
        found = rows_of(full, ListQuery(DELIVERY, search=query, sort=field))
        assert [row.values["intake_no"] for row in found] == ["RKS00000005"]


def test_two_words_must_both_be_there(full: Profile) -> None:
    """Words with a blank between them narrow the list, whatever field each stands in."""
    name = request_values(3)["patient_name"]
    assert [row.values["request_no"] for row in rows_of(full, ListQuery(REQUEST, search=f"{name} 0003"))] == [
        "SQS00000003"
    ]
    assert rows_of(full, ListQuery(REQUEST, search=f"{name} 0004")) == []


@pytest.mark.parametrize("search", ["查无此人", "...", "*", '"'])
def test_search_without_a_hit_is_empty(search: str, full: Profile) -> None:
    """What nobody is called, and punctuation, find nothing instead of everything."""
    assert full.desk.open_list(ListQuery(REQUEST, search=search)).total == 0


def test_blank_search_is_no_search(full: Profile) -> None:
    """Blanks in the search box leave the list whole."""
    assert full.desk.open_list(ListQuery(REQUEST, search=" \u3000")).total == COUNT


@pytest.mark.parametrize("declared", all_records().values(), ids=lambda declared: declared.key)
def test_filters_keep_what_they_allow(declared: RecordType, full: Profile) -> None:
    """Each choice field can filter, by one key, by several, by none, together with search and sorting."""
    whole = {
        row.record_id: full.desk.view(declared.key, row.record_id).values
        for row in rows_of(full, ListQuery(declared.key))
    }
    for f in declared.plain:
        if isinstance(f.kind, kinds.Choice):
            keys = list(f.kind.table)
            for allowed in [(), *[(key,) for key in keys], tuple(keys[:2])]:
                found = rows_of(full, ListQuery(declared.key, filters={f.key: allowed}, sort=declared.newest_by))
                assert {row.record_id for row in found} == {k for k, v in whole.items() if v[f.key] in allowed}
    both = rows_of(full, ListQuery(REQUEST, search="样一", filters={"sex": ("female",), "patient_abo": ("A",)}))
    assert all(row.values["sex"] == "female" and row.values["patient_name"].endswith("样一") for row in both)
    assert both


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (ListQuery(REQUEST, sort="diagnosis"), "no-such-column"),
        (ListQuery(REQUEST, sort="_seq; --"), "no-such-column"),
        (ListQuery(REQUEST, filters={"patient_name": ("x",)}), "no-such-filter"),
        (ListQuery(REQUEST, filters={"nobody": ("x",)}), "no-such-filter"),
        (ListQuery("nobody"), "unknown-module"),
    ],
)
def test_impossible_wish_is_refused(query: ListQuery, code: str, full: Profile) -> None:
    """Sorting or filtering by what the module does not have is refused in words."""
    with pytest.raises(KnownProblem) as caught:
        full.desk.open_list(query)
    assert caught.value.code == code


# -- lists that change ---------------------------------------------------------------------------------------------


def test_deleted_row_vanishes(profile: Profile) -> None:
    """A deleted record is in no list and no search, and a list opened before skips it without an error."""
    ids = [profile.desk.register(REQUEST, request_values(seed)).record_id for seed in range(3)]
    opened = [profile.desk.open_list(query) for query in (ListQuery(REQUEST), ListQuery(REQUEST, search="0001"))]
    profile.desk.delete(REQUEST, ids[1], reason="重复")
    queries = [
        ListQuery(REQUEST),
        ListQuery(REQUEST, sort="sex"),
        ListQuery(REQUEST, search="SQS"),
        ListQuery(REQUEST, search="SQS00000001"),
    ]
    assert [{row.record_id for row in rows_of(profile, query)} for query in queries] == [{ids[0], ids[2]}] * 3 + [set()]
    assert all(ids[1] not in {row.record_id for row in profile.desk.page(one, 0)} for one in opened)


def test_amended_row_is_found_by_its_new_words_only(profile: Profile) -> None:
    """After an amendment the new name finds the record and the old one does not."""
    values = request_values(1, patient_name="旧名")
    saved = profile.desk.register(REQUEST, values)
    profile.desk.amend(REQUEST, saved.record_id, {**values, "patient_name": "新称"})
    assert rows_of(profile, ListQuery(REQUEST, search="旧")) == []
    assert [row.revision for row in rows_of(profile, ListQuery(REQUEST, search="新称"))] == [2]


def test_filter_by_upload_equals_what_rows_show(profile: Profile, clock: FakeClock) -> None:
    """Filtered by an upload state the list has exactly the rows that show this state, records of others included."""
    saved = [profile.desk.register(REQUEST, request_values(seed)) for seed in range(6)]
    # The amendment stands behind the refused registration: the record shows the worse of the two.
    profile.desk.amend(REQUEST, saved[1].record_id, request_values(1, remark="改"))
    batch = profile.dispatch.next_batch(limit=6)
    assert batch is not None
    refused = {"title": "退回", "errors": []}
    statuses = ["applied", "rejected", "conflict", "waiting", "retry", "applied"]
    outcomes = [
        Outcome(row.key, status, 1 if status == "applied" else None, refused if status == "rejected" else None)
        for row, status in zip(batch.rows, statuses, strict=True)
    ]
    profile.dispatch.settle(batch, "e", outcomes)
    # An amendment of a record that has arrived: its first operation is done, its second waits.
    profile.desk.amend(REQUEST, batch.rows[5].record_id, request_values(5, remark="改"))
    whole = rows_of(profile, ListQuery(REQUEST))
    assert {row.upload for row in whole} == {"done", "rejected", "conflict", "waiting", "pending"}
    for state in ("done", *OPEN):
        found = {row.record_id for row in rows_of(profile, ListQuery(REQUEST, filters={"upload": (state,)}))}
        assert found == {row.record_id for row in whole if row.upload == state}, state


def test_row_and_view_show_the_same_state(profile: Profile) -> None:
    """The upload state of a list row is that of the opened record."""
    bags = (bag_values(1),)
    profile.desk.register(DELIVERY, stock_in_values(1, 0, bags=bags))
    batch = profile.dispatch.next_batch()
    assert batch is not None
    for status in ("sending", "done"):
        row = rows_of(profile, ListQuery(DELIVERY))[0]
        assert row.upload == profile.desk.view(DELIVERY, row.record_id).upload == status
        if status == "sending":
            profile.dispatch.settle(batch, "e", [Outcome(batch.rows[0].key, "applied", 1)])


def test_searched_fields_exist(tmp_path: Path) -> None:
    """Every module can be searched by something, or the box above its list would be a lie."""
    assert all(declared.searched for declared in all_records().values())
    assert record_type(DELIVERY).groups[0][1].searched
