"""The chain of a bag or a record on one page, to read, to print and to keep as PDF."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QTextBrowser, QVBoxLayout, QWidget

from bloodbank_desktop.ui import theme


class TraceWindow(QDialog):
    """Shows a page; it changes nothing."""

    def __init__(self, asked: str, html: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.trace")
        self.setWindowTitle(f"血液追溯 {asked}")
        self.setAccessibleName(self.windowTitle())
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._name = "".join(c if c.isalnum() or c in "-_" else "_" for c in asked)[:60]
        self._html = html
        self.page = QTextBrowser(self)
        self.page.setObjectName("trace.page")
        self.page.setAccessibleName("追溯结果")
        self.page.setOpenLinks(False)
        self.page.setHtml(html)
        self.buttons = QDialogButtonBox(self)
        for name, words, slot in (
            ("action.print", "打印…", self._print),
            ("action.pdf", "存为 PDF…", self._ask_pdf),
            ("action.close", "关闭（Esc）", self.accept),
        ):
            button = self.buttons.addButton(words, QDialogButtonBox.ButtonRole.ActionRole)
            button.setObjectName(name)
            button.setAccessibleName(words)
            button.clicked.connect(slot)
        box = QVBoxLayout(self)
        box.addWidget(self.page, 1)
        box.addWidget(self.buttons)
        room = self.screen().availableGeometry().size() * 0.9
        self.resize(min(theme.em(self, 62), room.width()), min(theme.em(self, 46), room.height()))
        self.page.setFocus()

    def save_pdf(self, file: Path) -> None:
        """Write the page as an A4 PDF."""
        writer = QPdfWriter(str(file))
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        # The text engine leaves two centimetres of its own; margins of the paper would come on top of them.
        writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)
        writer.setTitle(self.windowTitle())
        self._document().print_(writer)

    def _document(self) -> QTextDocument:
        # A document of its own: on paper the colours of a dark screen have no place.
        document = QTextDocument(self)
        document.setHtml(self._html)
        return document

    def _print(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        question = QPrintDialog(printer, self)
        if question.exec() == QDialog.DialogCode.Accepted:
            self._document().print_(printer)

    def _ask_pdf(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "存为 PDF", f"追溯_{self._name}.pdf", "PDF (*.pdf)")
        if chosen:
            self.save_pdf(Path(chosen))
