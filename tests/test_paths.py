"""Training and hospital data lie apart, and a folder that cannot be made is a problem the person can solve."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.paths import profile_dir


def test_training_and_hospital_never_share_a_folder(tmp_path: Path) -> None:
    """Training records cannot mix with a hospital's: neither folder lies in the other, and both exist when returned."""
    training, hospital = profile_dir(tmp_path, True), profile_dir(tmp_path, False)
    assert training.is_dir() and hospital.is_dir()
    assert not training.is_relative_to(hospital) and not hospital.is_relative_to(training)


def test_profile_is_kept_across_calls(tmp_path: Path) -> None:
    """Asking again leaves what lies in the folder untouched."""
    kept = profile_dir(tmp_path / "数据 文件夹", False) / "kept"
    kept.write_bytes(b"1")
    assert profile_dir(tmp_path / "数据 文件夹", False) / "kept" == kept
    assert kept.read_bytes() == b"1"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the user's own folder private by itself")
def test_profile_is_closed_to_other_users(tmp_path: Path) -> None:
    """Nobody else on the machine can list the folder of the hospital's data."""
    assert stat.S_IMODE(profile_dir(tmp_path, False).stat().st_mode) & 0o077 == 0


def test_default_folder_stays_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a chosen folder the data lie in the user's local folder, which no roaming profile copies."""
    asked: list[tuple[str, bool, bool]] = []

    def user_data_path(appname: str, *, appauthor: bool, roaming: bool) -> Path:
        asked.append((appname, appauthor, roaming))
        return tmp_path / appname

    monkeypatch.setattr(platformdirs, "user_data_path", user_data_path)
    assert profile_dir(None, False) == tmp_path / "BloodbankDesktop" / "hospital"
    assert asked == [("BloodbankDesktop", False, False)]


def test_impossible_folder_tells_what_to_do(tmp_path: Path) -> None:
    """A data folder that cannot be created is a known problem that names the folder and the remedy."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KnownProblem, match="无法建立数据文件夹") as caught:
        profile_dir(tmp_path / "file", False)
    assert caught.value.code == "data-folder"
