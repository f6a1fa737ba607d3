"""Readable in both palettes and at every scale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.theme import DARK, LIGHT, Colours, Tone


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_pair_of_colours_is_readable(colours: Colours) -> None:
    """Every text has a contrast of at least 4.5 : 1 on every ground it stands on (WCAG 2.2, 1.4.3)."""
    weak = [(text, ground) for text, ground in colours.readable_pairs() if theme.contrast(text, ground) < 4.5]
    assert weak == []


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_every_line_that_means_something_is_seen(colours: Colours) -> None:
    """The edge of a field, the ring of the keyboard and the mark of a problem have 3 : 1 at least (WCAG 2.2, 1.4.11)."""
    weak = [(line, ground) for line, ground in colours.shapes() if theme.contrast(line, ground) < 3]
    assert weak == []


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_the_style_sheet_is_whole(qapp: QApplication, colours: Colours) -> None:
    """Every word between at-signs is known, sizes grow with the type, and the picture of the arrow is there."""
    small, large = QFont(qapp.font()), QFont(qapp.font())
    large.setPointSizeF(small.pointSizeF() * 2)
    sheets = [theme.style_sheet(colours, font) for font in (small, large)]
    assert "@" not in sheets[0]
    assert sheets[0] != sheets[1]
    (picture,) = set(re.findall(r'url\("([^"]+)"\)', sheets[0]))
    assert Path(picture).is_file()


def test_contrast_is_computed_as_the_standard_says() -> None:
    """Black on white has 21 : 1, a colour on itself 1 : 1, and #777777 on white just fails."""
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#123456", "#123456") == 1
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_palette_uses_the_readable_colours(colours: Colours) -> None:
    """What Qt paints with is what the contrast test looked at, for enabled and disabled widgets."""
    palette, role, group = theme.palette_of(colours), QPalette.ColorRole, QPalette.ColorGroup
    for text, ground in (
        (role.Text, role.Base),
        (role.WindowText, role.Window),
        (role.ButtonText, role.Button),
        (role.HighlightedText, role.Highlight),
        (role.PlaceholderText, role.Base),
        (role.ToolTipText, role.ToolTipBase),
        (role.Link, role.Base),
    ):
        for state in (group.Active, group.Inactive):
            one, other = palette.color(state, text).name(), palette.color(state, ground).name()
            assert theme.contrast(one, other) >= 4.5, (text, ground, state)


@pytest.mark.parametrize("scale", theme.SCALES)
def test_a_larger_scale_is_larger_type(qapp: QApplication, scale: int) -> None:
    """The scale enlarges the font of the whole program by its percentage, and sizes in characters with it."""
    try:
        theme.apply(qapp, "light", 100)
        before = QFontMetrics(qapp.font()).height(), theme.em(QLabel())
        theme.apply(qapp, "light", scale)
        after = QFontMetrics(qapp.font()).height(), theme.em(QLabel())
        assert after[0] / before[0] == pytest.approx(scale / 100, rel=0.12)
        assert after[1] / before[1] == pytest.approx(scale / 100, rel=0.12)
    finally:
        theme.apply(qapp, "light", 100)


def test_toned_text_follows_the_palette(qapp: QApplication) -> None:
    """A label painted in a tone has that tone of the palette the program is dressed in."""
    try:
        for choice, colours in (("dark", DARK), ("light", LIGHT)):
            theme.apply(qapp, choice)
            label = QLabel("x")
            theme.paint_text(label, Tone.BAD)
            assert label.palette().color(QPalette.ColorRole.WindowText).name() == colours.bad
            assert theme.colours() == colours
    finally:
        theme.apply(qapp, "light")
