"""Puts a paper on A4 pages as PDF: pieces are placed whole, a table that goes on repeats its head, pages are numbered."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPdfWriter,
    QPen,
    QTextDocument,
)

from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.exchange.paper import Paper

#: Layout happens in these units, so that a size in the style means the same on every screen.
_DPI = 96
_MARGIN_MM = 18.0
_FOOT_MM = 8.0
#: Air above a heading.
_APART = 16.0


@dataclass(frozen=True)
class Placed:
    """A laid out piece, where its top stands on its page, and whether a line is drawn below it."""

    document: QTextDocument
    top: float
    ruled: bool

    @property
    def bottom(self) -> float:
        """Where it ends on its page."""
        return self.top + self.document.size().height()


def write_pdf(paper: Paper, file: Path) -> None:
    """Write a paper as PDF. Raises KnownProblem when the file cannot be written; a file that is there is replaced."""
    # Without a window there is no application yet, and without an application Qt knows no font.
    application = QGuiApplication.instance() or _without_a_screen()
    _refuse_what_cannot_be_written(file)
    writer = QPdfWriter(str(file))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM), QPageLayout.Unit.Millimeter)
    writer.setResolution(_DPI)
    writer.setTitle(paper.title)
    room = QRectF(writer.pageLayout().paintRectPixels(_DPI))
    foot = _FOOT_MM / 25.4 * _DPI
    made = pages(paper, writer, room.width(), room.height() - foot)
    painter = QPainter()
    if not painter.begin(writer):
        raise KnownProblem(f"写不出 {file}，请检查文件夹、磁盘空间，以及文件是否正在别处打开", code="cannot-write")
    try:
        for number, page in enumerate(made, start=1):
            if number > 1:
                writer.newPage()
            for placed in page:
                painter.save()
                painter.translate(QPointF(0, placed.top))
                placed.document.drawContents(painter, QRectF(0, 0, room.width(), room.height() - foot))
                painter.restore()
                if placed.ruled:
                    painter.setPen(QPen(QColor(0xC8, 0xC8, 0xC8), 0.5))
                    painter.drawLine(QPointF(0, placed.bottom), QPointF(room.width(), placed.bottom))
                    painter.setPen(QColor(0, 0, 0))
            _foot(painter, paper.foot, f"第 {number} 页，共 {len(made)} 页", room, foot)
    finally:
        painter.end()
    del application


def _without_a_screen() -> QGuiApplication:
    if not sys.platform.startswith("win") and not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QGuiApplication(sys.argv[:1])


def _refuse_what_cannot_be_written(file: Path) -> None:
    # Qt itself only warns on its own log and writes nothing.
    try:
        with file.open("wb"):
            pass
    except OSError as problem:
        reason = problem.strerror or problem
        raise KnownProblem(
            f"写不出 {file}（{reason}），请检查文件夹，或关闭正在打开它的程序", code="cannot-write"
        ) from problem


def pages(paper: Paper, device: QPaintDevice, width: float, height: float) -> list[list[Placed]]:
    """Return the pieces by page, none of them cut; a piece longer than a page begins one and runs over its end."""
    from bloodbank_desktop.exchange.paper import STYLE, Piece

    def laid_out(html: str) -> QTextDocument:
        document = QTextDocument()
        document.documentLayout().setPaintDevice(device)
        document.setUseDesignMetrics(True)
        document.setDocumentMargin(0)
        document.setDefaultStyleSheet(STYLE)
        document.setHtml(f"<body>{html}</body>")
        document.setTextWidth(width)
        return document

    made: list[list[Placed]] = [[]]
    waiting: list[tuple[Piece, QTextDocument]] = []

    def put() -> None:
        top = made[-1][-1].bottom if made[-1] else 0.0
        for piece, document in waiting:
            top += _APART if piece.apart and made[-1] else 0.0
            made[-1].append(Placed(document, top, piece.ruled))
            top = made[-1][-1].bottom
        waiting.clear()

    for piece in paper.pieces:
        waiting.append((piece, laid_out(piece.html)))
        if piece.keep:
            continue
        needed = sum(document.size().height() + (_APART if one.apart else 0.0) for one, document in waiting)
        if made[-1] and made[-1][-1].bottom + needed > height:
            made.append([])
            if piece.again and len(waiting) == 1:
                waiting.insert(0, (Piece(piece.again, ruled=True), laid_out(piece.again)))
        put()
    put()
    return made


def _foot(painter: QPainter, left: str, right: str, room: QRectF, height: float) -> None:
    font = QFont("Microsoft YaHei UI")
    font.setFamilies(["Microsoft YaHei UI", "Noto Sans CJK SC"])
    font.setPointSizeF(7.5)
    painter.setFont(font)
    line = QRectF(0, room.height() - height, room.width(), height)
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, left)
    painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, right)
