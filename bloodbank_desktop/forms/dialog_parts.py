"""The frame around the fields: training band, strip of the module, scroll area, problems, state in words, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.patient_hint import NUMBER, PatientHint
from bloodbank_desktop.forms.problem_list import ProblemList
from bloodbank_desktop.forms.roles import SHAPES, Role

if TYPE_CHECKING:
    from bloodbank_desktop.forms.record_dialog import RecordDialog


#: So many facts stand side by side when they are no longer than so many average characters.
_ABREAST, _SHORT = 3, 36


class Parts:
    """The widgets of the frame."""

    def __init__(self, dialog: RecordDialog, words: str) -> None:
        self.area = QScrollArea(dialog)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        #: What is scrolled. Widgets are made in it: one that moves to another parent is dressed once more.
        self.inner = QWidget()
        self.area.setWidget(self.inner)
        self.problems = ProblemList(dialog)
        self.message = QLabel(dialog)
        self.message.setObjectName("message")
        self.message.setWordWrap(True)
        self.message.hide()
        self.state = QLabel(dialog)
        self.state.setObjectName("state")
        self.state.setWordWrap(True)
        self.input_method = QLabel(dialog)
        self.input_method.setObjectName("input_method")
        self.input_method.hide()
        self.reason = QLineEdit(dialog)
        self.reason.setObjectName("reason")
        self.reason.setAccessibleName("修改原因")
        self.reason.setPlaceholderText("修改原因（可不填，会留痕）")
        self.reason.hide()
        self.save = _button(dialog, f"{'保存修改' if words == '修改' else words}（Ctrl+S）", "action.save")
        self.save.setProperty("primary", True)
        self.override = _button(dialog, "授权…（F10）", "action.authorise")
        self.override.hide()
        self.near_miss = _button(dialog, "记为险兆（F12）", "action.near_miss")
        self.near_miss.setToolTip("把刚才拦下的情况存为险兆草稿，不离开这里")
        self.near_miss.hide()
        self.keep = _button(dialog, "暂存并关闭", "action.keep")
        self.leave = _button(dialog, "关闭（Esc）", "action.close")
        self.chinese = False

    def set_state(self, text: str, role: Role) -> None:
        """Say where the content stands."""
        self.state.setText(f"{SHAPES[role]} {text}")
        _colour(self.state, role)

    def say(self, text: str, role: Role) -> None:
        """Say something about the dialog as a whole."""
        self.message.setText(f"{SHAPES[role]} {text}")
        _colour(self.message, role)
        self.message.setVisible(bool(text))

    def set_chinese(self, on: bool) -> None:
        """Say whether the input method is on."""
        self.chinese = on
        self.input_method.setText("◆ 中文输入：开（F6 关）" if on else "中文输入：关（F6 开）")
        _colour(self.input_method, Role.ATTENTION if on else Role.INFO)


def arrange(dialog: RecordDialog) -> None:
    """Lay out the dialog from top to bottom."""
    parts = dialog.parts
    column = QVBoxLayout(parts.inner)
    column.setContentsMargins(10, 4, 10, 4)
    tall = any(block.fills for block in dialog.blocks.values())
    facts = _facts(dialog)
    # Who looks at a record mostly wants to know what became of it; who changes it wants to go on where he was.
    if facts is not None and dialog.mode == "view":
        column.addWidget(facts)
    column.addWidget(dialog.form, int(tall))
    if facts is not None and dialog.mode != "view":
        column.addWidget(facts)
    if not tall:
        column.addStretch(1)
    whole = QVBoxLayout(dialog)
    whole.setContentsMargins(0, 0, 0, 8)
    whole.setSpacing(4)
    if dialog.back.training:
        whole.addWidget(_training(dialog))
    if dialog.mode != "view" and NUMBER in dialog.form.editors:
        whole.addWidget(PatientHint(dialog.form, dialog.back, dialog).label)
    strip = dialog.behaviour.strip() if dialog.mode != "view" else None
    if strip is not None:
        whole.addWidget(strip)
    whole.addWidget(parts.area, 1)
    below = QVBoxLayout()
    below.setContentsMargins(10, 0, 10, 0)
    below.addWidget(parts.message)
    below.addWidget(parts.problems)
    below.addLayout(_buttons(dialog))
    whole.addLayout(below)
    _size(dialog)


def _buttons(dialog: RecordDialog) -> QHBoxLayout:
    parts = dialog.parts
    row = QHBoxLayout()
    row.addWidget(parts.state, 1)
    row.addWidget(parts.input_method)
    if dialog.mode == "amend":
        parts.reason.setMinimumWidth(dialog.fontMetrics().horizontalAdvance("0") * 44)
        parts.reason.show()
        row.addWidget(parts.reason)
    changing = dialog.mode != "view"
    parts.save.setVisible(changing)
    parts.keep.setVisible(changing)
    if changing and dialog.behaviour.input_method_off:
        parts.set_chinese(False)
        parts.input_method.show()
    elif changing and dialog.declared.help:
        parts.state.setText(dialog.declared.help)
        _colour(parts.state, Role.INFO)
    for button in (parts.near_miss, parts.override, parts.save, parts.keep, parts.leave):
        row.addWidget(button)
    return row


def _button(dialog: RecordDialog, words: str, name: str) -> QPushButton:
    button = QPushButton(words, dialog)
    button.setObjectName(name)
    button.setAccessibleName(words.partition("（")[0])
    button.setAutoDefault(False)
    button.setDefault(False)
    return button


def _training(dialog: RecordDialog) -> QLabel:
    band = QLabel("▲ 训练模式：这里没有真实患者和血袋，数据只送到本机的训练平台", dialog)
    band.setObjectName("training")
    band.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return band


def _facts(dialog: RecordDialog) -> QWidget | None:
    facts = dialog.facts
    if not facts:
        return None
    box = QWidget(dialog.parts.inner)
    box.setObjectName("facts")
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 4, 0, 4)
    grid.setHorizontalSpacing(8)
    short = dialog.fontMetrics().horizontalAdvance("0") * _SHORT
    row = column = 0
    for label, text in facts:
        name = QLabel(label, box)
        name.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        _colour(name, Role.INFO)
        content = QLabel(text, box)
        content.setTextFormat(Qt.TextFormat.PlainText)
        content.setWordWrap(True)
        content.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        # Short ones stand side by side; a sentence has a line of its own.
        wide = content.fontMetrics().horizontalAdvance(text) > short
        if column and (wide or column == _ABREAST):
            row, column = row + 1, 0
        grid.addWidget(name, row, 2 * column)
        grid.addWidget(content, row, 2 * column + 1, 1, 2 * _ABREAST - 1 if wide else 1)
        row, column = (row + 1, 0) if wide else (row, column + 1)
    for place in range(_ABREAST):
        grid.setColumnStretch(2 * place + 1, 1)
    return box


def _colour(label: QLabel, role: Role) -> None:
    palette = label.palette()
    palette.setColor(QPalette.ColorRole.WindowText, marks.ink(role, palette))
    label.setPalette(palette)


def _size(dialog: RecordDialog) -> None:
    """Open as large as the content wants and the screen allows."""
    metrics = dialog.fontMetrics()
    room = dialog.screen().availableGeometry().size()
    wanted = metrics.horizontalAdvance("0") * 180
    dialog.setMinimumWidth(min(metrics.horizontalAdvance("0") * 90, room.width()))
    dialog.resize(min(wanted, room.width() - 20), min(metrics.height() * 46, room.height() - 60))
