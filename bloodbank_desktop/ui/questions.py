"""The small questions of the window itself: why a record is deleted, or whether a draft is thrown away.

The safe answer is the one that Enter on an untouched dialog and Esc give.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from bloodbank_desktop.ui import theme

_MOST_REASON = 200
_MOST_NAME = 50


class Question(QDialog):
    """One question with its two answers; what lies between is added to `_layout` before `_finish`."""

    def __init__(self, name: str, title: str, words: str, yes: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(f"dialog.{name}")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.words = QLabel(words, self)
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setMinimumWidth(theme.em(self, 26))
        self._layout = QVBoxLayout(self)
        self._layout.addWidget(self.words)
        self.buttons = QDialogButtonBox(self)
        self.yes = self.buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setObjectName("action.yes")
        self.yes.setAccessibleName(yes)
        self.no = self.buttons.addButton("取消", QDialogButtonBox.ButtonRole.RejectRole)
        self.no.setObjectName("action.no")
        self.no.setAccessibleName("取消")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _finish(self) -> None:
        self._layout.addWidget(self.buttons)


class WordsQuestion(Question):
    """Asks for a line of text before something is done; without `optional` it cannot be done without one."""

    def __init__(
        self,
        name: str,
        title: str,
        words: str,
        yes: str,
        hint: str,
        parent: QWidget | None = None,
        *,
        optional: bool = False,
    ) -> None:
        super().__init__(name, title, words, yes, parent)
        self._optional = optional
        self.edit = QLineEdit(self)
        self.edit.setObjectName("words")
        self.edit.setAccessibleName(hint.partition("，")[0])
        self.edit.setPlaceholderText(f"{hint}（{'可不填' if optional else '必填'}）")
        self.edit.setMaxLength(_MOST_REASON)
        self.edit.textChanged.connect(self._typed)
        self._layout.addWidget(self.edit)
        self._finish()
        self.yes.setEnabled(optional)
        self.edit.setFocus()

    @property
    def text(self) -> str:
        """What the person wrote."""
        return self.edit.text().strip()

    def _ready(self) -> bool:
        return self._optional or bool(self.text)

    def _typed(self, _text: str) -> None:
        self.yes.setEnabled(self._ready())


class MergeQuestion(Question):
    """Asks for two medical record numbers of one patient and how that is known; it says who bears each number.

    `number_stated(place 0 or 1, number)` wants to know that; `tell` answers.
    """

    number_stated = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        words = "两个病案号是同一位患者，例如急诊时身份不明、后来查明。\n\n两边的记录都保留原样，从此一起查到；合并和依据会留痕。"
        super().__init__("merge", "合并患者", words, "合并", parent)
        self.edits = [
            self._line(name, hint, most)
            for name, hint, most in (
                ("merge.one", "病案号，例如急诊临时号", _MOST_NAME),
                ("merge.other", "另一个病案号", _MOST_NAME),
                ("merge.reason", "依据，例如：家属到场，身份证已核实", _MOST_REASON),
            )
        ]
        self.told = [QLabel(self), QLabel(self)]
        for place, label in enumerate(self.told):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAccessibleName(f"{self.edits[place].accessibleName()}的患者")
            self.edits[place].editingFinished.connect(lambda place=place: self._stated(place))
        for widget in (self.edits[0], self.told[0], self.edits[1], self.told[1], self.edits[2]):
            self._layout.addWidget(widget)
        self._finish()
        self._typed()
        self.edits[0].setFocus()

    @property
    def answer(self) -> tuple[str, str, str]:
        """The two numbers and the reason."""
        one, other, reason = (edit.text().strip() for edit in self.edits)
        return one, other, reason

    def tell(self, place: int, number: str, words: str) -> None:
        """Say who bears a number, if it still stands there."""
        if self.answer[place] == number:
            self.told[place].setText(words)

    def _line(self, name: str, hint: str, most: int) -> QLineEdit:
        edit = QLineEdit(self)
        edit.setObjectName(name)
        edit.setAccessibleName(hint.partition("，")[0])
        edit.setPlaceholderText(f"{hint}（必填）")
        edit.setMaxLength(most)
        edit.textChanged.connect(self._typed)
        return edit

    def _stated(self, place: int) -> None:
        number = self.answer[place]
        self.told[place].clear()
        if number:
            self.number_stated.emit(place, number)

    def _typed(self) -> None:
        one, other, reason = self.answer
        self.yes.setEnabled(bool(one and other and reason) and one != other)


class SureQuestion(Question):
    """Asks before something that touches many records; cancelling is the default."""

    def __init__(self, name: str, title: str, words: str, yes: str, parent: QWidget | None = None) -> None:
        super().__init__(name, title, words, yes, parent)
        self._finish()
        self.yes.setAutoDefault(False)
        self.no.setDefault(True)
        self.no.setFocus()


class DiscardQuestion(Question):
    """Asks before a draft is thrown away; cancelling is the default."""

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        words = f"放弃这份未完成的登记？\n\n{what}\n\n已扫描和填写的内容会被删除，不能恢复。"
        super().__init__("discard", "放弃暂存", words, "放弃", parent)
        self._finish()
        self.yes.setAutoDefault(False)
        self.no.setDefault(True)
        self.no.setFocus()
