"""Who sits at the window: sign-in, change of shift, lock; until somebody has signed in nothing clinical can be read.

A password goes to the database lane and nowhere else. Who takes over a locked window never works in the name of the one
before: what that one left unfinished is kept as a draft first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.forms.credentials import CredentialsDialog
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.rules.persons import Person
    from bloodbank_desktop.ui.cover import Cover
    from bloodbank_desktop.ui.deeds import Deeds

Then = Callable[[], None]


class Sitting(QObject):
    """`leaving()` before another person may sit down; `seated(Person)` when one has; `locked(bool)`; `failed(exception)`."""

    leaving = Signal()
    seated = Signal(object)
    locked = Signal(bool)
    failed = Signal(object)

    def __init__(self, window: QWidget, deeds: Deeds, tasks: Tasks, *, training: bool = False) -> None:
        super().__init__(window)
        self._window = window
        self._deeds = deeds
        self._tasks = tasks
        self._training = training
        self._desk: Desk | None = None
        self._lock: CredentialsDialog | None = None
        self._covers: list[Cover] = []
        self._login = ""

    def attach(self, desk: Desk) -> None:
        """Seat the person of the desk, or ask for one."""
        self._desk = desk
        if desk.person is not None:
            self.seated.emit(desk.person)
        else:
            self.begin()

    @property
    def is_locked(self) -> bool:
        """Whether the window shows nothing until a password is given."""
        return self._lock is not None

    # -- signing in ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Ask for the first person: the one who signs in, or who administers a new file."""
        desk = self._desk
        if desk is not None:
            persons = desk.persons
            self._tasks.database(
                persons.any, lambda some: self.sign_in() if some else self._first(), self.failed.emit, owner=self
            )

    def sign_in(self, then: Then | None = None) -> None:
        """Ask who works here from now on, and go on with `then` when that is known."""
        from bloodbank_desktop.ui.sign_in import sign_in_dialog

        desk = self._desk
        if desk is None or self._deeds.dialogs or self.is_locked:
            return
        self.leaving.emit()
        dialog = sign_in_dialog(self._window, self._login, training=self._training)

        def prove(answer: Mapping[str, str]) -> tuple[Person, bool]:
            person = desk.persons.sign_in(answer["login"], answer["password"])
            own = desk.persons.chose_password(person)
            if own:
                # On the lane: whatever the one before had asked for is done by now, in that one's name.
                desk.person = person
            return person, own

        def proven(found: tuple[Person, bool], old: str) -> None:
            person, own = found
            dialog.accept()
            if own:
                self._sit_down(person, then)
            else:
                QTimer.singleShot(0, self, lambda: self.own_password(person, old, then))

        def ask(answer: Mapping[str, str]) -> None:
            self._tasks.database(
                lambda: prove(answer), lambda found: proven(found, answer["password"]), dialog.refuse, owner=dialog
            )

        dialog.asked.connect(ask)
        self._deeds.show(dialog)

    def own_password(self, person: Person, old: str = "", then: Then | None = None) -> None:
        """Let a person choose an own password; with `old` known because it was given just now and had to be changed."""
        from bloodbank_desktop.ui.sign_in import own_password_dialog

        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return
        dialog = own_password_dialog(self._window, person, forced=bool(old))

        def choose(answer: Mapping[str, str]) -> None:
            desk.persons.own_password(person, old or answer["old"], answer["password"])
            desk.person = person

        def chosen(_none: None) -> None:
            dialog.accept()
            self._sit_down(person, then)

        dialog.asked.connect(
            lambda answer: self._tasks.database(lambda: choose(answer), chosen, dialog.refuse, owner=dialog)
        )
        self._deeds.show(dialog)

    def change_password(self) -> None:
        """Let whoever sits here choose another password."""
        desk = self._desk
        if desk is not None and desk.person is not None:
            self.own_password(desk.person)

    def administer(self) -> None:
        """Open 人员管理, for whom it is allowed."""
        desk = self._desk
        if desk is None or desk.person is None or self._deeds.dialogs:
            return

        def open_(_none: None) -> None:
            from bloodbank_desktop.ui.persons_window import PersonsWindow

            if not self._deeds.dialogs:
                window = PersonsWindow(desk, self._tasks, self._window)
                window.failed.connect(self.failed)
                self._deeds.show(window)

        self._tasks.database(lambda: desk.need("administer-persons"), open_, self.failed.emit, owner=self)

    def _first(self) -> None:
        from bloodbank_desktop.ui.sign_in import first_administrator_dialog

        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return
        dialog = first_administrator_dialog(self._window)

        def make(answer: Mapping[str, str]) -> Person:
            person = desk.persons.first_administrator(answer["login"], answer["name"], answer["password"])
            desk.persons.sign_in(answer["login"], answer["password"])
            desk.person = person
            return person

        def made(person: Person) -> None:
            dialog.accept()
            self._sit_down(person, None)

        dialog.asked.connect(
            lambda answer: self._tasks.database(lambda: make(answer), made, dialog.refuse, owner=dialog)
        )
        self._deeds.show(dialog)

    def _sit_down(self, person: Person, then: Then | None) -> None:
        self._login = person.login
        self.seated.emit(person)
        if then is not None:
            # When the dialog is gone: two modal dialogs at a time confuse the window under them.
            QTimer.singleShot(0, self, then)

    # -- lock ------------------------------------------------------------------------------------------------------

    def lock(self, how: str = "lock") -> None:
        """Hide everything until a password is given; what is open stays open under its cover. `how`: lock, time-out."""
        from bloodbank_desktop.ui.cover import Cover
        from bloodbank_desktop.ui.sign_in import unlock_dialog

        desk = self._desk
        person = desk.person if desk is not None else None
        if desk is None or person is None or self.is_locked:
            return
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        over = [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog | QMainWindow)]
        self._covers = [Cover(one) for one in over if one.isVisible()]
        # Not of the form that is open: one that is put away would take the only way back with it.
        dialog = self._lock = unlock_dialog(self._window, person)
        dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        dialog.asked.connect(self._unlock)
        self.locked.emit(True)
        self._tasks.database(lambda: desk.persons.sign_out(person, how), None, self.failed.emit)
        dialog.show()

    def put_away(self) -> None:
        """Close every dialog, keeping what is unfinished in it as a draft."""
        for dialog in reversed(self._deeds.dialogs):
            keep = getattr(dialog, "keep_and_close", None)
            if keep is not None:
                keep()
            else:
                dialog.done(QDialog.DialogCode.Rejected)

    def _unlock(self, answer: Mapping[str, str]) -> None:
        desk, dialog = self._desk, self._lock
        if desk is None or dialog is None:
            return
        before = desk.person

        def prove() -> Person:
            person = desk.persons.sign_in(answer["login"], answer["password"])
            if not desk.persons.chose_password(person):
                raise KnownProblem(
                    "这个密码是别人设定的，请原操作员先解锁，再用 Ctrl+U 登录并改成自己的密码",
                    code="password-to-change",
                )
            return person

        def take_over(person: Person) -> None:
            desk.person = person

        def proven(person: Person) -> None:
            if before is not None and person.id == before.id:
                self._uncover(dialog)
                return
            self.leaving.emit()
            self.put_away()
            # Behind the drafts that are kept now, which belong to the one before.
            self._tasks.database(lambda: take_over(person), lambda _none: seated(person), self.failed.emit, owner=self)

        def seated(person: Person) -> None:
            # A dialog that was just saving stayed; if that was refused, it is not left to the next person as it stands.
            self.put_away()
            self._uncover(dialog)
            self._sit_down(person, None)

        self._tasks.database(prove, proven, dialog.refuse, owner=dialog)

    def _uncover(self, dialog: CredentialsDialog) -> None:
        self._lock = None
        dialog.accept()
        dialog.deleteLater()
        covers, self._covers = self._covers, []
        for cover in covers:
            cover.lift()
        self.locked.emit(False)
