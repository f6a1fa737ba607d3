"""A bag whose label no scanner reads is typed in: everything twice, the second time without seeing the first.

Only a donation number with its check character K is typed once, for K proves it. What differs between the two passes is
cleared and typed again; nothing of one pass is ever shown in the other. The danger is a number typed from memory.
Source: ICCBBA ST-001 v6.2.2 section 7.5; 临床输血技术规范第十九条.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.editors import Now
from bloodbank_desktop.forms.field_form import FieldForm
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.forms.verdicts import Verdict
from bloodbank_desktop.records.codes import donation_number
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.declare import LineType
from bloodbank_desktop.records.problems import Problem

_TYPED = ("donation_number", "product_code", "split", "abo", "rhd", "expires_at", "collected_at")
_MAY_BE_EMPTY = frozenset({"split", "collected_at"})
_LABELS = {"donation_number": "献血码（连同校验符）"}

Answer = Callable[[Verdict], None]


class ManualEntry(QDialog):
    """Two blind passes over one bag. `entered` carries the values and a function that takes the verdict on them."""

    entered = Signal(object, object)

    def __init__(self, of: LineType, now: Now, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.manual_entry")
        self.setWindowTitle("手工录入一袋")
        self.setModal(True)
        self._of = of
        self._now = now
        self._agreed: dict[str, Any] = {}
        self._first: dict[str, Any] = {}
        self._check: str | None = None
        self._second = False
        self._waiting = False
        self.form: FieldForm | None = None
        self.step = QLabel(self)
        self.step.setObjectName("manual.step")
        font = self.step.font()
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.3)
        self.step.setFont(font)
        self.hint = QLabel(self)
        self.hint.setWordWrap(True)
        self.message = QLabel(self)
        self.message.setObjectName("manual.message")
        self.message.setWordWrap(True)
        palette = self.message.palette()
        palette.setColor(self.message.foregroundRole(), marks.ink(Role.REFUSED, palette))
        self.message.setPalette(palette)
        self.next = self._button("action.next", self.forward)
        self.next.setProperty("primary", True)
        self.leave = self._button("action.cancel", self.reject)
        self.leave.setText("取消（Esc）")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.next)
        buttons.addWidget(self.leave)
        self._place = QVBoxLayout()
        whole = QVBoxLayout(self)
        whole.addWidget(self.step)
        whole.addWidget(self.hint)
        whole.addLayout(self._place)
        whole.addWidget(self.message)
        whole.addStretch(1)
        whole.addLayout(buttons)
        for keys in ("Ctrl+S", "Ctrl+Return"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.forward)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * 90)
        self._begin_pass(second=False)

    def _button(self, name: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _begin_pass(self, *, second: bool) -> None:
        self._second = second
        self.step.setText("第二遍：请不看第一遍，照袋签再输一次" if second else "第一遍：请照袋签逐项输入")
        self.hint.setText(
            "两遍一致才会采用。"
            if second
            else "献血码连同方框内的校验符输入 14 位，第二遍就不用再输献血码；袋签上没有校验符时只输 13 位。"
        )
        self.next.setText("完成（Ctrl+S）" if second else "下一步（Ctrl+S）")
        proven = {"donation_number"} if second and self._check else set()
        keys = [key for key in _TYPED if key not in self._agreed and key not in proven]
        fields = {
            key: replace(
                self._of.fields[key],
                label=_LABELS.get(key, self._of.fields[key].label) if not second else self._of.fields[key].label,
                required=key not in _MAY_BE_EMPTY,
                shown=None,
            )
            for key in keys
        }
        subset = LineType(self._of.cls, fields, (), (("", tuple(keys)),))
        if self.form is not None:
            self._place.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        self.form = FieldForm(subset, self._now, None, self)
        self._place.addWidget(self.form)
        for editor in self.form.editors.values():
            editor.set_input_method(False)
        self.form.show()
        next(iter(self.form.editors.values())).focus()

    def forward(self) -> None:
        """Take what stands in this pass, if all of it can be read."""
        form = self.form
        if form is None or self._waiting:
            return
        owner = form.owner_of(QApplication.focusWidget())
        texts = {key: editor.text() for key, editor in form.editors.items()}
        if owner is not None:
            owner.settle()
        found = form.problems()
        values = form.values()
        unread = {problem.field for problem in found}
        for key, editor in form.editors.items():
            if editor.required and key not in values and key not in unread:
                found.append(Problem(key, "required", f"请填写{editor.field.label}"))
        form.show_problems(found)
        self._say("")
        if found:
            form.editors[found[0].field].focus()
            return
        if not self._second:
            self._first = values
            self._check = _check_character(texts.get("donation_number", "")) or self._check
            self._begin_pass(second=True)
        else:
            self._compare(values)

    def _compare(self, second: dict[str, Any]) -> None:
        asked = self.form.editors if self.form is not None else {}
        differing = [key for key in asked if self._first.get(key) != second.get(key)]
        self._agreed |= {key: value for key, value in self._first.items() if key not in differing}
        for key in _TYPED:
            if key not in differing:
                self._agreed.setdefault(key, None)
        if differing:
            names = "、".join(self._of.fields[key].label for key in differing)
            self._begin_pass(second=False)
            self._say(f"两遍的{names}不一致，都没有采用。请照袋签重新输入这几项")
            return
        values = {key: value for key, value in self._agreed.items() if value is not None}
        if self._check is not None:
            values |= {"entry": "check_character", "check_character": self._check}
        else:
            values |= {"entry": "typed_twice", "second_entry": second.get("donation_number", values["donation_number"])}
        self._wait(True)
        self.entered.emit(values, self._judged)

    def _judged(self, verdict: Verdict) -> None:
        self._wait(False)
        if verdict.accepted:
            self.accept()
            return
        self._agreed, self._first, self._check = {}, {}, None
        self._begin_pass(second=False)
        self._say(verdict.message)

    def _wait(self, on: bool) -> None:
        self._waiting = on
        for button in (self.next, self.leave):
            button.setEnabled(not on)

    def reject(self) -> None:
        """Close, but not between a bag and its verdict: the bag would be taken, and the person think it was not."""
        if not self._waiting:
            super().reject()

    def _say(self, text: str) -> None:
        self.message.setText(f"{SHAPES[Role.REFUSED]} {text}" if text else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
            return
        super().keyPressEvent(event)


def _check_character(text: str) -> str | None:
    """Return the check character that was typed along with a donation number, None if there was none."""
    try:
        return donation_number.parts(text).check_character
    except CodeError:
        return None
