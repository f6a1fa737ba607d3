"""Who gets the blood and where it goes, in the largest type of the dialog, and which bags to fetch from the refrigerator.

The list offers what may be given, first to expire first; a bag gets into the record by being scanned and in no other way,
because a bag that is chosen on a screen is not yet in the hand (VBECS, Select Units; 临床输血技术规范第二十六条).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.contract import Candidate
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.records.bag import BagKey, bag_name
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table

_HEADS = ("", "血袋", "品种", "血型", "数量", "失效", "位置", "说明")
_ROWS = 4
#: How much larger than the text of the form.
_LARGE, _LARGEST = 1.5, 2.0


def place_of(values: Values) -> str:
    """Return where the blood goes: department, ward and bed."""
    parts = [str(values.get(key) or "") for key in ("department", "ward")]
    bed = f"{values['bed']} 床" if values.get("bed") else ""
    return " · ".join(part for part in (*parts, bed) if part)


def patient_of(values: Values) -> str:
    """Return who gets it: name, sex, medical record number."""
    sex = table("sex").word(str(values["sex"])) if values.get("sex") else ""
    number = f"病案号 {values['medical_record_no']}" if values.get("medical_record_no") else ""
    return "　".join(part for part in (str(values.get("patient_name") or ""), sex, number) if part)


def group_of(abo: Any, rhd: Any) -> str:
    """Return a group in words."""
    return f"{table('abo_patient').word(str(abo)) if abo else '？'} RhD {table('rhd_patient').word(str(rhd)) if rhd else '？'}"


class IssueHead(QFrame):
    """Destination, patient and group, and the bags that may be given. `asked` wants a request chosen."""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("issue_head")
        self.place = _label("issue.place", _LARGEST, "去向", self)
        self.patient = _label("issue.patient", _LARGE, "患者", self)
        self.group = _label("issue.group", _LARGEST, "患者血型", self)
        self.group.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.choose = QPushButton("选择申请单…（F4）", self)
        self.choose.setObjectName("action.choose_request")
        self.choose.setAccessibleName("选择申请单")
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self.asked)
        self.note = QLabel(self)
        self.note.setObjectName("issue.offered")
        self.offered = QTableWidget(0, len(_HEADS), self)
        self.offered.setObjectName("issue.candidates")
        self.offered.setAccessibleName("可发血袋，先到期的在前")
        self.offered.setHorizontalHeaderLabels(list(_HEADS))
        self.offered.verticalHeader().hide()
        self.offered.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.offered.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.offered.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.offered.setWordWrap(False)
        self.offered.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        heads = self.offered.horizontalHeader()
        heads.setStretchLastSection(True)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.offered.setVerticalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)
        self.offered.hide()
        row = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.place)
        words.addWidget(self.patient)
        row.addLayout(words, 1)
        row.addWidget(self.group)
        below = QHBoxLayout()
        below.addWidget(self.note, 1)
        below.addWidget(self.choose)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(10, 6, 10, 2)
        whole.setSpacing(3)
        whole.addLayout(row)
        whole.addLayout(below)
        whole.addWidget(self.offered)
        self._candidates: tuple[Candidate, ...] = ()
        self._taken: frozenset[BagKey] = frozenset()
        self.show_patient({})
        self.offer(None)

    def show_patient(self, values: Values) -> None:
        """Show who gets the blood, as far as the form says."""
        self.place.setText(place_of(values) or "去向未填")
        self.patient.setText(patient_of(values) or "请先选择申请单")
        known = values.get("patient_abo") or values.get("patient_rhd")
        self.group.setText(group_of(values.get("patient_abo"), values.get("patient_rhd")) if known else "")
        self._colour()

    def offer(self, candidates: Iterable[Candidate] | None, words: str = "") -> None:
        """Show the bags that may be given; None while no request is chosen."""
        self._candidates = tuple(candidates or ())
        self.offered.setVisible(bool(self._candidates))
        if candidates is None:
            self.note.setText(f"{SHAPES[Role.INFO]} {words or '选好申请单后，这里列出可发的血袋'}")
        elif not self._candidates:
            self.note.setText(f"{SHAPES[Role.ATTENTION]} {words or '没有可以直接发的血袋；须授权的血袋请直接扫描'}")
        else:
            said = f"可发 {len(self._candidates)} 袋，先到期的在前；请取袋扫描。须授权的血袋不列出，请直接扫描"
            self.note.setText(f"{SHAPES[Role.INFO]} {words or said}")
        self._fill()

    def tick(self, taken: Iterable[BagKey]) -> None:
        """Mark the bags that have been scanned."""
        self._taken = frozenset(taken)
        self._fill()

    def _fill(self) -> None:
        self.offered.setRowCount(len(self._candidates))
        for place, one in enumerate(self._candidates):
            scanned = one.key in self._taken
            component = table("component")
            unit = component.facet(one.component, "unit") or ""
            texts = (
                SHAPES[Role.GOOD] if scanned else "",
                name := bag_name(one.key),
                component.word(one.component),
                f"{table('abo').word(one.abo)} {table('rhd').word(one.rhd)}",
                f"{one.amount} {unit}",
                china_text(one.expires_at),
                one.location,
                # The bag is named in its own column already.
                "；".join(words.removeprefix(f"{name} ") for words in one.words),
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if scanned:
                    item.setForeground(marks.ink(Role.GOOD, self.palette()))
                self.offered.setItem(place, column, item)
        # The last takes what is left, cut if need be, and is whole under the mouse and when the bag is scanned.
        for column in range(len(_HEADS) - 1):
            self.offered.resizeColumnToContents(column)
        line = self.offered.verticalHeader().defaultSectionSize()
        head = self.offered.horizontalHeader().sizeHint().height()
        self.offered.setFixedHeight(head + line * min(len(self._candidates), _ROWS) + 4)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_taken"):
            self._colour()
            self._fill()

    def _colour(self) -> None:
        missing = "未填" in self.place.text()
        colours = self.place.palette()
        role = Role.ATTENTION if missing else Role.INFO
        ink = marks.ink(role, self.palette()) if missing else self.palette().color(QPalette.ColorRole.WindowText)
        colours.setColor(QPalette.ColorRole.WindowText, ink)
        self.place.setPalette(colours)


def _label(name: str, factor: float, accessible: str, parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setAccessibleName(accessible)
    label.setTextFormat(Qt.TextFormat.PlainText)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * factor)
    font.setBold(True)
    label.setFont(font)
    return label
