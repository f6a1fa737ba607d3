"""What the environment refuses comes out as a sentence, older data stay whole, and work goes on when the cause is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.engine import connect_raw
from bloodbank_desktop.storage.store import Store, as_known
from tests.samples import request_values, stock_in_values
from tests.support import FOLDER, FakeClock, census, key_of, open_store, pragma_everywhere


def test_full_disk_saves_nothing_and_loses_nothing(profile: Profile) -> None:
    """On a full disk saving is refused in words, what was saved stays, looking works, and space makes it work again."""
    kept = profile.desk.register("stock_in", stock_in_values(2, 0))
    with profile.store.read() as tx:
        pages = int(tx.execute(text("PRAGMA page_count")).scalar_one())
    pragma_everywhere(profile.store, f"max_page_count = {pages + 2}")
    seed = 0
    with pytest.raises(KnownProblem, match="磁盘已满") as caught:
        for seed in range(1, 300):
            before = census(profile.store)
            profile.desk.register("stock_in", stock_in_values(20, seed))
    assert caught.value.code == "disk-full"
    assert census(profile.store) == before
    assert profile.desk.view("stock_in", kept.record_id).values["intake_no"] == kept.name
    pragma_everywhere(profile.store, "max_page_count = 1000000")
    profile.desk.register("stock_in", stock_in_values(20, seed))
    assert verify.problems(profile.store) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes per process")
def test_file_that_may_not_grow_is_told(tmp_path: Path) -> None:
    """When the log cannot grow, saving is refused, everything acknowledged is there, and the same process goes on later."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "tests.storage.small_disk", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["code"] in ("disk-error", "disk-full")
    assert told["looked"] == told["saved"]
    profile = open_store(tmp_path)
    with profile.store.read() as tx:
        present = set(tx.execute(text("SELECT _id FROM stock_in")).scalars())
    assert present == {*told["saved"], told["after"]}
    assert verify.problems(profile.store) == []
    profile.close()


def test_file_held_by_another_program_is_told(profile: Profile) -> None:
    """While another connection writes, saving is refused in words and reading goes on; afterwards saving works."""
    pragma_everywhere(profile.store, "busy_timeout = 30")
    other = connect_raw(profile.store.path, key_of(profile.folder))
    other.execute("BEGIN IMMEDIATE")
    before = census(profile.store)
    with pytest.raises(KnownProblem, match="另一个程序占用") as caught:
        profile.desk.register("transfusion_request", request_values(1))
    assert caught.value.code == "locked"
    assert census(profile.store) == before
    other.execute("ROLLBACK")
    other.close()
    profile.desk.register("transfusion_request", request_values(1))


def test_short_lock_is_waited_for(profile: Profile) -> None:
    """A lock that another program gives back within the waiting time costs a moment and no message."""
    other = connect_raw(profile.store.path, key_of(profile.folder))
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.1, lambda: other.execute("COMMIT"))
    timer.start()
    saved = profile.desk.register("transfusion_request", request_values(1))
    timer.join()
    other.close()
    assert profile.desk.view("transfusion_request", saved.record_id).revision == 1


def test_read_only_file_is_told_and_can_be_read(profile: Profile) -> None:
    """A file that must not be written refuses saving in words and still shows what it holds."""
    saved = profile.desk.register("transfusion_request", request_values(1))
    pragma_everywhere(profile.store, "query_only = 1")
    with pytest.raises(KnownProblem, match="只读") as caught:
        profile.desk.register("transfusion_request", request_values(2))
    assert caught.value.code == "read-only"
    assert profile.desk.view("transfusion_request", saved.record_id).record_id == saved.record_id


def test_file_that_is_a_folder_is_told(tmp_path: Path) -> None:
    """What cannot be opened at all is told as such."""
    (tmp_path / "folder.db").mkdir()
    store = Store(tmp_path / "folder.db", bytes(32), FakeClock())
    with pytest.raises(KnownProblem) as caught, store.read():
        pass
    assert caught.value.code == "cannot-open"
    store.close()


def test_wrong_key_is_told(profile: Profile) -> None:
    """With another key the file cannot be read, and the sentence forbids deleting it."""
    store = Store(profile.store.path, bytes(32), FakeClock())
    with pytest.raises(KnownProblem, match="不要删除") as caught, store.read():
        pass
    assert caught.value.code == "not-ours"
    store.close()


@pytest.mark.parametrize(
    ("words", "code"),
    [("database disk image is malformed", "damaged"), ("disk I/O error", "disk-error"), ("no such table: x", None)],
)
def test_other_errors_by_their_words(words: str, code: str | None) -> None:
    """A damaged file has its sentence, and a mistake of ours in SQL has none, so that it is not smoothed over."""
    known = as_known(driver.DatabaseError(words))
    assert (known.code if known else None) == code


def test_mistake_of_ours_is_no_known_problem(profile: Profile) -> None:
    """Breaking a constraint is a bug and comes out as one, and the transaction leaves nothing behind."""
    before = census(profile.store)
    with pytest.raises(IntegrityError), profile.store.write() as tx:
        tx.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
        tx.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
    assert census(profile.store) == before


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, KnownProblem])
def test_any_exception_undoes_the_whole_transaction(kind: type[BaseException], profile: Profile) -> None:
    """Whatever is raised inside a write, nothing of it stays, and the next write works."""
    before = census(profile.store)
    with pytest.raises(kind), profile.store.write() as tx:
        tx.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
        raise kind("stop")
    assert census(profile.store) == before
    with profile.store.write() as tx:
        tx.execute(text("INSERT INTO meta VALUES ('a', 'b')"))


def test_read_sees_one_state(profile: Profile) -> None:
    """A look that has begun does not see what is committed meanwhile; the next look does."""
    with profile.store.read() as look:
        before = look.execute(text("SELECT count(*) FROM stock_in")).scalar_one()
        profile.desk.register("stock_in", stock_in_values(1, 1))
        assert look.execute(text("SELECT count(*) FROM stock_in")).scalar_one() == before == 0
    with profile.store.read() as look:
        assert look.execute(text("SELECT count(*) FROM stock_in")).scalar_one() == 1


def test_change_mark_differs_after_any_commit(profile: Profile, tmp_path: Path) -> None:
    """The mark stays while nothing happens and differs after a commit here or in another process's connection."""
    first = profile.desk.change_mark()
    assert profile.desk.change_mark() == first
    profile.desk.register("transfusion_request", request_values(1))
    second = profile.desk.change_mark()
    assert second != first
    other = open_store(tmp_path)
    opened = profile.desk.change_mark()
    other.desk.register("transfusion_request", request_values(2))
    assert profile.desk.change_mark() not in (second, opened)
    other.close()


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    """After closing, the log is folded in and gone, so that copying the one file copies everything."""
    profile = open_store(tmp_path)
    profile.desk.register("stock_in", stock_in_values(1, 1))
    profile.desk.change_mark()
    profile.close()
    assert {path.name for path in profile.folder.iterdir()} == {"bloodbank.db", "first-start.lock", "training.key"}
