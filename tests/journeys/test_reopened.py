"""After a crash the delivery opens where it stood; a second start of the program says so and harms nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bloodbank_desktop import app
from bloodbank_desktop.app import Program
from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.forms import viewing
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.paths import profile_dir
from tests.faults.proxy import FaultProxy
from tests.forms.bags import label_scans
from tests.journeys.conftest import PATIENCE, Workstation
from tests.journeys.workstation import ROOT, Life
from tests.samples import donation_number
from tests.support import FOLDER
from tests.waiting import wait_until

SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from bloodbank_desktop import app

application = app.make_application()
ticks = QTimer()

def look():
    box = QApplication.activeModalWidget()
    if isinstance(box, QMessageBox):
        ticks.stop()
        sys.stdout.buffer.write((box.text() + "\\n").encode())
        box.buttons()[0].click()

ticks.timeout.connect(look)
ticks.start(20)
sys.exit(app.run(Path(sys.argv[1]), training=True, operator="训练乙"))
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder of a workstation whose network is down."""
    made = tmp_path / FOLDER
    with FaultProxy(0) as nowhere:
        nowhere.down()
        settings = {"platform_url": nowhere.url, "sounds": False, "scan_gap_ms": 100}
        (profile_dir(made, training=True) / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        yield made


def test_a_delivery_opens_where_it_stood(data: Path) -> None:
    """Killed in the middle of the third bag, with a number written: bags, text, counter and what to scan next are there."""
    now = SystemClock().now()
    life = Life(data)
    try:
        life.do("open")
        for index in range(2):
            for code in label_scans(index, now=now):
                life.do("scan", code)
        life.do("write", "station_issue_no", "FX2026-0042")
        for code in label_scans(2, now=now)[:2]:
            life.do("scan", code)
        first = life.until("shows")
        assert first == []
        assert "已暂存" in life.until("kept")
        while "还缺产品码、失效码" not in life.until("heard"):
            pass
    finally:
        life.kill()
    rows = {row[1]: row for row in (line["row"] for line in life.told if "row" in line)}
    (draft,) = {line["draft"] for line in life.told if "draft" in line}

    again = Life(data)
    try:
        again.do("open")
        assert again.until("attached") == 1
        again.until("shows")
        shown = again.told[-1]
        assert shown["draft"] == draft
        # Column by column as it was, but for those that are empty in both.
        assert shown["shows"] == list(rows.values())
        assert shown["fields"]["station_issue_no"] == "FX2026-0042"
        assert shown["expected"] == "第 3 袋，请扫：产品码、失效码"
        assert shown["counter"] == "本单 2 袋" and shown["selected"] == 2
        assert "已恢复" in shown["verdict"] and "3 袋，请接着扫" in shown["verdict"]
        for code in label_scans(2, now=now)[2:]:
            again.do("scan", code)
        again.do("register")
        again.until("saved")
    finally:
        again.kill()
    profile = open_profile(profile_dir(data, training=True), training=True)
    try:
        saved = profile.desk.view("stock_in", draft).values
        assert [bag["donation_number"] for bag in saved["bags"]] == [donation_number(index) for index in range(3)]
        assert saved["station_issue_no"] == "FX2026-0042"
        assert profile.desk.drafts.all() == []
    finally:
        profile.close()


def test_a_second_start_says_so_and_harms_nothing(data: Path) -> None:
    """The second window says in words that the program is open, ends with 1, and the first goes on with its delivery."""
    now = SystemClock().now()
    life = Life(data)
    try:
        life.do("open")
        first, *rest = label_scans(0, now=now)
        life.do("scan", first)
        life.until("heard")
        command = [sys.executable, "-c", SECOND, str(data)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)
        assert (second.returncode, second.stderr.decode()) == (1, "")
        assert "已经打开" in second.stdout.decode() and "任务栏" in second.stdout.decode()
        for code in rest:
            life.do("scan", code)
        life.do("register")
        assert life.until("saved").startswith("RK")
    finally:
        life.kill()


def test_a_start_removes_opened_copies_that_a_crash_left(
    station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of a patient's paper that a killed program had opened is gone soon after the next start."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"{viewing.PREFIX}dead"
    left.mkdir()
    for name in ("in-use", "身份证.pdf"):
        (left / name).write_bytes(b"%PDF-1.7")
    station.start()
    wait_until(lambda: not left.exists(), PATIENCE)


@pytest.mark.parametrize("latest_ms", [0, 60_000])
def test_the_file_is_opened_once_whether_rows_come_early_or_late(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, latest_ms: int
) -> None:
    """Whether the list is painted before or after the latest moment, the data file is attached exactly once."""
    attached: list[object] = []
    attach = Program._attach

    def counted(self: Program, profile: Profile) -> None:
        attached.append(profile)
        attach(self, profile)

    monkeypatch.setattr(app, "_LATEST_MS", latest_ms)
    # Late rows: the window does not wait for them, and the timer has run out when they are painted.
    monkeypatch.setattr(app, "_ROWS_SECONDS", 0.05 if latest_ms else 0.0)
    monkeypatch.setattr(Program, "_attach", counted)
    program = station.start()
    view = station.page("stock_in").view
    wait_until(lambda: view._was_painted, PATIENCE)
    station.settle()
    assert attached == [program.profile]
