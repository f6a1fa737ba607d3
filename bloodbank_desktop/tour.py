"""The tour plays the main job by itself in a real window, takes pictures and writes what happened into tour.json.

It scans twelve bags with the network cut, five faulty labels among them, closes the window before registering, starts
again, registers, brings the network back and waits until the platform has the delivery. What it writes down is read
from the window and the data file, not from its own intentions; any step that does not come true ends it with a no.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from bloodbank_desktop.app import Program, make_application
from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.wiring import TRAINING_FILE, TrainingPlatform

BAGS = 12
#: Nothing listens here; a window that is sent here is a window whose network cable is out.
NOWHERE = "http://127.0.0.1:9"
_PATIENCE = 30.0


class Failed(KnownProblem):
    """A step of the tour did not come true."""


def _until(condition: Callable[[], object], what: str) -> None:
    ends = time.monotonic() + _PATIENCE
    loop = QEventLoop()
    tick = QTimer(loop)
    tick.timeout.connect(loop.quit)
    tick.start(10)
    while not condition():
        if time.monotonic() > ends:
            raise Failed(f"演示没有走完：{what}", code="tour")
        loop.exec()


def label(place: int, now: datetime) -> tuple[str, str, str, str]:
    """Return the four codes on the label of a made-up bag: donation number, group, product, expiry."""
    number = f"A9999{now:%y}{4000 + place:06d}"
    expires = (now + timedelta(days=20 + place)).astimezone(CHINA)
    group = ("62", "51", "73", "84", "06", "95")[place % 6]
    product = ("P0056V00", "P0065V00", "P0147V00", "A0321V00")[place % 4]
    return f"={number}{check_characters.flag(number)}", f"=%{group}00", f"=<{product}", f"&>0{expires:%y%j%H%M}"


def faulty_labels(now: datetime) -> list[tuple[str, str]]:
    """Return five scans that must change nothing, each with what is wrong with it."""
    good, _, product, _ = label(0, now)
    past = (now - timedelta(days=1)).astimezone(CHINA)
    return [
        ("damaged check character", good[:12] + ("1" if good[12] != "1" else "2") + good[13:]),
        ("wrong kind of label", "=)12345ABCDE"),
        ("unknown product", "=<E9999V00"),
        ("expired", f"&>0{past:%y%j%H%M}"),
        # Both codes in one scan, as a scanner that reads two labels at once sends them: all or nothing.
        ("duplicate in this delivery", good + product),
    ]


class Tour:
    """One tour into one folder."""

    def __init__(self, folder: Path, *, scale: float, dark: bool) -> None:
        self.folder = folder
        self.scale = scale
        self.dark = dark
        self.data = profile_dir(folder / "data", training=True)
        self.events: list[dict[str, Any]] = []
        self.pictures: list[str] = []
        self.program: Program | None = None

    def note(self, what: str, **facts: Any) -> None:
        """Write down what happened."""
        self.events.append({"step": len(self.events) + 1, "what": what, **facts})

    def picture(self, name: str, widget: QWidget | None = None) -> None:
        """Take a numbered picture of a window."""
        QApplication.processEvents()
        shown = widget or self._window
        file = f"{len(self.pictures) + 1:02d}-{name}.png"
        if not shown.grab().save(str(self.folder / file)):
            raise Failed(f"图片 {file} 没有写成，请检查文件夹 {self.folder}", code="tour")
        self.pictures.append(file)

    @property
    def _window(self) -> QWidget:
        assert self.program is not None
        return self.program.window

    def start(self, platform_url: str) -> None:
        """Start the program as a person does, its network going to `platform_url`."""
        self.program = Program(
            make_application(), self.data, training=True, operator="训练员", platform_url=platform_url
        )
        _until(lambda: self.program is not None and self.program.lane is not None, "程序没有启动")
        self.program.window.activateWindow()
        _until(self.program.window.isActiveWindow, "窗口没有得到焦点")
        self.program.window.resize(int(1180 * self.scale), int(720 * self.scale))

    def stop(self) -> None:
        """Close the program."""
        if self.program is not None:
            self.program.window.close()
            self.program.close()
            self.program.deleteLater()
            self.program = None

    def dialog(self) -> QWidget:
        """Return the open delivery."""
        _until(_open_dialogs, "入库窗口没有打开")
        return _open_dialogs()[0]

    def scan(self, dialog: QWidget, code: str) -> str:
        """Send a code as a scanner does and return what the window answered."""
        verdict = _text(dialog, "scan.verdict")
        before = verdict.text()
        handle = dialog.windowHandle()
        for character in code:
            QTest.keyClick(handle, character)  # type: ignore[call-overload]
        QTest.keyClick(handle, Qt.Key.Key_Return)
        _until(lambda: not dialog.property("scanning") and verdict.text() != before, f"扫描 {code} 没有回应")
        return verdict.text()

    def play(self) -> None:
        """Play the main job."""
        now = datetime.now(CHINA)
        self.start(NOWHERE)
        assert self.program is not None
        self.note("started with the network cut", status=_text(self._window, "status.link").text())
        self.picture("离线启动")
        QTest.keyClick(self._window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        dialog = self.dialog()
        self.picture("新的入库单", dialog)
        faults = faulty_labels(now)
        for place in range(BAGS):
            for code in label(place, now):
                answer = self.scan(dialog, code)
            self.note("bag scanned", bag=place + 1, answer=answer, counter=_text(dialog, "scan.counter").text())
            if place in (2, 4, 6, 8, 10):
                wrong, code = faults[place // 2 - 1]
                counter = _text(dialog, "scan.counter").text()
                answer = self.scan(dialog, code)
                if _text(dialog, "scan.counter").text() != counter:
                    raise Failed(f"演示失败：不该收下的袋签被收下了（{wrong}）", code="tour")
                self.note("faulty label refused", fault=wrong, answer=answer)
                self.picture(f"拒收-{wrong.replace(' ', '-')}", dialog)
        self.picture("十二袋已暂存", dialog)
        self.stop()
        self.note("closed before registering")

        self.start(NOWHERE)
        QTest.keyClick(self._window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
        dialog = self.dialog()
        _until(lambda: str(BAGS) in _text(dialog, "scan.counter").text(), "草稿没有恢复")
        self.note("reopened where it stood", counter=_text(dialog, "scan.counter").text())
        self.picture("重新打开", dialog)
        QTest.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        _until(lambda: not _open_dialogs(), "入库单没有登记成功")
        _until(lambda: self._queue()[0] == 1, "登记没有进入上传队列")
        self.note("registered", waiting=self._queue()[0])
        self.picture("已保存")
        QTest.keyClick(self._window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
        QTest.qWait(300)
        self.picture("上传队列")
        self.stop()

        with TrainingPlatform(self.data / TRAINING_FILE) as platform:
            self.start(platform.url)
            _until(lambda: self._queue()[0] == 0, "记录没有送达平台")
            self.note("uploaded", waiting=0, states=self._queue()[1])
            QTest.qWait(500)
            self.picture("已报送")
            self.stop()

    def _queue(self) -> tuple[int, list[str]]:
        assert self.program is not None
        profile = self.program.profile
        if profile is None:
            return -1, []
        rows = profile.desk.queue(open_only=False)
        return profile.desk.queue_summary().waiting, [row.state for row in rows]


def _open_dialogs() -> list[QWidget]:
    widgets = QApplication.topLevelWidgets()
    return [one for one in widgets if one.objectName() == "dialog.stock_in" and one.isVisible()]


def _text(parent: QWidget, name: str) -> QLabel:
    found = parent.findChild(QLabel, name)
    if not isinstance(found, QLabel):
        raise Failed(f"演示没有走完：窗口上找不到 {name}", code="tour")
    return found


def run(folder: Path, *, scale: float = 1.0, dark: bool = False) -> int:
    """Play the tour into `folder`, which is made; its data of an earlier tour is removed. Raises KnownProblem."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9]-*.png"):
        old.unlink()
    tour = Tour(folder, scale=scale, dark=dark)
    ok = False
    try:
        tour.play()
        ok = True
    finally:
        tour.stop()
        whole = {"ok": ok, "pictures": tour.pictures, "events": tour.events}
        (folder / "tour.json").write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0
