"""A state is always word + shape + colour, never colour alone; the colour fits the light or dark palette in use.

One person in twelve men cannot tell red from green, and at 3 a.m. nobody reads shades.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from bloodbank_desktop.forms.roles import Role

# The same colours as in the lists of the window; contrast at least 4.5 : 1 as text on its ground (WCAG 2.2, 1.4.3).
_INK = {
    False: {Role.GOOD: "#1f6b3b", Role.INFO: "#586473", Role.ATTENTION: "#864700", Role.REFUSED: "#a3201d"},
    True: {Role.GOOD: "#7fcb99", Role.INFO: "#a0acb9", Role.ATTENTION: "#ebb765", Role.REFUSED: "#f39a95"},
}
_GROUND = {
    False: {Role.GOOD: "#e6f4e9", Role.INFO: "#ffffff", Role.ATTENTION: "#fdf1dc", Role.REFUSED: "#fde8e6"},
    True: {Role.GOOD: "#16301d", Role.INFO: "#171b20", Role.ATTENTION: "#352b18", Role.REFUSED: "#41191a"},
}


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
