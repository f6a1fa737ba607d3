"""A state is always word + shape + colour, never colour alone; the colour fits the light or dark palette in use.

One person in twelve men cannot tell red from green, and at 3 a.m. nobody reads shades.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from bloodbank_desktop.forms.roles import Role, Tone

# The same colours as in the lists of the window; contrast at least 4.5 : 1 as text on its ground (WCAG 2.2, 1.4.3).
_INK = {
    False: {Role.GOOD: "#1f6b3b", Role.INFO: "#586473", Role.ATTENTION: "#864700", Role.REFUSED: "#a3201d"},
    True: {Role.GOOD: "#7fcb99", Role.INFO: "#a0acb9", Role.ATTENTION: "#ebb765", Role.REFUSED: "#f39a95"},
}
_GROUND = {
    False: {Role.GOOD: "#e6f4e9", Role.INFO: "#ffffff", Role.ATTENTION: "#fdf1dc", Role.REFUSED: "#fde8e6"},
    True: {Role.GOOD: "#16301d", Role.INFO: "#171b20", Role.ATTENTION: "#352b18", Role.REFUSED: "#41191a"},
}

# What is wrong with a scan, ink and ground: told by its hue from the far side of a bench, and by its words in any case.
_FAULTS = {
    False: {
        Tone.WRONG_LABEL: ("#665000", "#fdf3c2"),
        Tone.OTHER_BAG: ("#8a1a68", "#fbe3f3"),
        Tone.DUPLICATE: ("#1b4f8f", "#e1edfb"),
        Tone.IN_STOCK: ("#5530a0", "#ebe4fb"),
        Tone.EXPIRED: ("#a3201d", "#fbd5d1"),
        Tone.UNKNOWN_PRODUCT: ("#0c5c60", "#d8f1f1"),
        Tone.DAMAGED: ("#5f4420", "#eee2d3"),
    },
    True: {
        Tone.WRONG_LABEL: ("#e6d06a", "#37310f"),
        Tone.OTHER_BAG: ("#f19ad4", "#3d1733"),
        Tone.DUPLICATE: ("#92bdf0", "#14293f"),
        Tone.IN_STOCK: ("#bda6f5", "#281d45"),
        Tone.EXPIRED: ("#f7a7a2", "#521415"),
        Tone.UNKNOWN_PRODUCT: ("#7fd0d2", "#0f3234"),
        Tone.DAMAGED: ("#d6b48c", "#35291b"),
    },
}


def dress_again(widget: QWidget) -> None:
    """Let the style sheet look at the properties of a widget again, which Qt does by itself only once."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def is_dark(palette: QPalette) -> bool:
    """Return whether text is lighter than its ground."""
    text, ground_ = palette.color(QPalette.ColorRole.WindowText), palette.color(QPalette.ColorRole.Window)
    return text.lightness() > ground_.lightness()


def ink(role: Role, palette: QPalette) -> QColor:
    """Return the colour for words and shapes of this role."""
    return QColor(_INK[is_dark(palette)][role])


def ground(role: Role, palette: QPalette) -> QColor:
    """Return the colour behind words of this role."""
    return QColor(_GROUND[is_dark(palette)][role])


def verdict(role: Role, tone: Tone | None, palette: QPalette) -> tuple[QColor, QColor]:
    """Return ink and ground for the verdict on a scan: those of what is wrong with it, else those of its role."""
    fault = _FAULTS[is_dark(palette)].get(tone) if tone is not None and role is Role.REFUSED else None
    return (QColor(fault[0]), QColor(fault[1])) if fault else (ink(role, palette), ground(role, palette))
