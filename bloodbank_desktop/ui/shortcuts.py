"""F1: every key of the window, from the one place where actions are declared."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.actions import Spec


class ShortcutsWindow(QDialog):
    """Lists actions by group; those without a key are left out."""

    def __init__(self, specs: Iterable[Spec], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.shortcuts")
        self.setWindowTitle("快捷键")
        self.setAccessibleName("快捷键")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        inner = QWidget(self)
        grid = QGridLayout(inner)
        grid.setHorizontalSpacing(theme.em(self, 1.5))
        grid.setVerticalSpacing(theme.em(self, 0.3))
        row = 0
        with_keys = [spec for spec in specs if spec.key_text]
        for group, members in groupby(with_keys, key=lambda spec: spec.group):
            heading = QLabel(group, inner)
            theme.paint_text(heading, theme.Tone.BUSY, bold=True)
            grid.addWidget(heading, row, 0, 1, 3)
            row += 1
            for spec in members:
                keys = QLabel(spec.key_text, inner)
                keys.setObjectName(f"key.{spec.name}")
                tip = QLabel(spec.tip, inner)
                tip.setWordWrap(True)
                theme.paint_text(tip, theme.Tone.MUTED)
                for column, label in enumerate((keys, QLabel(spec.text.rstrip("…"), inner), tip)):
                    grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop if column < 2 else Qt.AlignmentFlag(0))
                row += 1
        grid.setColumnStretch(2, 1)
        area = QScrollArea(self)
        area.setObjectName("shortcuts")
        area.setAccessibleName("快捷键列表")
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(inner)
        buttons = QDialogButtonBox(self)
        close = buttons.addButton("关闭", QDialogButtonBox.ButtonRole.RejectRole)
        close.setObjectName("action.close")
        close.setAccessibleName("关闭")
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(area, 1)
        whole.addWidget(buttons)
        room = self.screen().availableGeometry()
        self.resize(min(theme.em(self, 46), room.width()), min(theme.em(self, 62), room.height() - theme.em(self, 4)))
