"""The program as it is installed, its real window, and real key events of the window system: nothing of the test inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.verify import problems
from bloodbank_desktop.training.server import TrainingServer
from tests.faults.checker import server_changes
from tests.faults.proxy import FaultProxy
from tests.faults.until import until
from tests.forms.bags import label_scans
from tests.journeys.keyboard import CONTROL, Keyboard
from tests.journeys.workstation import ROOT
from tests.samples import donation_number
from tests.support import FOLDER, allow_solo_duty

pytestmark = pytest.mark.skipif(
    os.environ.get("QT_QPA_PLATFORM") != "xcb" or not os.environ.get("DISPLAY"), reason="needs an X display"
)
PATIENCE = 60.0


@pytest.fixture
def keyboard() -> Iterator[Keyboard]:
    """The keyboard of the display."""
    with Keyboard() as made:
        yield made


class Running:
    """A process of the program and the keyboard before it."""

    def __init__(self, data: Path, keyboard: Keyboard) -> None:
        self._keyboard = keyboard
        command = [sys.executable, "-m", "bloodbank_desktop", "--training", "--data-dir", str(data)]
        self._before = set(keyboard.windows())
        self.process = subprocess.Popen([*command, "--operator", "训练甲"], cwd=ROOT, stderr=subprocess.PIPE)
        until(lambda: len(self._mine()) == 1, "the window opens", PATIENCE)

    def _mine(self) -> list[int]:
        assert self.process.poll() is None, "the program has ended"
        return [one for one in self._keyboard.windows() if one not in self._before]

    def press_until(self, key: str, windows: int) -> None:
        """Press Ctrl and a key, again every few seconds, until so many windows are open, and go to the uppermost."""
        for _ in range(20):
            self._keyboard.focus(self._mine()[-1])
            self._keyboard.press(ord(key), CONTROL)
            try:
                until(lambda: len(self._mine()) == windows, "", 3)
                break
            except AssertionError:
                continue  # the data file was not open yet
        until(lambda: len(self._mine()) == windows, f"Ctrl+{key} leads to {windows} windows", 1)
        self._keyboard.focus(self._mine()[-1])

    def scan(self, code: str, taken: Callable[[], object]) -> None:
        """Scan until the label is taken; at the first try, unless the window had not got the focus yet."""
        for _ in range(5):
            self._keyboard.focus(self._mine()[-1])
            self._keyboard.scan(code)
            try:
                until(taken, "", 5)
                return
            except AssertionError:
                continue
        raise AssertionError(f"{code} was never taken")

    def end(self, how: Callable[[], None]) -> tuple[int, str]:
        """End it and return its code and what it complained of."""
        how()
        _, complaints = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, complaints.decode()


def _scan_bag(running: Running, profile: Profile, index: int, place: int, now: datetime) -> None:
    """Scan the four labels of a bag; each counts when it is on the disk."""

    def known() -> int:
        drafts = profile.desk.drafts.all("stock_in")
        bags = drafts[0].values["bags"] if drafts else ()
        keys = ("donation_number", "abo", "product_code", "expires_at")
        return sum(bags[place].get(key) is not None for key in keys) if len(bags) > place else 0

    for number, code in enumerate(label_scans(index, now=now), start=1):
        running.scan(code, lambda number=number: known() == number)  # type: ignore[misc]


def test_real_keys_from_first_scan_to_the_platform(tmp_path: Path, keyboard: Keyboard) -> None:
    """Scanned by real keys offline, killed, continued, registered by Ctrl+S, closed by Ctrl+Q: all of it arrives once."""
    now = SystemClock().now()
    data = tmp_path / FOLDER
    folder = profile_dir(data, training=True)
    with TrainingServer(tmp_path / "platform.db") as server, FaultProxy(server.port) as network:
        network.down()
        (folder / "settings.json").write_text(json.dumps({"platform_url": network.url}), encoding="utf-8")
        first = Running(data, keyboard)
        first.press_until("n", 2)
        until(lambda: (folder / "training.key").exists(), "the data file is made", PATIENCE)
        profile = open_profile(folder, training=True)
        try:
            for index in range(3):
                _scan_bag(first, profile, index, index, now)
            code, complaints = first.end(first.process.kill)
            assert code != 0 and complaints == ""

            # Who is alone on duty at night says so; nobody is there to sign.
            allow_solo_duty(profile)
            (draft,) = profile.desk.drafts.all("stock_in")
            head = {key: value for key, value in draft.values.items() if key != "bags"}
            profile.desk.drafts.keep("stock_in", draft.id, {**head, "solo_duty": True})
            second = Running(data, keyboard)
            second.press_until("o", 2)
            _scan_bag(second, profile, 3, 3, now)
            second.press_until("s", 1)
            assert profile.desk.drafts.all() == []
            (row,) = profile.desk.page(profile.desk.open_list(ListQuery("stock_in")), 0)
            bags = profile.desk.view("stock_in", row.record_id).values["bags"]
            assert [bag["donation_number"] for bag in bags] == [donation_number(index) for index in range(4)]
            network.up()
            until(lambda: profile.desk.queue.summary().waiting == 0, "it goes up by itself", PATIENCE)
            assert [change["id"] for change in server_changes(server.platform)] == [row.record_id]
            code, complaints = second.end(lambda: keyboard.press(ord("q"), CONTROL))
            assert (code, complaints) == (0, "")
            assert problems(profile.store) == []
        finally:
            profile.close()
            for running in (first, locals().get("second")):
                if isinstance(running, Running):
                    running.process.kill()
                    running.process.communicate()
