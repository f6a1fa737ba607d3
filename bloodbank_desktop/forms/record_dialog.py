"""One dialog for every module: it is built from the declaration, and what it shows is what is kept.

Everything typed is a durable draft within a second; nothing is saved before the person says so with Ctrl+S; nothing is
thrown away without being asked. While the disk works the window goes on, and nothing can be saved twice.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms import contract, dialog_parts, leaving
from bloodbank_desktop.forms.behaviours import Behaviour, behaviour_of
from bloodbank_desktop.forms.burst import Habits
from bloodbank_desktop.forms.contract import Back, Draft, Existing, Saved
from bloodbank_desktop.forms.draft_keeper import DraftKeeper
from bloodbank_desktop.forms.field_form import FieldForm
from bloodbank_desktop.forms.judge import Judge
from bloodbank_desktop.forms.leaving import Answer
from bloodbank_desktop.forms.lines_block import LinesBlock
from bloodbank_desktop.forms.lines_desk import LinesDesk
from bloodbank_desktop.forms.near_miss_key import KEY, NearMissKey
from bloodbank_desktop.forms.passing import Passing, role_of
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.signature_editor import show_operator
from bloodbank_desktop.forms.sounds import Sounds
from bloodbank_desktop.forms.wedge import Wedge
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.rules.overriding import Override, Passage

#: How long a save may take before the form is painted as closed.
_LONG_MS = 150


class Mode(StrEnum):
    """What the dialog is opened for."""

    REGISTER = "register"
    AMEND = "amend"
    VIEW = "view"


class RecordDialog(QDialog):
    """The dialog of one record. `saved` carries what the desk answered; the dialog closes itself afterwards.

    `existing` is needed for amending and viewing; `draft` reopens unfinished work. In view mode nothing is kept.
    """

    saved = Signal(object)

    def __init__(
        self,
        declared: RecordType,
        back: Back,
        mode: Mode = Mode.REGISTER,
        *,
        existing: Existing | None = None,
        draft: Draft | None = None,
        sounds: Sounds | None = None,
        habits: Habits | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        if mode is not Mode.REGISTER and existing is None:
            raise TypeError(f"{mode} needs an existing record")
        self.declared = declared
        self.back = back
        self.mode = mode
        self.draft = draft
        self.sounds = sounds or Sounds()
        self._existing = existing
        # A new record bears the id of its draft, an amendment has one draft per record: nothing can be saved twice.
        self.draft_id = existing.record_id if existing else draft.id if draft else new_id()
        self._busy = False
        self._finished = False
        self._asking: QMessageBox | None = None
        self._build_parts()
        self.judge = Judge(self)
        self.keeper = DraftKeeper(back, declared.key, self.draft_id, self._collect, self)
        self.keeper.exists = draft is not None
        self.lines = LinesDesk(self)
        self.passing = Passing(self, existing if mode is Mode.AMEND else None)
        self.near_miss = NearMissKey(self)
        special = behaviour_of(declared.key)
        serves = mode is Mode.REGISTER or (mode is Mode.AMEND and special.amends)
        self.behaviour: Behaviour = special(self) if serves else Behaviour(self)
        dialog_parts.arrange(self)
        self._show_values()
        self._wire()
        self.wedge = Wedge(self, self._scanned, self.behaviour.composed, habits)
        self.behaviour.started()
        if draft is not None:
            self.parts.set_state(f"已暂存 {draft.updated_at.astimezone(CHINA):%H:%M:%S}", Role.GOOD)
        self._focus_first()

    # -- building -------------------------------------------------------------------------------------------------

    def _build_parts(self) -> None:
        declared = self.declared
        self.setObjectName(f"dialog.{declared.key}")
        words = {Mode.REGISTER: "登记", Mode.AMEND: "修改", Mode.VIEW: "查看"}[self.mode]
        training = "【训练】" if self.back.training else ""
        self.setWindowTitle(f"{training}{declared.label} · {words}")
        self.setAccessibleName(f"{declared.label}{words}")
        self.setModal(True)
        viewing = self.mode is Mode.VIEW
        self.blocks = {f.key: LinesBlock(f, of, viewing=viewing) for f, of in declared.groups}
        self.parts = dialog_parts.Parts(self, words)
        self.form = FieldForm(declared, self.back.now, self.blocks, self.parts.inner)
        self.form.attach(self.back)

    def _show_values(self) -> None:
        if self.draft is not None:
            self.form.show_values(self._existing.values if self._existing else {})
            self._show_draft(self.draft)
        elif self._existing is not None:
            self.form.show_values(self._existing.values)
        else:
            self.form.show_values({})
            self.back.fresh(self.declared.key, self._show_fresh, self._failed)
        self.lines.show(self.draft, self._existing)
        if self.mode is Mode.REGISTER:
            show_operator(self.form.editors, self.back)
        if self.mode is Mode.VIEW:
            self.form.set_read_only(True)
            for block in self.blocks.values():
                block.set_read_only(True)
        elif self.mode is Mode.AMEND:
            fixed = [f.key for f in self.declared.plain if f.fixed and f.key in self.form.editors]
            self.form.set_read_only(True, fixed)
        if self._existing is not None:
            self.judge.show(list(self._existing.refusals))

    def _show_draft(self, draft: Draft) -> None:
        for key, editor in self.form.editors.items():
            shown = editor.kind.format(draft.values.get(key))
            # An amendment knows the stored value; only what the person changed is put over it.
            if self._existing is None:
                editor.show(draft.values.get(key))
            elif shown != editor.text():
                editor.put(draft.values.get(key))
        self.form.show_texts(draft.texts)

    def _show_fresh(self, values: dict[str, Any]) -> None:
        # Nobody typed these: a dialog that was only looked at leaves no draft and asks nothing when it is closed.
        self.form.blockSignals(True)
        self.form.fill_empty(values)
        self.form.blockSignals(False)

    def _wire(self) -> None:
        self.form.changed.connect(self._changed)
        self.parts.problems.chosen.connect(self.judge.go_to)
        self.parts.save.clicked.connect(self.save)
        self.parts.keep.clicked.connect(self.keep_and_close)
        self.parts.leave.clicked.connect(self.reject)
        self.keeper.said.connect(lambda text, role: self.parts.set_state(text, Role(role)))
        keys: list[tuple[str, Callable[[], None]]] = [
            ("F8", self.parts.problems.go_to_next),
            ("F10", self.passing.ask),
            (KEY, self.near_miss.keep),
        ]
        if self.mode is not Mode.VIEW:
            keys += [("Ctrl+S", self.save), *self.behaviour.shortcuts()]
            if self.behaviour.input_method_off:
                keys.append(("F6", self._toggle_chinese))
                for editor in self.form.editors.values():
                    editor.set_input_method(False)
        for sequence, slot in keys:
            QShortcut(QKeySequence(sequence), self).activated.connect(slot)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_moved)

    def _focus_first(self) -> None:
        if self.mode is Mode.VIEW or self.behaviour.input_method_off:
            return
        # In the order of the page, which may differ from the order in which fields are declared.
        for key in (key for _, keys in self.declared.sections for key in keys):
            editor = self.form.editors.get(key)
            # What is suggested for a new record is on its way from the data file.
            expected = editor is None or self.declared.fields[key].fresh is not None
            if editor is not None and not expected and self.form.shown(key) and editor.required and not editor.text():
                editor.focus()
                return

    # -- what behaviours may ask (see behaviours.Host) ------------------------------------------------------------

    def widget(self) -> QWidget:
        return self

    def open_draft(self) -> None:
        self.keeper.begin()

    def reveal(self, widget: QWidget) -> None:
        self.parts.area.ensureWidgetVisible(widget, 0, 8)

    def line_kept(self) -> None:
        self.keeper.note_kept()

    def scan_refused(self, code: str, message: str, bag: str) -> None:
        self.back.scan_refused(self.declared.key, self.draft_id, code, message, bag)
        self.near_miss.scan(code, message, bag)

    def scan_passed(self) -> None:
        self.near_miss.forget()

    def say(self, message: str, role: Role) -> None:
        self.parts.say(message, role)

    def lines_changed(self) -> None:
        """Judge again what depends on the lines."""
        self.judge.changed()

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is told under the fields of an existing record."""
        return self._existing.facts if self._existing is not None else ()

    # -- typing ---------------------------------------------------------------------------------------------------

    def _collect(self) -> tuple[dict[str, Any], dict[str, str]]:
        texts = self.form.unreadable()
        if self._existing is not None and self.mode is Mode.AMEND:
            revision = self._existing.revision
            texts[contract.RECORD] = self._existing.record_id
            texts[contract.REVISION] = "" if revision is None else str(revision)
        return self.form.values(), texts

    def _changed(self, key: str) -> None:
        if self.mode is Mode.VIEW:
            return
        self.keeper.touch()
        self.lines.ensure_kept()
        self.passing.forget()
        self.near_miss.forget()
        self.judge.changed()

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        left, entered = self.form.owner_of(old), self.form.owner_of(new)
        if left is None or left is entered or self.mode is Mode.VIEW:
            return
        left.settle()
        self.judge.left(left)
        if self.behaviour.input_method_off:
            left.set_input_method(False)
            self.parts.set_chinese(False)
        self.keeper.flush()

    def _scanned(self, text: str) -> None:
        if self._busy:
            # What is being saved is fixed already; a bag that came now would leave and stand in no record.
            self.behaviour.refuse("正在核对、保存这份记录，刚才的扫描没有列入；要加袋请先返回")
        else:
            self.behaviour.scanned(text)

    def _toggle_chinese(self) -> None:
        editor = self.form.owner_of(QApplication.focusWidget())
        if editor is None or not editor.takes_chinese:
            self.say("光标所在处不用中文。请先把光标放到要填中文的栏，再按 F6", Role.INFO)
            return
        on = not self.parts.chinese
        editor.set_input_method(on)
        self.parts.set_chinese(on)
        QGuiApplication.inputMethod().update(Qt.InputMethodQuery.ImEnabled)

    # -- saving ---------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Register or amend, once; on a refusal everything stays and the first problem is shown."""
        self.save_with(())

    def save_with(self, overrides: tuple[Override, ...]) -> None:
        """Save with overrides of what an earlier attempt met."""
        if self._busy or self._finished or self.mode is Mode.VIEW:
            return
        focused = self.form.owner_of(QApplication.focusWidget())
        if focused is not None:
            focused.settle()
        if self.mode is Mode.REGISTER:
            show_operator(self.form.editors, self.back)
        self.judge.tried = True
        found = self.behaviour.obstacles() or self.judge.local()
        self.judge.show(found)
        if found:
            self._refused(found)
            return
        self._set_busy(True)
        self.keeper.stop()
        whole, passage = self.judge.whole(), self.passing.passage(overrides)
        if self.mode is Mode.AMEND:
            self._send(whole, passage)
        else:
            self.behaviour.before_saving(whole, passage, lambda: self._send(whole, passage), self._not_yet)

    def _not_yet(self) -> None:
        self._set_busy(False)
        self.keeper.resume()
        self.parts.set_state("还没有保存", Role.INFO)

    def _send(self, whole: dict[str, Any], passage: Passage) -> None:
        if self.mode is Mode.AMEND and self._existing is not None:
            self.back.amend(
                self.declared.key,
                self._existing.record_id,
                whole,
                self._existing.revision,
                self.parts.reason.text().strip(),
                self.draft_id,
                passage,
                self._saved,
                self._failed_to_save,
            )
        else:
            self.back.register(self.declared.key, whole, self.draft_id, passage, self._saved, self._failed_to_save)

    def _set_busy(self, on: bool) -> None:
        self._busy = on
        self.parts.save.setEnabled(not on)
        # Closed to keys at once, seen to be closed only where it takes long: painting a form grey holds up the answer.
        self.form.setUpdatesEnabled(not on)
        self.form.setEnabled(not on)
        if on:
            self.parts.set_state("正在保存…", Role.INFO)
            QTimer.singleShot(_LONG_MS, self, self._paint_again)

    def _paint_again(self) -> None:
        self.form.setUpdatesEnabled(True)

    def _saved(self, answer: Saved) -> None:
        self._finished = True
        self.parts.set_state(f"已保存 {answer.name}", Role.GOOD)
        self.sounds.play(Tone.DONE)
        self.saved.emit(answer)
        self.accept()

    def _failed_to_save(self, problem: KnownProblem) -> None:
        self._set_busy(False)
        self.keeper.resume()
        found = list(problem.problems) if isinstance(problem, Refused) else [Problem("", problem.code, problem.message)]
        self.judge.show(found)
        self._refused(found)

    def _refused(self, found: list[Problem]) -> None:
        self.sounds.play(Tone.REFUSED)
        self.parts.set_state(self.passing.refused(found), role_of(found))
        self.near_miss.record(found)
        self.parts.problems.go_to_next()

    def _failed(self, problem: KnownProblem) -> None:
        self.say(problem.message, Role.REFUSED)

    # -- leaving --------------------------------------------------------------------------------------------------

    def keep_and_close(self) -> None:
        """Keep everything as a draft and close when the disk has it."""
        if not self._busy:
            self.keeper.flush_then(self._leave, self._failed)

    def reject(self) -> None:
        """Close, after asking if there is anything to lose; Qt comes here for Esc and for the window's own button."""
        if self._busy or self._asking is not None:
            return
        if self.mode is Mode.VIEW or self._finished or not (self.keeper.exists or self.keeper.unsaved):
            self._leave()
            return
        self._asking = leaving.ask(self, new=self.mode is Mode.REGISTER, answered=self._answered)

    def _answered(self, answer: Answer) -> None:
        self._asking = None
        if answer is Answer.KEEP:
            self.keep_and_close()
        elif answer is Answer.DROP:
            self.keeper.stop()
            self.back.drop_draft(self.draft_id, self._leave, self._could_not_drop)

    def _could_not_drop(self, problem: KnownProblem) -> None:
        self.keeper.resume()
        self._failed(problem)

    def _leave(self) -> None:
        self._finished = True
        super().reject()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # Enter moves on; it saves nothing and presses nothing.
            if self.form.owner_of(QApplication.focusWidget()) is not None:
                self.focusNextChild()
            return
        super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.mode is not Mode.VIEW:
            self.wedge.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self.wedge.stop()
        super().hideEvent(event)
