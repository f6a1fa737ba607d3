"""Two restrained palettes, one font size, and a colour never alone: it stands beside a word and a shape.

Every pair of colours that a person reads has a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3); a test computes it.
Sizes everywhere in the window come from font metrics, so that larger type enlarges the whole and cuts nothing. Widgets
ask `colours()` when they dress or paint, which spares a theme object known to all.
"""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.paths import resource

SCALES = (100, 125, 150, 175, 200)
STYLE = "bloodbank.style"
"""The property of the application that says which style it has; whoever starts Qt with `-style` sets it."""
CHOICES = {"system": "跟随系统", "light": "浅色", "dark": "深色"}
_POINTS = 10.0
_FAMILIES = ["Microsoft YaHei UI", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC"]


class Tone(StrEnum):
    """What a colour means; the colour itself differs by palette."""

    PLAIN = "plain"
    MUTED = "muted"
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Colours:
    """A palette; texts of every tone are read on `base`, `alternate`, `window` and on the bar of messages."""

    window: str
    base: str
    alternate: str
    button: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    busy: str
    warn: str
    bad: str
    bar: str
    training: str
    on_training: str
    border: str
    hover: str
    chosen: str
    accent_hover: str
    bad_ground: str
    thumb: str
    tab: str

    def tone(self, tone: Tone) -> str:
        """Return the colour of a tone."""
        return self.text if tone is Tone.PLAIN else str(getattr(self, tone.value))

    def readable_pairs(self) -> list[tuple[str, str]]:
        """Return every pair (text, ground) that occurs on the screen."""
        texts = [self.tone(tone) for tone in Tone]
        grounds = [self.window, self.base, self.alternate, self.bar]
        pairs = [(text, ground) for text in texts for ground in grounds]
        pairs += [(self.text, ground) for ground in (self.button, self.hover, self.chosen, self.line, self.bad_ground)]
        pairs += [(self.on_accent, self.accent), (self.on_accent, self.accent_hover)]
        return [*pairs, (self.on_training, self.training)]

    def shapes(self) -> list[tuple[str, str]]:
        """Return every pair (line, ground) by which a person finds a field or sees where the keyboard is."""
        return [(line, ground) for line in (self.border, self.tab, self.bad) for ground in (self.base, self.window)]


LIGHT = Colours(
    window="#f1f3f6",
    base="#ffffff",
    alternate="#f7f9fb",
    button="#e8ecf0",
    line="#c5cdd6",
    text="#1c2530",
    muted="#586473",
    accent="#1d5c96",
    on_accent="#ffffff",
    good="#1f6b3b",
    busy="#27598a",
    warn="#864700",
    bad="#a3201d",
    bar="#fdf1dc",
    training="#b04a00",
    on_training="#ffffff",
    border="#828c98",
    hover="#dfe5eb",
    chosen="#d9e6f3",
    accent_hover="#174b7b",
    bad_ground="#fdf0ef",
    thumb="#b3bdc8",
    tab="#1d5c96",
)
DARK = Colours(
    window="#20252b",
    base="#171b20",
    alternate="#1c2126",
    button="#2d343c",
    line="#434d58",
    text="#e3e8ee",
    muted="#a0acb9",
    accent="#2c66a3",
    on_accent="#ffffff",
    good="#7fcb99",
    busy="#90bdea",
    warn="#ebb765",
    bad="#f39a95",
    bar="#352b18",
    training="#f0a04b",
    on_training="#1a1206",
    border="#6d7987",
    hover="#38414b",
    chosen="#24405c",
    accent_hover="#3574b6",
    bad_ground="#331a1b",
    thumb="#4d5864",
    tab="#90bdea",
)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours "#rrggbb", 1 to 21 (WCAG 2.2)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colours() -> Colours:
    """Return the palette in which the program is shown now."""
    return LIGHT if QApplication.palette().color(QPalette.ColorRole.Window).lightness() > 127 else DARK


def palette_of(c: Colours) -> QPalette:
    """Return the QPalette of some colours."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette(QColor(c.button), QColor(c.window))
    for where, colour in {
        role.Window: c.window,
        role.WindowText: c.text,
        role.Base: c.base,
        role.AlternateBase: c.alternate,
        role.Text: c.text,
        role.PlaceholderText: c.muted,
        role.Button: c.button,
        role.ButtonText: c.text,
        role.BrightText: c.bad,
        role.ToolTipBase: c.base,
        role.ToolTipText: c.text,
        role.Highlight: c.accent,
        role.HighlightedText: c.on_accent,
        role.Accent: c.accent,
        role.Link: c.busy,
        role.LinkVisited: c.busy,
        role.Mid: c.line,
    }.items():
        palette.setColor(where, QColor(colour))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(group.Disabled, where, QColor(c.muted))
    palette.setColor(group.Disabled, role.Highlight, QColor(c.line))
    return palette


def apply(app: QApplication, choice: str = "system", scale: int = 100) -> Colours:
    """Dress the program: Fusion, palette and font. `choice` is a key of CHOICES, `scale` percent of the type size."""
    hints = app.styleHints()
    # Windows draws the title bar, and only Qt can tell it which colour.
    wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(choice, Qt.ColorScheme.Unknown)
    hints.setColorScheme(wanted)
    dark = choice == "dark" or (choice == "system" and hints.colorScheme() == Qt.ColorScheme.Dark)
    chosen = DARK if dark else LIGHT
    # Not app.style(): the first look at a style makes Python objects of its hundreds of constants, 20 ms of a start.
    if app.property(STYLE) != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setProperty(STYLE, "fusion")
    font = QFont()
    # A family that the system lacks makes Qt search all aliases at start-up.
    font.setFamilies(_FAMILIES if sys.platform == "win32" else _FAMILIES[2:])
    font.setPointSizeF(_POINTS * min(max(scale, SCALES[0]), SCALES[-1]) / 100)
    app.setFont(font)
    app.setStyleSheet(style_sheet(chosen, font))
    app.setPalette(palette_of(chosen))
    # A new style sheet takes from every widget the palette and font it had been given; whoever has colours of his own
    # puts them on again when he hears that the palette changed.
    for widget in app.allWidgets():
        app.sendEvent(widget, QEvent(QEvent.Type.PaletteChange))
    return chosen


def style_sheet(c: Colours, font: QFont) -> str:
    """Return resources/qss/workstation.qss in these colours, its sizes in proportion to the type."""
    height = QFontMetrics(font).height()
    y, x, wide = max(round(height * 0.11), 2), round(height * 0.4), round(height * 0.7)
    sizes: dict[str, int | str] = {"y": y, "y1": y - 1, "y2": 2 * y, "y21": 2 * y - 1, "y3": 3 * y}
    sizes |= {"x": x, "x1": x - 1, "x2": wide, "bar_width": wide, "thumb_least": 2 * height}
    sizes |= {"round": max(round(height * 0.17), 3), "icon": round(height * 0.6), "check": round(height * 0.7)}
    sizes |= {"arrow": round(height * 1.1)}
    points = font.pointSizeF()
    sizes |= {f"points{percent}": f"{points * percent / 100:g}" for percent in (100, 130, 135, 150)}
    words = {**asdict(c), **{key: str(size) for key, size in sizes.items()}}
    words["chevron"] = resource("icons", f"chevron-{'light' if c is LIGHT else 'dark'}.png").as_posix()
    sheet = resource("qss", "workstation.qss").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda found: words[found[1]], sheet)


class Appearance(QObject):
    """Keeps the program dressed as chosen while the system's scheme, the choice or the scale changes."""

    def __init__(self, app: QApplication, choice: str = "system", scale: int = 100) -> None:
        super().__init__(app)
        self._app = app
        self.choice = choice if choice in CHOICES else "system"
        self.scale = scale if scale in SCALES else 100
        self._dress()
        app.styleHints().colorSchemeChanged.connect(self._scheme_changed)

    def set(self, choice: str | None = None, scale: int | None = None) -> None:
        """Change one or both at once; what is not offered changes nothing."""
        before = (self.choice, self.scale)
        self.choice = choice if choice in CHOICES else self.choice
        self.scale = scale if scale in SCALES else self.scale
        if (self.choice, self.scale) != before:
            self._dress()

    @Slot()
    def _scheme_changed(self) -> None:
        if self.choice == "system":
            self._dress()

    def _dress(self) -> None:
        apply(self._app, self.choice, self.scale)


def em(widget: QWidget, count: float = 1.0) -> int:
    """Return the width of `count` Chinese characters in the widget's font, in pixels."""
    return round(QFontMetrics(widget.font()).horizontalAdvance("血") * count)


def fill(painter: QPainter, area: QRect, colour: str) -> None:
    """Fill an area with a colour "#rrggbb".

    Not `fillRect`: the first call of it makes Python objects of all gradients that Qt knows, 3 ms of a start.
    """
    painter.setBackground(QColor(colour))
    painter.eraseRect(area)


def paint_ground(widget: QWidget, colour: str) -> None:
    """Give a bar its own ground."""
    if widget.palette().color(QPalette.ColorRole.Window).name() != colour:
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(colour))
        widget.setPalette(palette)


def paint_text(widget: QWidget, tone: Tone, *, bold: bool = False) -> None:
    """Give a label or button the colour of a tone in the palette it is shown in."""
    # A fresh palette states only what is set here; everything else goes on following the program.
    palette = QPalette()
    colour = QColor(colours().tone(tone))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText, QPalette.ColorRole.Text):
        palette.setColor(role, colour)
    if widget.palette().color(QPalette.ColorRole.WindowText) != colour:
        widget.setPalette(palette)
    if widget.font().bold() != bold:
        font = QFont(widget.font())
        font.setBold(bold)
        widget.setFont(font)
