"""What a state means to the person, and the tone of an outcome; without Qt, so that scan logic can speak of them."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a state means to the person."""

    GOOD = "good"
    INFO = "info"
    ATTENTION = "attention"
    REFUSED = "refused"


SHAPES = {Role.GOOD: "✔", Role.INFO: "○", Role.ATTENTION: "◆", Role.REFUSED: "✖"}


class Tone(StrEnum):
    """The tones, each the name of a file in resources/sounds."""

    ACCEPTED = "accepted"
    DONE = "done"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    WRONG_LABEL = "wrong_label"
