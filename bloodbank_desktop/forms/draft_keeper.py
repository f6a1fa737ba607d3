"""What is typed is kept durably while it is typed: a second after the last key, on leaving a field, on closing.

The state is always said in words, and "已暂存" only after the disk has it. The danger is a draft that comes back after
its record was saved; therefore nothing is kept any more once `stop` was called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.contract import Back, Nothing
from bloodbank_desktop.forms.roles import Role

_PAUSE_MS = 1000


class DraftKeeper(QObject):
    """Keeps the head of one draft. `collect` gives readable values and raw texts; `said` carries state and role."""

    said = Signal(str, str)

    def __init__(
        self,
        back: Back,
        kind: str,
        draft_id: str,
        collect: Callable[[], tuple[dict[str, Any], Mapping[str, str]]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._back = back
        self._kind = kind
        self.draft_id = draft_id
        self._collect = collect
        self._dirty = False
        self._asked = False
        self._stopped = False
        self._then: list[tuple[Nothing, Callable[[KnownProblem], None]]] = []
        #: Whether anything of this draft is on the disk.
        self.exists = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.flush)

    @property
    def unsaved(self) -> bool:
        """Whether something is typed that is not on the disk yet."""
        return self._dirty or self._asked

    def touch(self) -> None:
        """Note that something changed; it is kept after a short pause."""
        if not self._stopped:
            self._dirty = True
            self.said.emit("未暂存", Role.INFO)
            self._timer.start()

    def begin(self) -> None:
        """See to it that the head is on its way to the disk before a line of the draft is."""
        if not (self.exists or self._asked or self._stopped):
            self._dirty = True
            self.flush()

    def note_kept(self) -> None:
        """Say that something of this draft, such as a line, has just been kept."""
        self.exists = True
        if not self._dirty:
            self.said.emit(f"已暂存 {self._back.now().astimezone(CHINA):%H:%M:%S}", Role.GOOD)

    def flush(self) -> None:
        """Keep now what is not kept yet."""
        self._timer.stop()
        if not self._dirty or self._asked or self._stopped:
            return
        self._dirty, self._asked = False, True
        head, texts = self._collect()
        self._back.keep_draft(self._kind, self.draft_id, head, texts, self._kept, self._failed)

    def flush_then(self, done: Nothing, failed: Callable[[KnownProblem], None]) -> None:
        """Keep what is not kept yet and call `done` when everything is on the disk, or `failed`."""
        self._then.append((done, failed))
        self.flush()
        if not self.unsaved:
            self._answer(None)

    def stop(self) -> None:
        """Keep nothing more: the record is being saved or thrown away."""
        self._stopped = True
        self._timer.stop()

    def resume(self) -> None:
        """Keep again, after saving did not succeed."""
        self._stopped = False
        if self._dirty:
            self._timer.start()

    def _kept(self) -> None:
        self._asked = False
        self.note_kept()
        if self._dirty and self._then:
            self.flush()
        elif not self._dirty:
            self._answer(None)
        elif not (self._stopped or self._timer.isActive()):
            # Somebody asked to flush while this was under way; what was typed since must not wait for the next key.
            self._timer.start()

    def _failed(self, problem: KnownProblem) -> None:
        self._asked = False
        self._dirty = True
        self.said.emit(f"没有暂存：{problem.message}", Role.REFUSED)
        self._answer(problem)

    def _answer(self, problem: KnownProblem | None) -> None:
        waiting, self._then = self._then, []
        for done, failed in waiting:
            if problem is None:
                done()
            else:
                failed(problem)
