"""The check of the file finds each planted fault and names it, and finds nothing in a file that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Outcome
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.store import FILE_NAME, Store
from tests.samples import request_values, stock_in_values
from tests.support import FakeClock, bare, behind_the_triggers, key_of, open_store


@pytest.fixture
def busy(profile: Profile) -> Profile:
    """A profile in which everything has happened once: registered, amended, deleted, sent, refused, looked at, drafted."""
    desk = profile.desk
    for seed in range(3):
        desk.register("stock_in", stock_in_values(2, seed))
        saved = desk.register("transfusion_request", request_values(seed))
    desk.amend("transfusion_request", saved.record_id, request_values(2, remark="改"), reason="更正")
    desk.delete("transfusion_request", saved.record_id)
    desk.view("stock_in", profile.desk.queue()[0].record_id)
    batch = profile.dispatch.next_batch(limit=3)
    assert batch is not None
    profile.dispatch.settle(batch, "e", [Outcome(row.key, "applied", 1) for row in batch.rows])
    desk.keep_draft("stock_in", "draft", {"receiver": "训练甲"})
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
    "ledger changed": ("stock-differs", "UPDATE ledger SET state_after = 'issued' WHERE seq = 1"),
    "audit changed": ("audit-broken", "UPDATE audit SET actor = '别人' WHERE seq = 3"),
    "audit removed": ("audit-broken", "DELETE FROM audit WHERE seq = 3"),
}


@pytest.mark.parametrize(("code", "statement"), SQL.values(), ids=[name.replace(" ", "-") for name in SQL])
def test_fault_planted_behind_the_triggers_is_found(code: str, statement: str, busy: Profile) -> None:
    """A row changed, removed or added by a tool that took the triggers away is found under its name."""
    with behind_the_triggers(busy.folder) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    assert code in _codes(busy)


def test_changed_row_of_a_registered_record_is_found(busy: Profile) -> None:
    """A registered delivery whose content was changed behind the triggers is found and named (sync.md B15, 35)."""
    with behind_the_triggers(busy.folder) as connection:
        connection.execute("UPDATE stock_in__bags SET abo = 'AB' WHERE _seq = 3")
        connection.execute("UPDATE stock_in SET receiver = '别人' WHERE _seq = 1")
    assert "record-changed" in _codes(busy)


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
    """One flipped bit anywhere in the file is told on opening or by the check, never read as data."""
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
        try:
            assert "file-damaged" in {problem.code for problem in verify.problems(store)}, place
        except KnownProblem as problem:
            assert problem.code in ("not-ours", "damaged", "disk-error"), place
        finally:
            store.close()


def test_checks_are_told_in_chinese(busy: Profile) -> None:
    """Each finding is a Chinese sentence that says whom to call or what to do."""
    plant: Callable[[Any], None] = lambda connection: connection.execute("UPDATE stock SET abo = 'AB'")  # noqa: E731
    with bare(busy.folder) as connection:
        plant(connection)
    found = verify.problems(busy.store)
    assert found
    assert all("请" in problem.message for problem in found)
