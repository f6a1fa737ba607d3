"""One entry of a code table: its word, place and content, and why it is changed.

What may be changed is said by the operations below; a refusal stands in the dialog, and nothing that was typed is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from bloodbank_desktop.forms.choice_box import ChoiceBox, Entry
from bloodbank_desktop.records import tables
from bloodbank_desktop.records.tables import Facet, Table
from bloodbank_desktop.records.wire import MOST_WORD
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.theme import Tone

_MOST_REASON = 200


@dataclass(frozen=True)
class Answer:
    """What a person wrote; `place` None and a facet "" leave as it is."""

    key: str
    word: str
    place: int | None
    facets: dict[str, str]
    reason: str


class EntryDialog(QDialog):
    """`asked(Answer)` when the person wants it kept; whoever hears it closes the dialog or lets it say why not."""

    asked = Signal(object)

    def __init__(self, table: Table, key: str | None, parent: QWidget | None = None) -> None:
        """Show an entry, or with `key` None an empty one for a new entry."""
        super().__init__(parent)
        self._table = table
        title = f"{'新增' if key is None else '修改'}《{table.label}》的一项"
        self.setObjectName("dialog.entry")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.key = self._line("key", "代码", 40, table.keys_help or "小写英文字母开头，只含小写字母、数字和下划线")
        self.word = self._line("word", "名称", MOST_WORD, "屏幕、打印和 Excel 中显示的文字")
        if key is not None:
            self.key.setText(key)
            self.key.setReadOnly(True)
            self.word.setText(table.word(key))
        self.facets: dict[str, ChoiceBox | QLineEdit] = {}
        for facet in table.facets:
            self.facets[facet.key] = self._facet(facet, key)
        self._show_units()
        self.place = self._line("place", "次序", 4, "从 1 起" + ("，不填则排在最后" if key is None else ""))
        if key is not None:
            self.place.setText(str(list(table).index(key) + 1))
        self.reason = self._line("reason", "原因", _MOST_REASON, "必填，例如：输血管理委员会决定")
        self.said = QLabel(self)
        self.said.setObjectName("said")
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox(self)
        self.save = self.buttons.addButton("保存（Ctrl+S）", QDialogButtonBox.ButtonRole.ActionRole)
        self.save.setObjectName("action.save")
        self.save.setAccessibleName("保存")
        self.save.setShortcut("Ctrl+S")
        self.save.setDefault(True)
        cancel = self.buttons.addButton("取消（Esc）", QDialogButtonBox.ButtonRole.RejectRole)
        cancel.setObjectName("action.cancel")
        cancel.setAccessibleName("取消")
        cancel.setAutoDefault(False)
        self.save.clicked.connect(self._ask)
        self.buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addLayout(self._form)
        whole.addWidget(self.said)
        whole.addWidget(self.buttons)
        self.setMinimumWidth(theme.em(self, 34))
        (self.key if key is None else self.word).setFocus()

    def refuse(self, message: str) -> None:
        """Say why it was not kept."""
        self.said.setText(f"✕ {message}")
        self.said.setAccessibleName(message)
        theme.paint_text(self.said, Tone.BAD)
        self.save.setEnabled(True)

    def _line(self, name: str, label: str, most: int, hint: str) -> QLineEdit:
        edit = QLineEdit(self)
        edit.setObjectName(name)
        edit.setAccessibleName(label)
        edit.setPlaceholderText(hint)
        edit.setToolTip(hint)
        edit.setMaxLength(most)
        self._form.addRow(label, edit)
        return edit

    def _facet(self, facet: Facet, key: str | None) -> ChoiceBox | QLineEdit:
        value = None if key is None else self._table.facet(key, facet.key)
        if not facet.table:
            edit = self._line(facet.key, facet.label, 20, facet.help)
            edit.setText("" if value is None else str(value))
            return edit
        of = tables.table(facet.table)
        box = ChoiceBox([Entry(of.word(one), (one,)) for one in of.offered], self)
        box.setObjectName(facet.key)
        box.setAccessibleName(facet.label)
        line = box.lineEdit()
        assert line is not None
        line.setAccessibleName(facet.label)
        line.setPlaceholderText(facet.help or "输入编号、拼音首字母或名称")
        box.set_text("" if value is None else of.word(str(value)))
        line.editingFinished.connect(lambda: self._settle(box))
        box.currentTextChanged.connect(lambda _text: self._show_units())
        self._form.addRow(facet.label, box)
        return box

    @staticmethod
    def _settle(box: ChoiceBox) -> None:
        word = box.word_for(box.currentText())
        if word is not None and word != box.currentText():
            box.set_text(word)

    def _show_units(self) -> None:
        """Say in which unit a number is, where another entry says it."""
        for facet in self._table.facets:
            other = next((one for one in self._table.facets if one.key == facet.unit_of), None)
            edit = self.facets.get(facet.key)
            if other is None or edit is None:
                continue
            of = tables.table(other.table)
            unit = of.facet(of.key_of(self._text(other.key)) or "", "unit")
            label = self._form.labelForField(edit)
            if isinstance(label, QLabel):
                label.setText(f"{facet.label}（{unit}）" if unit else facet.label)

    def _text(self, name: str) -> str:
        widget = self.facets[name]
        return (widget.currentText() if isinstance(widget, ChoiceBox) else widget.text()).strip()

    def _ask(self) -> None:
        for widget in self.facets.values():
            if isinstance(widget, ChoiceBox):
                self._settle(widget)
        place = self.place.text().strip()
        if place and not (place.isascii() and place.isdigit()):
            self.refuse("次序请填写整数，例如 3")
            return
        facets = {name: self._text(name) for name in self.facets}
        # Until it is answered: pressed twice it would be asked twice.
        self.save.setEnabled(False)
        answer = Answer(
            self.key.text().strip(), self.word.text().strip(), int(place) if place else None, facets, self.reason.text()
        )
        self.asked.emit(answer)
