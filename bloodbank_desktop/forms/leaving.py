"""The question before a dialog with something in it closes: nothing is thrown away without being asked."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


class Answer(Enum):
    """What is to become of what was filled in; closing the question itself is STAY."""

    KEEP = auto()
    DROP = auto()
    STAY = auto()


def ask(parent: QWidget, *, new: bool, answered: Callable[[Answer], None]) -> QMessageBox:
    """Open the question over a dialog, of a `new` record or of changes to one; `answered` is called once."""
    box = QMessageBox(parent)
    box.setObjectName("leave")
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(parent.windowTitle())
    box.setText("这份内容还没有登记。" if new else "修改还没有保存。")
    box.setInformativeText("暂存的内容下次可以接着填，断电也不会丢。")
    keep = box.addButton("暂存并关闭", QMessageBox.ButtonRole.AcceptRole)
    drop = box.addButton("放弃", QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("继续填写", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(stay)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def finished(_code: int) -> None:
        chosen = box.clickedButton()
        answered(Answer.KEEP if chosen is keep else Answer.DROP if chosen is drop else Answer.STAY)

    box.finished.connect(finished)
    box.open()
    return box
