"""How an upload state looks: a shape and a tone beside the word, so that nobody needs to tell colours apart."""

from __future__ import annotations

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.storage.upload_states import ATTENTION, LOCAL, LOCAL_WORD, OPEN, STATE_WORDS
from bloodbank_desktop.ui.theme import Tone

#: Shapes that every Chinese font contains (GB 2312), except the tick, for which Windows has a symbol font.
_LOOKS = {
    "rejected": ("×", Tone.BAD),
    "conflict": ("≠", Tone.BAD),
    "quarantined": ("■", Tone.BAD),
    "blocked": ("▲", Tone.WARN),
    "waiting": ("◇", Tone.BUSY),
    "sending": ("↑", Tone.BUSY),
    "pending": ("○", Tone.BUSY),
    "done": ("✓", Tone.GOOD),
    "superseded": ("－", Tone.MUTED),
    "withdrawn": ("－", Tone.MUTED),
    LOCAL: ("□", Tone.MUTED),
}
_WORDS = STATE_WORDS | {LOCAL: LOCAL_WORD}


@dataclass(frozen=True)
class Look:
    """One state as it is shown."""

    shape: str
    word: str
    tone: Tone

    @property
    def text(self) -> str:
        """Shape and word."""
        return f"{self.shape} {self.word}"


def look(state: str) -> Look:
    """Return how a state is shown; one that this version does not know is shown raw and asks for attention."""
    shape, tone = _LOOKS.get(state, ("?", Tone.WARN))
    return Look(shape, _WORDS.get(state, f"«{state}»"), tone)


#: What the drop-down over a list offers; the states behind each are the outbox's own groups.
GROUPS = {"open": "未报送完", "attention": "需处理", "done": "已报送"}


def states_of(group: str) -> tuple[str, ...]:
    """Return the states of a group of GROUPS."""
    return {"open": OPEN, "attention": ATTENTION}.get(group, ("done",))
