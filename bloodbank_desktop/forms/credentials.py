"""The one form of every dialog that takes a password: fields, one sentence of what is wrong, and two buttons.

What is typed here is asked for once and handed on; it stands in no draft, no log and no clipboard. A scan into it is a
badge, never a bag: it bears the mark by which a dialog that listens to a scanner leaves its keys alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.marks import dress_again, ink
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.forms.wedge import OWN_KEYS
from bloodbank_desktop.records.problems import Refused

_MOST = 128
_SECRET = (
    Qt.InputMethodHint.ImhHiddenText
    | Qt.InputMethodHint.ImhSensitiveData
    | Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
)


@dataclass(frozen=True)
class Entry:
    """One line of the form; `again` repeats the password of the line before, `fixed` cannot be changed."""

    key: str
    label: str
    secret: bool = False
    again: bool = False
    text: str = ""
    fixed: bool = False
    hint: str = ""


class CredentialsDialog(QDialog):
    """Takes entries. `asked` carries the texts by key, choices by key as a tuple; whoever answers calls `accept` or `refuse`."""

    asked = Signal(object)

    def __init__(
        self,
        name: str,
        title: str,
        words: str,
        entries: Sequence[Entry],
        yes: str,
        parent: QWidget | None = None,
        *,
        choices: tuple[str, str, Mapping[str, str], frozenset[str]] | None = None,
        foot: str = "",
    ) -> None:
        """`choices`: key, label, the words by key, and which are chosen. `foot`: a line under the form."""
        super().__init__(parent)
        self.setObjectName(f"dialog.{name}")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setProperty(OWN_KEYS, True)
        self._entries = {entry.key: entry for entry in entries}
        wide = self.fontMetrics().horizontalAdvance("血")
        self.words = _text(words, self)
        self.words.setMinimumWidth(wide * 28)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.edits: dict[str, QLineEdit] = {}
        for entry in entries:
            self.edits[entry.key] = self._edit(entry)
            form.addRow(entry.label, self.edits[entry.key])
        self._choice_key = choices[0] if choices else ""
        self.boxes: dict[str, QCheckBox] = {}
        if choices is not None:
            key, label, offered, chosen = choices
            column = QVBoxLayout()
            for one, word in offered.items():
                box = QCheckBox(word, self)
                box.setObjectName(f"{key}.{one}")
                box.setAccessibleName(f"{label}：{word}")
                box.setChecked(one in chosen)
                self.boxes[one] = box
                column.addWidget(box)
            form.addRow(label, column)
        self.problem = _text("", self)
        self.problem.setObjectName("problem")
        self.problem.hide()
        self.foot = _text(foot, self)
        self.foot.setObjectName("foot")
        self.foot.setVisible(bool(foot))
        self.buttons = QDialogButtonBox(self)
        self.yes = self.buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setObjectName("action.yes")
        self.yes.setAccessibleName(yes)
        self.yes.setProperty("primary", True)
        dress_again(self.yes)
        self.no = self.buttons.addButton("取消", QDialogButtonBox.ButtonRole.RejectRole)
        self.no.setObjectName("action.no")
        self.no.setAccessibleName("取消")
        self.buttons.accepted.connect(self._ask)
        self.buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setSpacing(wide)
        whole.addWidget(self.words)
        whole.addLayout(form)
        whole.addWidget(self.problem)
        whole.addWidget(self.foot)
        whole.addWidget(self.buttons)
        self._stays = False
        self._busy = False
        first = next((edit for edit in self.edits.values() if not edit.isReadOnly() and not edit.text()), None)
        if first is not None:
            first.setFocus()

    def stay(self) -> None:
        """Take away every way round an answer: a locked screen is left by a password only."""
        self._stays = True
        self.no.hide()

    def refuse(self, problem: Exception) -> None:
        """Say what is wrong; passwords are typed anew. Anything that is no problem of a person is raised."""
        self._set_busy(False)
        if not isinstance(problem, KnownProblem):
            self._say("程序出错，这一步没有完成，请再试一次")
            raise problem
        found = problem.problems if isinstance(problem, Refused) else ()
        self._say("；".join(dict.fromkeys(one.message for one in found)) or problem.message)
        wrong = [one.field for one in found if one.field in self.edits]
        for key, edit in self.edits.items():
            _mark(edit, key in wrong)
            if self._entries[key].secret and (not wrong or key in wrong or self._entries[key].again):
                edit.clear()
        secrets = [key for key, entry in self._entries.items() if entry.secret]
        if target := next(iter(wrong or secrets), None):
            self.edits[target].setFocus()

    def reject(self) -> None:
        """Close without an answer, where that may be."""
        if not self._stays and not self._busy:
            self._forget()
            super().reject()

    def accept(self) -> None:
        """Close; what was answered is right."""
        self._set_busy(False)
        self._forget()
        super().accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._stays or self._busy:
            event.ignore()
        else:
            super().closeEvent(event)

    def _ask(self) -> None:
        if self._busy:
            return
        missing = [entry for entry in self._entries.values() if not self.edits[entry.key].text().strip()]
        for key, edit in self.edits.items():
            _mark(edit, any(entry.key == key for entry in missing))
        if missing:
            self._say(f"请填写{'、'.join(entry.label for entry in missing)}")
            self.edits[missing[0].key].setFocus()
            return
        secret = ""
        for entry in self._entries.values():
            if entry.again and self.edits[entry.key].text() != secret:
                self._say("两次输入的新密码不同，请重新输入")
                self.edits[entry.key].clear()
                self.edits[entry.key].setFocus()
                return
            secret = self.edits[entry.key].text() if entry.secret else secret
        answer: dict[str, object] = {k: e.text() for k, e in self.edits.items() if not self._entries[k].again}
        if self._choice_key:
            answer[self._choice_key] = tuple(key for key, box in self.boxes.items() if box.isChecked())
        self._set_busy(True)
        self.asked.emit(answer)

    def _set_busy(self, on: bool) -> None:
        self._busy = on
        self.yes.setEnabled(not on)
        if on:
            self._say("正在核对…", bad=False)

    def _say(self, words: str, *, bad: bool = True) -> None:
        self.problem.setText(f"✖ {words}" if bad else f"○ {words}")
        # A fresh palette states only what is set here; everything else goes on following the program.
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, ink(Role.REFUSED if bad else Role.INFO, self.palette()))
        self.problem.setPalette(palette)
        self.problem.setAccessibleName(words)
        self.problem.show()
        self.adjustSize()

    def _forget(self) -> None:
        for key, entry in self._entries.items():
            if entry.secret:
                self.edits[key].clear()

    def _edit(self, entry: Entry) -> QLineEdit:
        made = QLineEdit(entry.text, self)
        made.setObjectName(entry.key)
        made.setAccessibleName(entry.label)
        made.setMaxLength(_MOST)
        made.setReadOnly(entry.fixed)
        made.setPlaceholderText(entry.hint)
        if entry.secret:
            made.setEchoMode(QLineEdit.EchoMode.Password)
            made.setInputMethodHints(_SECRET)
        return made


def _mark(edit: QLineEdit, wrong: bool) -> None:
    edit.setProperty("problem", wrong)
    dress_again(edit)


def _text(words: str, parent: QWidget) -> QLabel:
    made = QLabel(words, parent)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made
