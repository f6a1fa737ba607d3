"""A backup has been read back before it counts, none is overwritten, and the old ones make room."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.storage import backup, verify
from bloodbank_desktop.storage.engine import connect_raw
from bloodbank_desktop.storage.store import FILE_NAME
from tests.samples import stock_in_values
from tests.support import FakeClock, census, key_of, open_store


def test_backup_of_a_file_in_use_is_whole(profile: Profile, tmp_path: Path) -> None:
    """A backup made while the program runs opens with the same key, verifies clean and holds every record."""
    for seed in range(3):
        profile.desk.register("stock_in", stock_in_values(2, seed))
    made = profile.back_up_daily()
    assert made is not None
    assert sorted(path.name for path in made.parent.iterdir()) == [made.name]
    copy = tmp_path / "复原" / "输血科 资料"
    copy.mkdir(parents=True)
    (copy / FILE_NAME).write_bytes(made.read_bytes())
    (copy / "training.key").write_bytes((profile.folder / "training.key").read_bytes())
    restored = open_store(copy.parent)
    assert census(restored.store) == census(profile.store)
    assert verify.problems(restored.store) == []
    restored.close()


def test_one_backup_a_day(profile: Profile, clock: FakeClock) -> None:
    """A second call on the same day in China makes none, the next day's call makes one."""
    assert profile.back_up_daily() is not None
    assert profile.back_up_daily() is None
    clock.advance(hours=14, minutes=59)
    assert profile.back_up_daily() is None
    clock.advance(minutes=1)
    assert profile.back_up_daily() is not None


def test_old_daily_backups_make_room(profile: Profile, clock: FakeClock) -> None:
    """Of the daily backups the newest seven stay, and no backup of another kind is touched."""
    connection = connect_raw(profile.store.path, key_of(profile.folder))
    special = backup.make(connection, profile.store.path, key_of(profile.folder), label="before-step-0002")
    connection.close()
    made = []
    for _ in range(9):
        path = profile.back_up_daily()
        assert path is not None
        made.append(path)
        clock.advance(days=1)
    assert sorted(special.parent.iterdir()) == sorted([special, *made[-7:]])


def test_backup_is_never_overwritten(profile: Profile) -> None:
    """A second backup under the same label gets a number of its own."""
    connection = connect_raw(profile.store.path, key_of(profile.folder))
    one, two = (backup.make(connection, profile.store.path, key_of(profile.folder), label="x") for _ in range(2))
    connection.close()
    assert one != two
    assert one.exists() and two.exists()


def test_backup_that_cannot_be_read_back_is_none(profile: Profile) -> None:
    """A copy that does not open with the key it should have is refused and not left lying about."""
    connection = connect_raw(profile.store.path, key_of(profile.folder))
    with pytest.raises(KnownProblem, match="备份没有做成") as caught:
        backup.make(connection, profile.store.path, bytes(32), label="x")
    connection.close()
    assert caught.value.code == "backup-failed"
    assert list(backup.folder_of(profile.store.path).iterdir()) == []


def test_backup_on_a_full_disk_is_told(profile: Profile) -> None:
    """When there is no room for the copy, the problem is told and no half copy stays."""
    connection = connect_raw(profile.store.path, key_of(profile.folder))

    class Full:
        """The connection of a disk without room."""

        def execute(self, statement: str, parameters: tuple[str]) -> None:
            Path(parameters[0]).write_bytes(b"half")
            raise driver.OperationalError("database or disk is full")

    with pytest.raises(KnownProblem) as caught:
        backup.make(Full(), profile.store.path, key_of(profile.folder), label="x")
    connection.close()
    assert caught.value.code == "backup-failed"
    assert list(backup.folder_of(profile.store.path).iterdir()) == []


def test_backup_folder_that_cannot_be_made_is_told(profile: Profile) -> None:
    """A backup folder in whose place a file lies is a known problem like any other failing backup."""
    backup.folder_of(profile.store.path).write_bytes(b"")
    with pytest.raises(KnownProblem) as caught:
        profile.back_up_daily()
    assert caught.value.code == "backup-failed"
