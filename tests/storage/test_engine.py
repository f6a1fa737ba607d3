"""The engine refuses what cannot keep a promise, and every connection is set up so that a commit is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver
from sqlalchemy import text

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.storage.engine import connect_raw, refuse_wal_reset_bug
from bloodbank_desktop.storage.store import FILE_NAME
from tests.support import FOLDER, key_of

BROKEN = [(3, 7, 0), (3, 44, 5), (3, 45, 0), (3, 49, 9), (3, 50, 6), (3, 51, 0), (3, 51, 2)]
SOUND = [(3, 6, 99), (3, 44, 6), (3, 44, 99), (3, 50, 7), (3, 50, 99), (3, 51, 3), (3, 53, 4), (4, 0, 0)]


@pytest.mark.parametrize("version", BROKEN, ids=str)
def test_version_that_loses_commits_is_refused(version: tuple[int, int, int]) -> None:
    """Every SQLite from 3.7.0 to 3.51.2 without the mend can lose saved records in WAL mode and is refused by name."""
    with pytest.raises(KnownProblem, match=r"SQLite {}\.{}\.{} ".format(*version)) as caught:
        refuse_wal_reset_bug(version)
    assert caught.value.code == "sqlite-too-old"


@pytest.mark.parametrize("version", SOUND, ids=str)
def test_version_without_the_bug_is_used(version: tuple[int, int, int]) -> None:
    """Older, mended and newer versions of SQLite pass."""
    refuse_wal_reset_bug(version)


def test_our_own_engine_is_sound() -> None:
    """The SQLite that this program brings along passes its own gate."""
    refuse_wal_reset_bug(driver.sqlite_version_info)


def test_gate_stands_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a broken SQLite no file is so much as created."""
    monkeypatch.setattr(driver, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(KnownProblem):
        connect_raw(tmp_path / "new.db", bytes(32))
    assert list(tmp_path.iterdir()) == []


PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "temp_store": 2,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "journal_size_limit": 67108864,
}


@pytest.mark.parametrize(("pragma", "value"), PRAGMAS.items(), ids=list(PRAGMAS))
def test_every_connection_is_set_up(pragma: str, value: object, profile: Profile) -> None:
    """Each connection, the first as a second one beside it, flushes commits, checks keys and waits five seconds."""
    with profile.store.read() as one, profile.store.write() as other:
        for tx in (one, other):
            assert tx.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


def test_file_is_encrypted(profile: Profile) -> None:
    """Nothing of what was saved, not even that it is a database, can be read in the files without the key."""
    profile.desk.drafts.keep("transfusion_request", "d-1", {"patient_name": "样一可见"})
    for path in profile.folder.glob(f"{FILE_NAME}*"):
        content = path.read_bytes()
        assert b"SQLite format" not in content
        assert "样一可见".encode() not in content
        assert b"transfusion_request" not in content
    plain = driver.connect(str(profile.folder / FILE_NAME))
    with pytest.raises(driver.DatabaseError, match="not a database"):
        plain.execute("SELECT * FROM sqlite_master")
    plain.close()


def test_writer_holds_the_file_from_its_first_look(profile: Profile) -> None:
    """A writing transaction begins IMMEDIATE, so what it read cannot have changed when it writes."""
    with profile.store.write() as tx:
        tx.execute(text("SELECT count(*) FROM outbox")).scalar_one()
        other = connect_raw(profile.store.path, key_of(profile.folder))
        other.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(driver.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_folder_name_may_be_chinese_with_a_blank(profile: Profile) -> None:
    """The file lies where it was asked for, in a folder with Chinese characters and a blank."""
    assert profile.folder.name == FOLDER
    assert profile.store.path.is_file()
