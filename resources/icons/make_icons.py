"""Draw the small arrows of the lists of choices, once for light and once for dark, each also for doubled pixels.

Run with an interpreter that has PySide6: `python resources/icons/make_icons.py`. The pictures are committed.
"""

from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

SIZE = 12
COLOURS = {"light": "#586473", "dark": "#a0acb9"}


def chevron(colour: str, factor: int) -> QImage:
    """Return an arrow that points down."""
    picture = QImage(SIZE * factor, SIZE * factor, QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(factor, factor)
    painter.setPen(QPen(QColor(colour), 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPolyline([QPointF(2.5, 4.5), QPointF(6, 8), QPointF(9.5, 4.5)])
    painter.end()
    return picture


if __name__ == "__main__":
    for name, colour in COLOURS.items():
        for factor, ending in ((1, ""), (2, "@2x")):
            chevron(colour, factor).save(str(Path(__file__).parent / f"chevron-{name}{ending}.png"))
