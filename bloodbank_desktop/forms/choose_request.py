"""Choosing the request that an issue is for: type a part of the name, number or department, Enter takes the row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.contract import Back, RequestRow

_HEADS = ("申请单号", "患者", "病案号", "科室", "血型", "申请品种", "预定输血")
_PAUSE_MS = 150


class ChooseRequest(QDialog):
    """The newest requests; `chosen` carries the number of one."""

    chosen = Signal(str)

    def __init__(self, back: Back, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.choose_request")
        self.setWindowTitle("选择申请单")
        self.setAccessibleName("选择申请单")
        self.setModal(True)
        self._back = back
        self._rows: Sequence[RequestRow] = ()
        self._token = 0
        self.search = QLineEdit(self)
        self.search.setObjectName("search")
        self.search.setAccessibleName("搜索申请单")
        self.search.setPlaceholderText("输入姓名、申请单号、病案号的一部分；↑↓ 选择，Enter 确定")
        self.table = QTableWidget(0, len(_HEADS), self)
        self.table.setObjectName("requests")
        self.table.setAccessibleName("申请单")
        self.table.setHorizontalHeaderLabels(list(_HEADS))
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        heads = self.table.horizontalHeader()
        heads.setStretchLastSection(True)
        heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.doubleClicked.connect(lambda _index: self.take())
        self.words = QLabel(self)
        whole = QVBoxLayout(self)
        whole.addWidget(self.search)
        whole.addWidget(self.table, 1)
        whole.addWidget(self.words)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.read)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        wide = self.fontMetrics().horizontalAdvance("血")
        self.resize(wide * 60, wide * 30)
        self.read()

    def read(self) -> None:
        """Ask for the requests that fit what is typed."""
        self._token += 1
        token = self._token

        def show(rows: Sequence[RequestRow]) -> None:
            if token == self._token:
                self._show(rows)

        self._back.requests(self.search.text().strip(), show, self._failed)

    def take(self) -> None:
        """Take the row on which the person stands."""
        place = self.table.currentRow()
        if 0 <= place < len(self._rows):
            number = self._rows[place].request_no
            self.accept()
            self.chosen.emit(number)

    def _show(self, rows: Sequence[RequestRow]) -> None:
        self._rows = rows
        self.table.setRowCount(len(rows))
        for place, one in enumerate(rows):
            for column, text in enumerate((one.request_no, *one.words)):
                self.table.setItem(place, column, QTableWidgetItem(text))
        self.table.resizeColumnsToContents()
        if rows:
            self.table.selectRow(0)
        self.words.setText(f"{len(rows)} 张" if rows else "没有符合的申请单；请核对输入，或先登记申请单")

    def _failed(self, problem: KnownProblem) -> None:
        self.words.setText(problem.message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take()
            return
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.table.selectRow(max(0, min(self.table.currentRow() + step, len(self._rows) - 1)))
            return
        super().keyPressEvent(event)
