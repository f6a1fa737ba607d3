"""The second person signs at the same screen: another person, with an own password, for this purpose and ten minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.burst import Habits
from bloodbank_desktop.forms.countersign import SecondPerson
from bloodbank_desktop.forms.credentials import CredentialsDialog
from bloodbank_desktop.forms.wedge import Wedge
from bloodbank_desktop.operations import training_persons
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.rules.persons import Signature
from tests.support import FakeClock, open_store
from tests.waiting import turn_events, wait_until

pytestmark = pytest.mark.window
WORD = training_persons.password()


class Door:
    """The real persons, answering at once."""

    def __init__(self, profile: Profile, clock: FakeClock) -> None:
        self._profile, self._clock = profile, clock

    def now(self) -> datetime:
        return self._clock.now()

    def countersign(
        self, login: str, password: str, purpose: str, done: Callable[[Signature], None], failed: Callable[[Any], None]
    ) -> None:
        try:
            signed = self._profile.persons.countersign(login, password, purpose, first=self._profile.desk.person)
        except KnownProblem as problem:
            failed(problem)
            return
        done(signed)


class Host(QWidget):
    """A dialog's place for the line, listening to a scanner."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.scans: list[str] = []
        self.line = SecondPerson(door, "交接", lambda: "血袋 1 袋交给三病区", self)
        QVBoxLayout(self).addWidget(self.line)
        self.wedge = Wedge(self, self.scans.append, lambda: None, Habits(gap_ms=300))
        self.wedge.start()

    def asked(self) -> CredentialsDialog:
        """Press the button and return the dialog, in front."""
        self.line.button.click()
        found: list[CredentialsDialog] = self.line.findChildren(CredentialsDialog)
        found[-1].activateWindow()
        wait_until(found[-1].isActiveWindow)
        return found[-1]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def profile(tmp_path: Path, clock: FakeClock) -> Iterator[Profile]:
    made = open_store(tmp_path, clock)
    made.desk.person = made.persons.step_in("jia")
    yield made
    made.close()


@pytest.fixture
def host(qapp: QApplication, profile: Profile, clock: FakeClock) -> Iterator[Host]:
    made = Host(Door(profile, clock))
    made.show()
    made.activateWindow()
    wait_until(made.isActiveWindow)
    yield made
    made.wedge.stop()
    made.close()
    made.deleteLater()
    turn_events()


def sign(dialog: CredentialsDialog, login: str, password: str) -> None:
    """Fill in and press the button."""
    dialog.edits["login"].setText(login)
    dialog.edits["password"].setText(password)
    dialog.yes.click()


def test_another_person_signs_and_the_line_says_who(host: Host, clock: FakeClock) -> None:
    """Nobody is not enough, the same person is not, a wrong password is not; a colleague is, and is named."""
    told: list[bool] = []
    host.line.changed.connect(lambda: told.append(host.line.signature is not None))
    dialog = host.asked()
    assert "血袋 1 袋交给三病区" in dialog.words.text()
    sign(dialog, "", "")
    assert "登录名" in dialog.problem.text() and "密码" in dialog.problem.text()
    sign(dialog, "jia", WORD)
    assert "不能是您本人" in dialog.problem.text() and host.line.signature is None
    sign(dialog, "wu", "wrong-word-1")
    assert "不对" in dialog.problem.text() and dialog.edits["password"].text() == ""
    sign(dialog, "wu", WORD)
    signature = host.line.signature
    assert signature is not None and (signature.person.login, signature.purpose) == ("wu", "交接")
    assert "训练戊（wu）" in host.line.words.text() and told == [True]
    host.line.clear()
    assert host.line.signature is None and "尚未签名" in host.line.words.text() and told == [True, False]


def test_a_signature_goes_out_after_ten_minutes(host: Host, clock: FakeClock) -> None:
    """An old signature is no signature, even before the line has been told to forget it."""
    sign(host.asked(), "yi", WORD)
    clock.advance(minutes=9, seconds=59)
    assert host.line.signature is not None
    clock.advance(seconds=1)
    assert host.line.signature is None
    host.line._over.timeout.emit()
    assert "尚未签名" in host.line.words.text()


def test_a_badge_scanned_into_the_dialog_is_no_bag(host: Host) -> None:
    """A dialog that takes a login keeps its keys, although the one below it listens to a scanner."""
    dialog = host.asked()
    dialog.edits["login"].setFocus()
    for character in "wu":
        QTest.keyClick(dialog.windowHandle(), character)  # type: ignore[call-overload]
    assert dialog.edits["login"].text() == "wu"
    for character in "A999926000001":
        QTest.keyClick(dialog.windowHandle(), character)  # type: ignore[call-overload]
    assert dialog.edits["login"].text() == "wuA999926000001" and host.scans == []
    dialog.reject()
