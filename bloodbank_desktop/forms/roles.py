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
    """The tones, each the name of a file in resources/sounds.

    What may be wrong with a scan has a tone, and in the strip a colour, for each thing that the person has to do next:
    scan another label, another bag, put this bag aside for one reason or another, scan again.
    """

    ACCEPTED = "accepted"
    DONE = "done"
    REFUSED = "refused"
    WRONG_LABEL = "wrong_label"
    OTHER_BAG = "other_bag"
    DUPLICATE = "duplicate"
    IN_STOCK = "in_stock"
    EXPIRED = "expired"
    UNKNOWN_PRODUCT = "unknown_product"
    DAMAGED = "damaged"
