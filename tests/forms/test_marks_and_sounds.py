"""States are readable in both palettes, and every outcome has a tone of its own."""

from __future__ import annotations

import wave

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.roles import SHAPES, Role, Tone
from bloodbank_desktop.forms.sounds import Sounds
from bloodbank_desktop.paths import resource
from bloodbank_desktop.ui import theme


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", list(Role))
def test_every_state_can_be_read(qapp: QApplication, colours: theme.Colours, role: Role) -> None:
    """Words of a state have a contrast of at least 4.5 : 1 on every ground where they stand."""
    palette = QPalette(QColor(colours.button), QColor(colours.window))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colours.text))
    ink = marks.ink(role, palette).name()
    for ground in (marks.ground(role, palette).name(), colours.window, colours.base, colours.alternate):
        assert theme.contrast(ink, ground) >= 4.5, ground


FAULTS = [
    Tone.WRONG_LABEL,
    Tone.OTHER_BAG,
    Tone.DUPLICATE,
    Tone.IN_STOCK,
    Tone.EXPIRED,
    Tone.UNKNOWN_PRODUCT,
    Tone.DAMAGED,
]


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_every_fault_of_a_scan_has_a_colour_that_can_be_read(qapp: QApplication, colours: theme.Colours) -> None:
    """Each fault has a ground of its own, unlike that of any state, with words at a contrast of at least 4.5 : 1."""
    palette = QPalette(QColor(colours.button), QColor(colours.window))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colours.text))
    grounds = [marks.ground(role, palette).name() for role in Role]
    for tone in FAULTS:
        ink, ground = marks.verdict(Role.REFUSED, tone, palette)
        assert theme.contrast(ink.name(), ground.name()) >= 4.5, tone
        grounds.append(ground.name())
    assert len(set(grounds)) == len(Role) + len(FAULTS)


def test_no_two_states_share_a_shape() -> None:
    """A state is told by its shape where colours cannot be told apart."""
    assert len(set(SHAPES.values())) == len(Role)


@pytest.mark.parametrize("tone", list(Tone))
def test_every_tone_is_short_and_readable(tone: Tone) -> None:
    """Each tone is a wave file of less than a second."""
    with wave.open(str(resource("sounds", f"{tone}.wav"))) as file:
        assert 0 < file.getnframes() / file.getframerate() < 1


def test_no_two_tones_are_the_same() -> None:
    """Outcomes are told apart by ear."""
    assert len({resource("sounds", f"{tone}.wav").read_bytes() for tone in Tone}) == len(Tone)


def test_a_muted_workstation_still_knows_what_it_would_have_played(qapp: QApplication) -> None:
    """Muting silences and changes nothing else."""
    sounds = Sounds(muted=True)
    assert sounds.last is None
    sounds.play(Tone.DONE)
    assert sounds.last is Tone.DONE
