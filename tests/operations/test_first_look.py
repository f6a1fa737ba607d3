"""What the window shows before the profile is open is what the open profile shows."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver

from bloodbank_desktop.operations.first_look import FirstLook
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.secrets import TrainingKey
from bloodbank_desktop.storage.connection import FILE_NAME, connect_raw
from bloodbank_desktop.storage.listing import ListQuery
from tests import generate
from tests.support import seat


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile with more records than one page, some of them on their way, one deleted."""
    folder = tmp_path_factory.mktemp("profile") / "training"
    generate.generate(folder, records=120, stock=200, sent=False)
    profile = open_profile(folder, training=True)
    seat(profile, "训练甲")
    newest = profile.desk.page(profile.desk.open_list(ListQuery("transfusion_request")), 0, 3)
    profile.desk.delete("transfusion_request", newest[1].record_id, reason="重复")
    profile.close()
    return folder


def _whole(folder: Path) -> Profile:
    return open_profile(folder, training=True)


@pytest.mark.parametrize("kind", sorted(all_records()))
def test_it_shows_what_the_desk_shows(folder: Path, kind: str) -> None:
    """Count, order, values, upload states and numbers of lines are those of the list, for every module."""
    look = FirstLook(folder, training=True)
    seen = look.rows(kind)
    look.close()
    profile = _whole(folder)
    listing = profile.desk.open_list(ListQuery(kind))
    assert seen == (listing.total, profile.desk.page(listing, 0, 100))
    profile.close()


def test_it_tells_nothing_of_what_is_not_there(tmp_path: Path) -> None:
    """Without a file there is nothing to show, and nothing is made."""
    look = FirstLook(tmp_path, training=True)
    assert look.rows("stock_in") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["key", "file", "version"])
def test_it_leaves_to_the_opening_what_it_does_not_understand(tmp_path: Path, damage: str) -> None:
    """A lost key, a damaged file and a file of another version are seen by nobody before they are explained."""
    folder = tmp_path / "training"
    folder.mkdir()
    _whole(folder).close()
    if damage == "key":
        (folder / "training.key").unlink()
    elif damage == "file":
        (folder / FILE_NAME).write_bytes(b"no database" * 1000)
    else:
        key = TrainingKey(folder).load()
        assert key is not None
        connection = connect_raw(folder / FILE_NAME, key)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    look = FirstLook(folder, training=True)
    assert look.rows("stock_in") is None
    look.close()


def test_a_file_that_breaks_off_tells_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while looking is no error of the program: opening the file for work will say what is wrong."""

    def broken(*_: object) -> None:
        raise driver.DatabaseError("malformed")

    look = FirstLook(folder, training=True)
    monkeypatch.setattr("bloodbank_desktop.operations.first_look.first_rows", broken)
    assert look.rows("stock_in") is None
    look.close()
