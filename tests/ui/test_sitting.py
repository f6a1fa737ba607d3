"""Who sits at the window: first administrator, sign-in, change of shift, lock – in the real window over a real file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QWidget
from sqlalchemy import text

from bloodbank_desktop.forms.credentials import CredentialsDialog
from bloodbank_desktop.operations import training_persons
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.operations.persons import Persons
from bloodbank_desktop.passwords import Cost
from bloodbank_desktop.secrets import TrainingKey
from bloodbank_desktop.ui.cover import Cover
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.persons_window import PersonsWindow
from bloodbank_desktop.ui.questions import SureQuestion
from bloodbank_desktop.ui.record_dialogs import RecordDialogs
from bloodbank_desktop.ui.tasks import Tasks
from tests.samples import request_values
from tests.support import FakeClock, nobody, open_store, seat
from tests.waiting import dialog_of, turn_events, wait_until

pytestmark = pytest.mark.window
CTRL = Qt.KeyboardModifier.ControlModifier
KEY = Qt.Key
CHEAP = Cost(1, 8, 1)
ONE, TWO, THREE = "first-word-1", "second-word-2", "third-word-3"
PATIENCE = 20.0


class Screen:
    """A window and what a person at it does."""

    def __init__(self, profile: Profile, tasks: Tasks, folder: Path, clock: FakeClock, *, training: bool) -> None:
        profile.desk.persons = Persons(profile.store, clock, cost=CHEAP, training=training)
        self.profile, self.tasks, self.clock = profile, tasks, clock
        dialogs = RecordDialogs(tasks, clock, training=training)
        self.window = MainWindow(tasks, clock, dialogs, folder, training=training, lock_minutes=5)
        self.window.show()
        dialogs.attach(profile.desk)
        self.window.attach(profile.desk)
        assert tasks.wait_idle(PATIENCE)

    def press(self, key: Qt.Key, on: QWidget | None = None) -> None:
        """Press Ctrl and a key in the window or in what stands over it; keys reach only what is active."""
        there = on or self.window
        there.activateWindow()
        wait_until(there.isActiveWindow, PATIENCE)
        QTest.keyClick(there, key, CTRL)

    def dialog(self, kind: type[QDialog] = CredentialsDialog) -> Any:
        """Wait for a dialog of this kind above the window."""
        return dialog_of(self.window, kind, PATIENCE)

    def fill(self, dialog: CredentialsDialog, **texts: str) -> None:
        """Type into the fields and press the button."""
        for key, words in texts.items():
            dialog.edits[key].setText(words)
        dialog.yes.click()

    def seated(self, name: str) -> None:
        """Wait until somebody of this name sits here."""
        wait_until(lambda: name in self.window.status.operator.text() and not self.window.deeds.dialogs, PATIENCE)
        assert self.profile.desk.operator == name

    @property
    def locked(self) -> CredentialsDialog:
        """The dialog of the locked window."""
        dialog = self.window.sitting._lock
        assert dialog is not None
        return dialog

    def covers(self) -> list[Cover]:
        """What hides the windows now."""
        over = [self.window, *self.window.deeds.dialogs]
        return list({cover: None for one in over for cover in one.findChildren(Cover) if cover.isVisible()})

    def rows(self) -> int | None:
        """How many records the list on the screen shows, None while it has not read."""
        page = self.window.tabs.page(self.window.tabs.current_key)
        assert isinstance(page, ListTab)
        return page.model.rowCount() if page.model is not None else None

    def audited(self) -> list[str]:
        """The acts of persons in the audit."""
        with self.profile.store.read() as tx:
            return list(
                tx.execute(text("SELECT action FROM audit WHERE object LIKE 'person/%' ORDER BY seq")).scalars()
            )

    def close(self) -> None:
        """Close everything."""
        self.window.sitting.put_away()
        assert self.tasks.wait_idle(PATIENCE)
        for dialog in list(self.window.deeds.dialogs):
            dialog.done(0)
        self.tasks.wait_idle(PATIENCE)
        self.window.close()
        self.window.deleteLater()
        turn_events()


@pytest.fixture
def screen(tasks: Tasks, tmp_path: Path) -> Iterator[Screen]:
    """A training window with one request in its list, at which 训练甲 sits."""
    clock = FakeClock()
    profile = open_store(tmp_path, clock)
    profile.desk.register("transfusion_request", request_values(1))
    made = Screen(profile, tasks, tmp_path, clock, training=True)
    made.window.tabs.go_to("transfusion_request")
    wait_until(lambda: made.rows() == 1, PATIENCE)
    yield made
    made.close()
    profile.close()


@pytest.fixture
def hospital(tasks: Tasks, tmp_path: Path) -> Iterator[Profile]:
    """A real file in which nobody is known."""
    folder = tmp_path / "hospital"
    folder.mkdir()
    profile = open_profile(folder, training=False, clock=FakeClock(), keeper=TrainingKey(folder))
    yield profile
    profile.close()


def test_a_new_hospital_names_its_first_administrator(hospital: Profile, tasks: Tasks, tmp_path: Path) -> None:
    """The first start asks for an administrator, says what is wrong at the field, and only then reads a list."""
    screen = Screen(hospital, tasks, tmp_path, FakeClock(), training=False)
    dialog = screen.dialog()
    assert dialog.objectName() == "dialog.first_administrator" and screen.rows() is None
    screen.fill(dialog, login="boss", name="管练", password=ONE, again=TWO)
    assert "两次输入" in dialog.problem.text() and dialog.edits["again"].text() == ""
    screen.fill(dialog, password="12345678", again="12345678")
    wait_until(lambda: "字母和数字" in dialog.problem.text(), PATIENCE)
    assert dialog.edits["password"].property("problem") and dialog.edits["login"].text() == "boss"
    screen.fill(dialog, password=ONE, again=ONE)
    screen.seated("管练")
    wait_until(lambda: screen.rows() == 0, PATIENCE)
    screen.close()
    nobody(hospital)
    screen = Screen(hospital, tasks, tmp_path, FakeClock(), training=False)
    dialog = screen.dialog()
    assert dialog.objectName() == "dialog.sign_in" and not dialog.foot.isVisible() and screen.rows() is None
    screen.fill(dialog, login="boss", password=ONE)
    screen.seated("管练")
    screen.close()


def test_a_given_password_is_changed_before_anything_else(screen: Screen) -> None:
    """Who signs in with the administrator's password chooses an own one, and only then sits down."""
    boss = seat(screen.profile, "管", "administrator")
    screen.profile.persons.add(boss, "1001", "练甲", ["technician"], ONE)
    screen.press(KEY.Key_U)
    screen.fill(screen.dialog(), login="1001", password=ONE)
    wait_until(lambda: screen.dialog().objectName() == "dialog.own_password", PATIENCE)
    assert screen.profile.desk.operator == "管"
    screen.fill(screen.dialog(), password=TWO, again=TWO)
    screen.seated("练甲")
    screen.window.sitting.change_password()
    dialog = screen.dialog()
    screen.fill(dialog, old=ONE, password=THREE, again=THREE)
    wait_until(lambda: "不对" in dialog.problem.text(), PATIENCE)
    screen.fill(dialog, old=TWO, password=THREE, again=THREE)
    screen.seated("练甲")
    assert screen.profile.persons.sign_in("1001", THREE).name == "练甲"


def test_a_change_of_shift_keeps_the_tab_and_asks_the_new_persons_role(screen: Screen) -> None:
    """Ctrl+U seats another person; what that one may not do is refused in words, and the list stays."""
    screen.press(KEY.Key_U)
    dialog = screen.dialog()
    assert training_persons.password() in dialog.foot.text() and "wu　训练戊（只读）" in dialog.foot.text()
    screen.fill(dialog, login="wu", password=training_persons.password())
    screen.seated("训练戊")
    wait_until(lambda: screen.rows() == 1, PATIENCE)
    # A system gives the keyboard back by itself, a screen without a window manager does not.
    screen.window.activateWindow()
    wait_until(screen.window.isActiveWindow, PATIENCE)
    screen.press(KEY.Key_N)
    wait_until(lambda: "技师或审核或主任" in screen.window.messages.text, PATIENCE)
    assert not screen.window.deeds.dialogs


def test_a_locked_window_shows_nothing_and_keeps_the_form(screen: Screen) -> None:
    """Ctrl+L covers window and dialog; Esc opens nothing; the same person goes on exactly where he was."""
    screen.press(KEY.Key_N)
    form = screen.dialog(QDialog)
    form.form.editors["diagnosis"].widget.setText("练习诊断")
    title = form.windowTitle()
    screen.window.sitting.lock()
    assert len(screen.covers()) == 2 and screen.window.sitting.is_locked
    assert "已锁定" in form.windowTitle() and form.childAt(form.rect().center()) in (
        None, *form.findChildren(Cover), *(c for cover in form.findChildren(Cover) for c in cover.children()),
    )  # fmt: skip
    QTest.keyClick(screen.locked, KEY.Key_Escape)
    screen.locked.close()
    assert screen.window.sitting.is_locked
    screen.fill(screen.locked, password="wrong-word-1")
    wait_until(lambda: screen.locked.problem.text().startswith("✖"), PATIENCE)
    assert screen.window.sitting.is_locked
    make_password(screen)
    screen.fill(screen.locked, password=ONE)
    wait_until(lambda: not screen.window.sitting.is_locked, PATIENCE)
    assert screen.covers() == [] and form.isVisible() and form.windowTitle() == title
    assert form.form.editors["diagnosis"].widget.text() == "练习诊断"
    assert screen.audited()[-3:] == ["lock", "sign-in-failed", "sign-in"]


def make_password(screen: Screen) -> None:
    """Give 训练甲, whom tests made without one, the password ONE."""
    from bloodbank_desktop import passwords
    from bloodbank_desktop.storage import person_rows

    person = screen.profile.desk.person
    assert person is not None
    with screen.profile.store.write() as tx:
        person_rows.change(tx, person.id, screen.clock.now(), verifier=passwords.verifier(ONE, CHEAP))


def test_another_person_takes_over_and_the_draft_stays_the_first_ones(screen: Screen) -> None:
    """Whoever unlocks as another person finds no open dialog; what was begun is a draft in the name of the first."""
    screen.press(KEY.Key_N)
    form = screen.dialog(QDialog)
    form.form.editors["diagnosis"].widget.setText("练习诊断")
    screen.window.sitting.lock()
    screen.fill(screen.locked, login="yi", password=training_persons.password())
    screen.seated("训练乙")
    assert screen.covers() == [] and not screen.window.sitting.is_locked
    (draft,) = screen.profile.desk.drafts.all()
    assert (draft.actor, draft.values["diagnosis"]) == ("训练甲", "练习诊断")


def test_a_window_that_nobody_touches_locks_itself(screen: Screen) -> None:
    """A minute before it says so, a key puts it off, and after five minutes it locks; the audit says time-out."""
    idle = screen.window.idle
    assert idle is not None
    screen.clock.advance(minutes=4, seconds=30)
    idle.look()
    assert "30 秒" in screen.window.status.lock.text() and screen.window.status.lock.isVisible()
    idle.touch()
    assert not screen.window.status.lock.isVisible()
    screen.clock.advance(minutes=4, seconds=59)
    idle.look()
    assert not screen.window.sitting.is_locked
    screen.clock.advance(seconds=1)
    idle.look()
    assert screen.window.sitting.is_locked and screen.rows() == 1 and len(screen.covers()) == 1
    make_password(screen)
    screen.fill(screen.locked, password=ONE)
    wait_until(lambda: not screen.window.sitting.is_locked, PATIENCE)
    assert "time-out" in screen.audited()


def test_a_locked_window_can_be_closed_and_loses_nothing(screen: Screen) -> None:
    """The program ends although it is locked; the unfinished form is a draft."""
    screen.press(KEY.Key_N)
    screen.dialog(QDialog).form.editors["diagnosis"].widget.setText("练习诊断")
    screen.window.sitting.lock()
    screen.window.close()
    wait_until(lambda: not screen.window.isVisible(), PATIENCE)
    assert [one.values.get("diagnosis") for one in screen.profile.desk.drafts.all()] == ["练习诊断"]


def test_the_lock_outlives_the_form_that_is_put_away(screen: Screen) -> None:
    """A form that goes away under the lock takes neither the unlock dialog nor the window with it, and wakes no scanner."""
    screen.press(KEY.Key_N)
    screen.dialog(QDialog).form.editors["diagnosis"].widget.setText("练习诊断")
    screen.window.sitting.lock()
    screen.window.sitting.put_away()
    wait_until(lambda: not screen.window.deeds.dialogs, PATIENCE)
    assert screen.tasks.wait_idle(PATIENCE)
    turn_events()
    assert screen.locked.isVisible() and screen.window.wedge is not None and not screen.window.wedge._running
    make_password(screen)
    screen.fill(screen.locked, password=ONE)
    wait_until(lambda: not screen.window.sitting.is_locked, PATIENCE)
    assert screen.window.isVisible() and screen.window.wedge._running


def test_the_administrator_manages_persons(screen: Screen) -> None:
    """Add with a problem at the field, change roles, reset a password, disable and bring back; the list follows."""
    seat(screen.profile, "管", "administrator")
    screen.window.sitting.administer()
    window = screen.dialog(PersonsWindow)
    wait_until(lambda: window.list.rowCount() == 8, PATIENCE)

    def asked() -> CredentialsDialog:
        wait_until(lambda: any(one.isVisible() for one in window.findChildren(CredentialsDialog)), PATIENCE)
        found: list[CredentialsDialog] = window.findChildren(CredentialsDialog)
        return next(one for one in found if one.isVisible())

    window.add.click()
    dialog = asked()
    screen.fill(dialog, login="1001", name="练甲", password=ONE, again=ONE)
    wait_until(lambda: "角色" in dialog.problem.text(), PATIENCE)
    dialog.boxes["technician"].click()
    screen.fill(dialog, password=ONE, again=ONE)
    wait_until(lambda: window.list.rowCount() == 9, PATIENCE)
    window.list.setCurrentCell(0, 0)
    assert window.chosen is not None and window.chosen.person.login == "1001"
    assert "尚未改成" in window.list.item(0, 3).text()
    window.change.click()
    dialog = asked()
    assert dialog.edits["login"].isReadOnly() and dialog.boxes["technician"].isChecked()
    dialog.boxes["viewer"].click()
    screen.fill(dialog, name="练新")
    wait_until(
        lambda: window.list.item(0, 2).text() == "技师、只读" and window.list.item(0, 1).text() == "练新", PATIENCE
    )
    window.password.click()
    screen.fill(asked(), password=TWO, again=TWO)
    wait_until(lambda: "person-password" in screen.audited(), PATIENCE)
    window.end.click()
    wait_until(lambda: window.findChildren(SureQuestion), PATIENCE)
    window.findChildren(SureQuestion)[-1].accept()
    wait_until(lambda: "停用" in window.list.item(0, 3).text(), PATIENCE)
    assert window.end.text().startswith("恢复使用")
    window.end.click()
    wait_until(lambda: "停用" not in window.list.item(0, 3).text(), PATIENCE)
    window.reject()
    seat(screen.profile, "训练甲", "technician")
    screen.window.sitting.administer()
    wait_until(lambda: "管理人员须由管理进行" in screen.window.messages.text, PATIENCE)


def test_ctrl_l_locks_from_inside_a_dialog(screen: Screen) -> None:
    """The key works in every window of the program, where the shortcut of the main window does not reach."""
    screen.press(KEY.Key_N)
    form = screen.dialog(QDialog)
    form.activateWindow()
    wait_until(form.isActiveWindow, PATIENCE)
    QTest.keyClick(form.windowHandle(), KEY.Key_L, CTRL)
    wait_until(lambda: screen.window.sitting.is_locked, PATIENCE)
    assert len(screen.covers()) == 2
    make_password(screen)
    screen.fill(screen.locked, password=ONE)
    wait_until(lambda: not screen.window.sitting.is_locked, PATIENCE)
