"""What a person does to records from the window: every dialog is opened here, and here it is known which are open.

Who does something must have signed in; a record is never shown by a dialog before it was read; two dialogs are
never opened over one list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QDialog, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.ui.drafts_bar import amended_record, draft_words
from bloodbank_desktop.ui.list_model import Row
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.results import Saved, Shown
    from bloodbank_desktop.storage.draft_rows import Draft

OpenDialog = Callable[[str, str, Any, Any, QWidget], QDialog]
"""(kind, "register" | "amend" | "view", Shown | None, Draft | None, parent) → a dialog with saved(object), not open."""


class Deeds(QObject):
    """Opens dialogs over `window` one at a time.

    `busy(bool)` says whether a dialog is open; `saved(Saved, mode)` follows a save, mode "delete" a deletion;
    `drafts_changed(kind)` a draft thrown away; `failed(exception)` what did not succeed; `sign_in_asked(then)` when
    nobody has signed in yet.
    """

    busy = Signal(bool)
    saved = Signal(object, str)
    drafts_changed = Signal(str)
    sign_in_asked = Signal(object)
    failed = Signal(object)

    def __init__(self, window: QWidget, tasks: Tasks, clock: Clock, open_dialog: OpenDialog) -> None:
        super().__init__(window)
        self._window = window
        self._tasks = tasks
        self._clock = clock
        self._open_dialog = open_dialog
        self.dialogs: list[QDialog] = []
        self._desk: Desk | None = None
        self._reading = False
        self._wish: tuple[str, str, str | None, Draft | None] | None = None

    def attach(self, desk: Desk) -> None:
        """Act on this desk from now on; what was wished for while there was none is done now."""
        self._desk = desk
        wish, self._wish = self._wish, None
        if wish is not None:
            QTimer.singleShot(0, self, lambda: self.open(*wish))

    def open(self, kind: str, mode: str, record_id: str | None, draft: Draft | None = None) -> None:
        """Open the dialog of a module. The draft of a change is reopened as a change, whatever `mode` says."""
        desk = self._desk
        if desk is None:
            self._wish = (kind, mode, record_id, draft)
            return
        if self._reading or self.dialogs:
            return
        if desk.person is None:
            self.sign_in_asked.emit(lambda: self.open(kind, mode, record_id, draft))
            return
        revised = amended_record(draft) if draft is not None else None
        if revised is not None:
            mode, record_id = "amend", revised
        if self._may_not(f"{mode}:{kind}", lambda: self.open(kind, mode, record_id, draft)):
            return
        if record_id is None:
            self._show_record(kind, mode, None, draft)
            return
        known_id = record_id

        def read() -> tuple[Shown, Draft | None]:
            shown = desk.view(kind, known_id)
            # What was left unfinished of an earlier change would otherwise be overwritten by this one.
            return shown, draft or (desk.drafts.find(known_id) if mode == "amend" else None)

        def show(found: tuple[Shown, Draft | None]) -> None:
            self._reading = False
            if not self.dialogs:
                self._show_record(kind, mode, *found)

        def not_read(problem: Exception) -> None:
            self._reading = False
            self.failed.emit(problem)

        self._reading = True
        self._tasks.database(read, show, not_read, owner=self)

    def delete(self, kind: str, row: Row) -> None:
        """Ask why, then delete the record of a list row."""
        from bloodbank_desktop.ui.questions import WordsQuestion

        desk = self._desk
        if desk is None or self.dialogs:
            return
        if desk.person is None:
            self.sign_in_asked.emit(lambda: self.delete(kind, row))
            return
        if self._may_not(f"delete:{kind}", lambda: self.delete(kind, row)):
            return
        declared = all_records()[kind]
        what = f"{declared.label} {declared.name_of(row.item.values)}"
        words = f"删除 {what}\n\n记录会从列表中移除，并报送平台；原内容和删除原因都会留痕。"
        hint = "删除原因，例如：重复登记"
        question = WordsQuestion("delete", "删除记录", words, "删除", hint, self._window)

        def delete() -> None:
            reason = question.text
            self._tasks.database(
                lambda: desk.delete(kind, row.id, reason=reason),
                lambda saved: self.saved.emit(saved, "delete"),
                self.failed.emit,
                owner=self,
            )

        question.accepted.connect(delete)
        self.show(question)

    def discard(self, draft: Draft) -> None:
        """Ask, then throw a draft away."""
        from bloodbank_desktop.ui.questions import DiscardQuestion

        desk = self._desk
        if desk is None or self.dialogs:
            return
        declared = all_records()[draft.kind]
        words = f"{declared.label}：{draft_words(draft, declared, self._clock.now())}"
        question = DiscardQuestion(words, self._window)
        question.accepted.connect(
            lambda: self._tasks.database(
                lambda: desk.drafts.drop(draft.id),
                lambda _none: self.drafts_changed.emit(draft.kind),
                self.failed.emit,
                owner=self,
            )
        )
        self.show(question)

    def show(self, dialog: QDialog) -> None:
        """Open any dialog over the window and know that it is open."""
        self.dialogs.append(dialog)
        dialog.finished.connect(lambda _result: self._closed(dialog))
        self.busy.emit(True)
        dialog.open()

    def close_all(self) -> bool:
        """Close what is open; False if a dialog stays, because it has something to ask or to keep."""
        for dialog in list(self.dialogs):
            if not dialog.close():
                dialog.raise_()
                return False
        return True

    def _may_not(self, permission: str, then: Callable[[], None]) -> bool:
        """Whether the person lacks a right; then the operations say so before anything is typed in vain.

        They may know of a role that was given meanwhile, and let it go on with `then`.
        """
        desk = self._desk
        if desk is None or desk.person is None or desk.person.may(permission):
            return False
        self._tasks.database(lambda: desk.need(permission), lambda _none: then(), self.failed.emit, owner=self)
        return True

    def _show_record(self, kind: str, mode: str, shown: Shown | None, draft: Draft | None) -> None:
        # Before it is built: what watches the window for scans need not look at every event of a dialog's making.
        self.busy.emit(True)
        try:
            dialog = self._open_dialog(kind, mode, shown, draft, self._window)
        except BaseException:
            self.busy.emit(False)
            raise
        saved: Any = dialog.saved  # type: ignore[attr-defined]
        saved.connect(lambda one: self._was_saved(one, mode))
        self.show(dialog)

    def _was_saved(self, saved: Saved, mode: str) -> None:
        self.saved.emit(saved, mode)

    def _closed(self, dialog: QDialog) -> None:
        self.dialogs.remove(dialog)
        # Its last wish, a draft to be kept, may still be on the lane: it lives until all it asked is answered.
        self._tasks.database(lambda: None, lambda _none: dialog.deleteLater(), owner=dialog)
        if not self.dialogs:
            self.busy.emit(False)
