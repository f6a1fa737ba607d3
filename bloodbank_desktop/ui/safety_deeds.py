"""What a person does from the safety page: close a duty with words, sign exceptions, begin a near miss; and what waits there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui.deeds import Deeds
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.results import Waiting
    from bloodbank_desktop.storage.duty_rows import Duty
    from bloodbank_desktop.ui.safety_tab import SafetyTab

T = TypeVar("T")


class SafetyDeeds(QObject):
    """`done(words)` follows a deed; `counted(Waiting)` a count of what waits."""

    done = Signal(str)
    counted = Signal(object)

    def __init__(self, window: QWidget, deeds: Deeds, tasks: Tasks) -> None:
        super().__init__(window)
        self._window = window
        self._deeds = deeds
        self._tasks = tasks
        self._desk: Desk | None = None
        self._waiting: Waiting | None = None
        self._page: SafetyTab | None = None
        self.counted.connect(self._show)

    def attach(self, desk: Desk) -> None:
        """Act on this desk from now on."""
        self._desk = desk

    def listen(self, page: SafetyTab) -> None:
        """Do what the page asks for."""
        self._page = page
        page.asked.connect(lambda mode, kind, record_id: self._deeds.open(kind, mode, record_id))
        page.duty_asked.connect(self.close_duty)
        page.sign_asked.connect(self.sign)
        page.near_miss_asked.connect(self.near_miss)
        if self._waiting is not None:
            page.show_waiting(self._waiting)

    def count(self) -> None:
        """Count anew what waits."""
        desk = self._desk
        if desk is not None:
            self._tasks.database(desk.waiting, self.counted.emit, self._deeds.failed.emit, owner=self)

    def close_duty(self, duty: Duty) -> None:
        """Ask how a duty was done, and close it."""
        from bloodbank_desktop.operations.duties import answer

        word = table("duty").word(duty.what)
        words = f"{word}\n{duty.name}\n\n写明怎样办理的；了结后不能撤回。"
        self._ask(
            "close_duty",
            ("了结待办", words, "了结", "办理情况，例如：已电话告知经治医师"),
            lambda desk, text: answer(desk, duty.id, text),
            lambda _duty: f"✓ 已了结 {word}",
        )

    def sign(self) -> None:
        """Ask for the signer's words, and sign the exceptions of earlier days."""
        from bloodbank_desktop.operations.alerts import SignedNow, sign

        words = "签阅今天以前的全部例外，您本人授权的除外。\n\n请先逐项看过；签阅意见会留痕。"

        def said(found: SignedNow) -> str:
            rest = f"，另有 {found.own} 项是您本人授权的，待他人签阅" if found.own else ""
            return f"✓ 已签阅 {found.signed} 项例外{rest}"

        self._ask(
            "sign_exceptions",
            ("签阅例外", words, "签阅", "签阅意见，例如：已逐项核对病历"),
            lambda desk, text: sign(desk, comment=text),
            said,
        )

    def near_miss(self, number: int) -> None:
        """Begin the near miss of an alert and open it."""
        from bloodbank_desktop.operations.near_misses import NEAR_MISS, begin_from

        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return
        self._tasks.database(
            lambda: begin_from(desk, number),
            lambda draft: self._deeds.open(NEAR_MISS, "register", None, draft),
            self._deeds.failed.emit,
            owner=self,
        )

    def _ask(
        self, name: str, asking: tuple[str, str, str, str], act: Callable[[Desk, str], T], said: Callable[[T], str]
    ) -> None:
        from bloodbank_desktop.ui.questions import WordsQuestion

        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return
        title, words, yes, hint = asking
        question = WordsQuestion(name, title, words, yes, hint, self._window)

        def do() -> None:
            text = question.text
            self._tasks.database(
                lambda: act(desk, text), lambda found: self.done.emit(said(found)), self._failed, owner=self
            )

        question.accepted.connect(do)
        self._deeds.show(question)

    def _failed(self, problem: Exception) -> None:
        self._deeds.failed.emit(problem)
        if isinstance(problem, KnownProblem):
            self.count()

    def _show(self, waiting: Waiting) -> None:
        self._waiting = waiting
        if self._page is not None:
            self._page.show_waiting(waiting)
