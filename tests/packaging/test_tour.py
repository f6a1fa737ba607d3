"""The tour tells the truth: its yes means that a real program did the main job, its pictures show something.

The danger is a demonstration that smiles whatever happens: pictures of blank windows and a tour.json that says ok.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Verb

ROOT = Path(__file__).resolve().parents[2]
FAULTS = {
    "damaged check character": "校验不符",
    "wrong kind of label": "不是入库要扫的",
    "unknown product": "产品字典中没有",
    "expired": "过期",
    "duplicate in this delivery": "同一袋",
}


def tour(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Play the tour as a process of its own, as a person on the command line does."""
    command = [sys.executable, "-m", "bloodbank_desktop", "tour", str(folder), *options]
    whole = {**os.environ, "PYTHONUTF8": "1", **environment}
    return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, encoding="utf-8", check=False, timeout=120)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tour in the dark and half as large again, which is what breaks first."""
    folder = tmp_path_factory.mktemp("tour") / "导览 图片"
    done = tour(folder, "--dark", "--scale", "1.5")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def told(played: Path) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((played / "tour.json").read_text(encoding="utf-8"))
    return whole


def step(told: dict[str, Any], what: str) -> dict[str, Any]:
    """Return the one step that says `what`."""
    (found,) = [one for one in told["steps"] if one["what"] == what]
    return dict(found)


def test_every_acknowledged_bag_is_on_the_platform_once(told: dict[str, Any]) -> None:
    """Twelve bags are kept offline, found again after the kill, registered, and arrive once; both records arrive."""
    counts = told["counts"]
    assert told["ok"] is True
    assert (counts["scanned"], counts["acknowledged"], counts["restored_after_crash"]) == (12, 12, 12)
    assert (counts["registered"], counts["uploaded"], counts["on_platform"], counts["on_platform_twice"]) == (
        2,
        2,
        2,
        0,
    )
    assert counts["bags_on_platform"] == 12
    assert step(told, "started again after the crash")["drafts_in_file"] == [12]


def test_every_faulty_label_is_refused_for_its_own_reason(told: dict[str, Any]) -> None:
    """Five wrong labels are refused, each in words that name what is wrong with it."""
    refusals = told["counts"]["refusals"]
    assert set(refusals) == set(FAULTS)
    assert {fault: words for fault, words in FAULTS.items() if words not in refusals[fault]} == {}


def test_the_status_area_follows_the_line(told: dict[str, Any]) -> None:
    """The window says offline while nothing listens, says what waits, and says online when it has arrived."""
    assert "离线" in step(told, "started with the network cut")["status"]
    assert "待报送 2 项" in step(told, "waiting in the queue")["status"]
    assert "在线" in step(told, "uploaded by itself")["status"]


def test_every_module_is_visited(told: dict[str, Any]) -> None:
    """Every declared module and the stock page is shown with rows, each that registers also empty, refused and filled."""
    assert set(told["modules"]) == {*all_records(), "stock"}
    for key, visited in told["modules"].items():
        assert visited["rows"] > 0, key
        registers = key in all_records() and Verb.REGISTER in all_records()[key].verbs
        assert visited["pictures"] >= (5 if registers else 2), key
        named = [name for name in told["pictures"] if f"-{visited['label']}-" in name]
        assert len(named) >= (4 if registers else 2), key
    assert "过期" in step(told, "expired bag refused at issue")["answer"]
    assert {key: step(told, "delivery ticked off its note")[key] for key in ("missing", "extra")} == {
        "missing": 1,
        "extra": 1,
    }


def test_no_picture_is_blank(played: Path, told: dict[str, Any]) -> None:
    """Every picture named exists, is as large as its scale says, dark as asked for, and shows many shades."""
    assert len(told["pictures"]) >= 90
    assert sorted(path.name for path in played.glob("*.png")) == sorted(told["pictures"])
    for name in told["pictures"]:
        image = QImage(str(played / name))
        points = [image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)]
        shades = [sum((point >> shift) & 0xFF for shift in (16, 8, 0)) // 3 for point in points]
        assert image.width() >= 500, name
        assert len(set(shades)) >= 25, name
        assert sorted(shades)[len(shades) // 2] < 80, f"{name} is not dark"


def test_a_tour_without_a_window_says_no(tmp_path: Path) -> None:
    """Where no window can be opened the tour ends with 1, a sentence, and a tour.json that is not ok."""
    if sys.platform == "win32":
        pytest.skip("Qt on Windows answers an unknown platform with a message box")
    done = tour(tmp_path, QT_QPA_PLATFORM="nowhere")
    assert done.returncode == 1
    assert "演示没有走完" in done.stderr
    assert json.loads((tmp_path / "tour.json").read_text(encoding="utf-8"))["ok"] is False


@pytest.mark.parametrize("scale", ["0.5", "3"])
def test_a_scale_that_is_not_offered_is_refused(tmp_path: Path, scale: str) -> None:
    """A scale outside 1 to 2 is refused in words before anything is removed or played."""
    (tmp_path / "data").mkdir()
    done = tour(tmp_path, "--scale", scale)
    assert done.returncode == 1
    assert "1 到 2" in done.stderr
    assert (tmp_path / "data").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A place that cannot be a folder is refused in words that say what to do."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = tour(tmp_path / "file")
    assert done.returncode == 1
    assert "请换一个" in done.stderr
