"""The check of the file finds each planted fault and names it, and finds nothing in a file that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.operations.arrivals import ServerChange
from bloodbank_desktop.operations.dispatch import Outcome
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.store import FILE_NAME, Store
from tests import papers
from tests.samples import NOW, request_values, stock_in_values
from tests.support import FOLDER, REFUSED, FakeClock, bare, behind_the_triggers, key_of, open_store


@pytest.fixture
def busy(profile: Profile) -> Profile:
    """A profile in which everything has happened once: registered, amended, deleted, sent, refused, looked at, drafted."""
    desk = profile.desk
    for seed in range(3):
        desk.register("stock_in", stock_in_values(2, seed))
        saved = desk.register("transfusion_request", request_values(seed))
    desk.amend("transfusion_request", saved.record_id, request_values(2, remark="改"), reason="更正")
    desk.delete("transfusion_request", saved.record_id)
    desk.view("stock_in", profile.desk.queue.rows()[0].record_id)
    batch = profile.dispatch.next_batch(limit=3)
    assert batch is not None
    profile.dispatch.settle(batch, "e", [Outcome(row.key, "applied", 1) for row in batch.rows])
    desk.drafts.keep("stock_in", "draft", {"receiver": "训练甲"})
    return profile


def _codes(profile: Profile) -> set[str]:
    return {problem.code for problem in verify.problems(profile.store)}


def test_right_file_has_no_problem(busy: Profile) -> None:
    """A file that only the program wrote has no problem, whatever was done with it, and an empty one neither."""
    assert verify.problems(busy.store) == []


def test_empty_file_has_no_problem(profile: Profile) -> None:
    """A new file has no problem."""
    assert verify.problems(profile.store) == []


SQL = {
    "payload changed": ("payload-changed", "UPDATE outbox SET payload = '{}' WHERE dseq = 2"),
    "digest changed": ("payload-changed", "UPDATE outbox SET sha256 = '00' WHERE dseq = 2"),
    "operation removed": ("outbox-gap", "DELETE FROM outbox WHERE dseq = 2"),
    "first operation removed": ("outbox-gap", "DELETE FROM outbox WHERE dseq = 1"),
    "last operation removed": ("acts-differ", "DELETE FROM outbox WHERE dseq = (SELECT max(dseq) FROM outbox)"),
    "end of the audit cut off": ("acts-differ", "DELETE FROM audit WHERE seq >= (SELECT max(seq) - 1 FROM audit)"),
    "line removed": ("half-record", "DELETE FROM stock_in__bags WHERE _seq = 1"),
    "line added": (
        "half-record",
        "INSERT INTO stock_in__bags (_head, _position, donation_number) VALUES (1, 3, 'A999926000099')",
    ),
    "orphan line": ("file-damaged", "INSERT INTO stock_in__bags (_head, _position) VALUES (77, 1)"),
    "record removed": ("record-gap", "DELETE FROM transfusion_request WHERE _seq = 1"),
    "record hidden": ("search-differs", "UPDATE transfusion_request SET _deleted_at = _created_at WHERE _seq = 1"),
    "search emptied": ("search-differs", "DELETE FROM search_stock_in WHERE rowid = 1"),
    "bag changed": ("stock-differs", "UPDATE stock SET abo = 'AB' WHERE rowid = 1"),
    "bag removed": ("stock-differs", "DELETE FROM stock WHERE rowid = 1"),
    "movement removed with its bag": (
        "ledger-gap",
        "DELETE FROM stock WHERE rowid = 1",
        "DELETE FROM ledger WHERE seq = 1",
    ),
    "value that is none": ("value-damaged", "UPDATE ledger SET at = '昨天' WHERE seq = 1"),
    "ledger changed": ("stock-differs", "UPDATE ledger SET state_after = 'issued' WHERE seq = 1"),
    "audit changed": ("audit-broken", "UPDATE audit SET actor = '别人' WHERE seq = 3"),
    "audit removed": ("audit-broken", "DELETE FROM audit WHERE seq = 3"),
}


@pytest.mark.parametrize("planted", SQL.values(), ids=[name.replace(" ", "-") for name in SQL])
def test_fault_planted_behind_the_triggers_is_found(planted: tuple[str, ...], busy: Profile) -> None:
    """A row changed, removed or added by a tool that took the triggers away is found under its name."""
    with behind_the_triggers(busy.folder) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        code, *statements = planted
        for statement in statements:
            connection.execute(statement)
    assert code in _codes(busy)


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("stock_in", "UPDATE stock_in SET receiver = '别人' WHERE _seq = 2"),
        ("stock_in", "UPDATE stock_in SET intake_at = '昨天' WHERE _seq = 2"),
        ("stock_in", "UPDATE stock_in__bags SET location = '别处' WHERE _head = 2"),
        ("transfusion_request", "UPDATE transfusion_request SET diagnosis = '改' WHERE _seq = 2"),
        ("transfusion_request", "UPDATE transfusion_request__components SET amount = 9 WHERE _head = 2"),
        ("transfusion_request", "UPDATE transfusion_request SET diagnosis = '改' WHERE _deleted_at IS NOT NULL"),
    ],
    ids=["head", "unreadable-head", "line", "amendable-head", "amendable-line", "deleted"],
)
def test_changed_content_of_a_record_is_found(kind: str, statement: str, busy: Profile) -> None:
    """A record whose content was changed behind the triggers is found and named by its id."""
    with behind_the_triggers(busy.folder) as connection:
        connection.execute(statement)
        where = "_seq = 2" if "= 2" in statement else "_deleted_at IS NOT NULL"
        (record_id,) = connection.execute(f"SELECT _id FROM {kind} WHERE {where}").fetchone()
    named = [problem.message for problem in verify.problems(busy.store) if problem.code == "record-changed"]
    assert len(named) == 1
    assert record_id in named[0]


@pytest.mark.parametrize("beside", ["the payload, too", "the copy of the platform, too"])
def test_record_rewritten_with_everything_beside_it_is_found(beside: str, busy: Profile) -> None:
    """Who rewrites a record together with what was frozen of it, digest included, is found by the audit's digest."""
    kind, (seq, record_id, dseq) = "transfusion_request", _first(busy, "transfusion_request")
    with behind_the_triggers(busy.folder) as connection:
        connection.execute(f"UPDATE {kind} SET diagnosis = '改' WHERE _seq = {seq}")
    forged = wire.canonical(wire.body(record_type(kind), busy.desk.view(kind, record_id).values))
    with behind_the_triggers(busy.folder) as connection:
        if beside.startswith("the payload"):
            sealed = (forged, wire.digest(forged), dseq)
            connection.execute("UPDATE outbox SET payload = ?, sha256 = ? WHERE dseq = ?", sealed)
        else:
            row = (record_id, kind, forged.decode(), record_id)
            connection.execute("DELETE FROM platform_copies WHERE record_id = ?", (record_id,))
            connection.execute(
                "INSERT INTO platform_copies (record_id, kind, version, deleted, body, answer, answer_no, at)"
                " SELECT ?, ?, 1, 0, ?, '{}', 0, _created_at FROM transfusion_request WHERE _id = ?",
                row,
            )
    found = {problem.code: problem.message for problem in verify.problems(busy.store)}
    assert record_id in found.pop("record-changed")
    assert list(found) == (["payload-changed"] if beside.startswith("the payload") else [])


def test_payload_that_travels_otherwise_is_found(busy: Profile) -> None:
    """A payload that was exchanged with its digest is found while the record itself is untouched."""
    _, _, dseq = _first(busy, "transfusion_request")
    with behind_the_triggers(busy.folder) as connection:
        connection.execute(
            "UPDATE outbox SET payload = ?, sha256 = ? WHERE dseq = ?", (b"{}", wire.digest(b"{}"), dseq)
        )
    (found,) = verify.problems(busy.store)
    assert (found.code, f"第 {dseq} 条" in found.message) == ("payload-changed", True)


def _first(profile: Profile, kind: str) -> tuple[int, str, int]:
    with bare(profile.folder) as connection:
        found: tuple[int, str, int] = connection.execute(
            f"SELECT _seq, _id, dseq FROM {kind} JOIN outbox ON record_id = _id ORDER BY dseq LIMIT 1"
        ).fetchone()
    return found


def test_missing_numbers_are_named(busy: Profile) -> None:
    """The check says which numbers of the upload queue are missing."""
    with behind_the_triggers(busy.folder) as connection:
        connection.execute("DELETE FROM outbox WHERE dseq IN (1, 4, 5)")
    (gap,) = [problem for problem in verify.problems(busy.store) if problem.code == "outbox-gap"]
    assert "第 1、4 条" in gap.message


def test_record_that_nobody_registered_is_found(busy: Profile) -> None:
    """A record that another tool put into the file, with everything that can be seen of it, is found and named."""
    with behind_the_triggers(busy.folder) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(transfusion_request)")]
        taken = ", ".join({"_seq": "NULL", "_id": "'forged'"}.get(name, f'"{name}"') for name in columns)
        connection.execute(f"INSERT INTO transfusion_request SELECT {taken} FROM transfusion_request WHERE _seq = 1")
    found = [problem for problem in verify.problems(busy.store) if problem.code == "record-from-nowhere"]
    assert len(found) == 1
    assert "forged" in found[0].message


def test_record_of_the_platform_is_right(busy: Profile) -> None:
    """Records that came from the platform, changed and deleted by it or by us, are no fault of the file."""
    declared = record_type("transfusion_request")

    def arrive(record_id: str, version: int, diagnosis: str | None, **more: str) -> None:
        body = {} if diagnosis is None else wire.body(declared, request_values(40, diagnosis=diagnosis))
        change = ServerChange(declared.key, record_id, version, diagnosis is None, {**body, **more})
        busy.arrivals.apply_page("main", "e", [change], "c", NOW)
        assert verify.problems(busy.store) == []

    for record_id in ("amended here", "deleted here", "deleted there", "not understood", "left"):
        arrive(record_id, 1, "一")
        arrive(record_id, 2, "二")
    busy.desk.amend(declared.key, "amended here", request_values(40, diagnosis="三"))
    arrive("amended here", 3, "四")
    busy.desk.delete(declared.key, "deleted here")
    arrive("deleted here", 3, "五")
    arrive("deleted there", 3, None)
    arrive("not understood", 3, "六", fieldOfNextYear="1")
    with behind_the_triggers(busy.folder) as connection:
        connection.execute("UPDATE transfusion_request SET diagnosis = '改' WHERE _id = 'left'")
    (found,) = verify.problems(busy.store)
    assert (found.code, "left" in found.message) == ("record-changed", True)


def _triggers() -> list[str]:
    from bloodbank_desktop.storage.schema import statements

    return [statement.split()[2] for statement in statements() if statement.startswith("CREATE TRIGGER")]


@pytest.mark.parametrize("name", _triggers())
def test_missing_trigger_is_found(name: str, busy: Profile) -> None:
    """Each trigger that is gone, or that no longer does what it should, is named."""
    with bare(busy.folder) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        connection.execute(f"DROP TRIGGER {name}")
    found = verify.problems(busy.store)
    assert [problem.code for problem in found] == ["trigger-missing"]
    assert name in found[0].message
    with bare(busy.folder) as connection:
        connection.execute(sql.replace("RAISE(ABORT", "min('ABORT'"))
    assert _codes(busy) == {"trigger-missing"}


def _flips(size: int) -> Iterator[int]:
    """Yield one place in every other page of the file."""
    for page in range(0, size // 4096, 2):
        yield page * 4096 + (page * 977 + 31) % 4096


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    """One flipped bit anywhere in the file is named by the check, whether the file opens with it or not."""
    profile = open_store(tmp_path)
    for seed in range(4):
        profile.desk.register("stock_in", stock_in_values(10, seed))
    profile.close()
    path, key = profile.folder / FILE_NAME, key_of(profile.folder)
    whole = path.read_bytes()
    copy = tmp_path / "copy.db"
    for place in _flips(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        copy.write_bytes(damaged)
        for rest in tmp_path.glob("copy.db-*"):
            rest.unlink()
        store = Store(copy, key, FakeClock())
        assert "file-damaged" in {problem.code for problem in verify.problems(store)}, place
        store.close()


def test_checks_are_told_in_chinese(busy: Profile) -> None:
    """Each finding is a Chinese sentence that says whom to call or what to do."""
    plant: Callable[[Any], None] = lambda connection: connection.execute("UPDATE stock SET abo = 'AB'")  # noqa: E731
    with bare(busy.folder) as connection:
        plant(connection)
    found = verify.problems(busy.store)
    assert found
    assert all("请" in problem.message for problem in found)


FILES_SQL = {
    "content removed": ("file-missing", "DELETE FROM file_contents"),
    "content altered": ("file-changed", "UPDATE file_contents SET content = content || x'00'"),
    "content as text": ("file-changed", "UPDATE file_contents SET content = 'text'"),
}


@pytest.mark.parametrize("case", FILES_SQL)
def test_a_file_that_is_gone_or_altered_is_found(profile: Profile, tmp_path: Path, case: str) -> None:
    """Whoever takes the triggers away and touches a piece of evidence is found out, with the name of the file."""
    code, statement = FILES_SQL[case]
    named = profile.desk.add_file(papers.content(), "身份证.pdf")
    profile.desk.register("entitlement_review", papers.review(0, named))
    assert verify.problems(profile.store) == []
    with behind_the_triggers(tmp_path / FOLDER) as connection:
        connection.execute(statement)
    found = verify.problems(profile.store)
    assert [problem.code for problem in found] == [code]
    assert "身份证.pdf" in found[0].message


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM file_contents",
        "UPDATE file_contents SET size = 1",
        "INSERT OR REPLACE INTO file_contents SELECT sha256, media_type, size, x'00', added_at FROM file_contents",
    ],
)
def test_the_file_itself_keeps_what_was_attached(profile: Profile, tmp_path: Path, statement: str) -> None:
    """No tool with the key can remove, change or replace a kept file while the triggers are there."""
    profile.desk.register("entitlement_review", papers.review(0, profile.desk.add_file(papers.content(), "证.pdf")))
    with bare(tmp_path / FOLDER) as connection, pytest.raises(REFUSED, match="append-only"):
        connection.execute(statement)
