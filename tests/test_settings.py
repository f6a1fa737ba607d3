"""Settings come back as they were saved; a file that is not right is reported, not guessed at and not overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.settings import Settings, load, save
from tests.support import files_of

FULL = Settings("训练医院", "310000", "07", "https://platform.example", "dark", False, 35, 5)


def test_nothing_saved_means_the_defaults(tmp_path: Path) -> None:
    """A folder without settings has the defaults and stays empty."""
    assert load(tmp_path) == Settings()
    assert list(tmp_path.iterdir()) == []


def test_saved_settings_come_back(tmp_path: Path) -> None:
    """What was saved is read again, in a file that a person can read."""
    save(tmp_path, FULL)
    assert load(tmp_path) == FULL
    assert "训练医院" in (tmp_path / "settings.json").read_text(encoding="utf-8")
    save(tmp_path, Settings())
    assert load(tmp_path) == Settings()
    assert list(files_of(tmp_path)) == ["settings.json"]


def test_file_of_a_windows_editor_and_of_a_newer_version_is_read(tmp_path: Path) -> None:
    """A byte order mark, missing entries and entries of a newer version do no harm."""
    text = json.dumps({"workstation": "03", "invented_later": [1, {"a": 2}]})
    (tmp_path / "settings.json").write_text(text, encoding="utf-8-sig")
    assert load(tmp_path) == Settings(workstation="03")


WRONG = {
    "empty": b"",
    "cut": b'{"workstation": "0',
    "list": b"[1]",
    "word": b'"x"',
    "other type": b'{"workstation": 3}',
    "flag for number": b'{"scan_gap_ms": true}',
    "list for number": b'{"lock_minutes": [1]}',
    "other encoding": "输血科".encode("gb18030"),
    "deep": b"[" * 100_000,
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=[name.replace(" ", "-") for name in WRONG])
def test_damaged_file_is_told_and_left_alone(content: bytes, tmp_path: Path) -> None:
    """A file that is not right is a sentence with its path, and stays byte for byte."""
    (tmp_path / "settings.json").write_bytes(content)
    with pytest.raises(KnownProblem, match=r"settings\.json") as caught:
        load(tmp_path)
    assert caught.value.code == "settings-damaged"
    assert "请" in caught.value.message
    assert files_of(tmp_path) == {"settings.json": content}


@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_content_is_settings_or_a_sentence(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No content of the file raises anything but the sentence."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "settings.json").write_bytes(content)
    try:
        load(folder)
    except KnownProblem as problem:
        assert problem.code == "settings-damaged"


def test_settings_that_cannot_be_saved_leave_the_old(tmp_path: Path) -> None:
    """When the new file cannot be written the old settings stay, and the person is told."""
    save(tmp_path, FULL)
    (tmp_path / "settings.new").mkdir()
    with pytest.raises(KnownProblem, match="请检查权限和磁盘空间") as caught:
        save(tmp_path, Settings())
    assert caught.value.code == "settings-not-saved"
    assert load(tmp_path) == FULL
