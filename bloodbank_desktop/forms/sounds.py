"""Every outcome of a scan has its own short tone, so that eyes can stay on the bag; the screen always says it too.

The danger is a tone as the only message: a muted workstation must lose nothing but comfort.
"""

from __future__ import annotations

import sys
from collections import deque

from PySide6.QtWidgets import QApplication

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.roles import Tone
from bloodbank_desktop.paths import resource


class Sounds:
    """Plays tones by name; `muted` silences them, `requested` remembers the last few that were asked for."""

    def __init__(self, *, muted: bool = False) -> None:
        self.muted = muted
        self.requested: deque[Tone] = deque(maxlen=64)

    @property
    def last(self) -> Tone | None:
        """The tone that was asked for last, muted or not."""
        return self.requested[-1] if self.requested else None

    def play(self, tone: Tone) -> None:
        """Begin to play a tone and return at once. A machine without sound, or a missing file, stays silent."""
        self.requested.append(tone)
        if self.muted:
            return
        if sys.platform == "win32":
            import winsound

            try:
                path = resource("sounds", f"{tone}.wav")
                winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
            except (KnownProblem, RuntimeError):
                # No sound card, or remote desktop without sound: the words on the screen are complete without it.
                return
        elif tone not in (Tone.ACCEPTED, Tone.DONE):
            QApplication.beep()
