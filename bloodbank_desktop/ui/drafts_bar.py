"""A registration that was interrupted announces itself over its list until it is continued or thrown away.

A draft that nobody sees is a delivery that stands in the refrigerator and in no book.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QWidget

from bloodbank_desktop.clock import CHINA, china_day
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.ui import actions, theme
from bloodbank_desktop.ui.theme import Tone

if TYPE_CHECKING:
    from bloodbank_desktop.storage.draft_rows import Draft


def clock_words(moment: datetime, now: datetime) -> str:
    """Return a past moment as short as it stays clear: 09:05, or 11-22 09:05 on another day."""
    local = moment.astimezone(CHINA)
    return f"{local:%H:%M}" if china_day(moment) == china_day(now) else f"{local:%m-%d %H:%M}"


def amended_record(draft: Draft) -> str | None:
    """Return the id of the record that a draft changes, None for a new one.

    Registering the draft of a change would double the record; the desk knows it by the id, the dialog notes it.
    """
    from bloodbank_desktop.forms.contract import amended  # the contract of dialogs, which no start needs

    noted = amended(draft)
    if noted is not None:
        return noted[0]
    return draft.id if draft.amends else None


def draft_words(draft: Draft, declared: RecordType, now: datetime) -> str:
    """Return one draft in a few words: what it holds, when it was kept, by whom."""
    parts = []
    name = declared.name_of(draft.values)
    if name:
        parts.append(name)
    for f, _ in declared.groups:
        count = len(draft.values.get(f.key) or ())
        if count:
            parts.append(f"{f.label} {count} 行")
    parts.append(f"{clock_words(draft.updated_at, now)} 暂存")
    if draft.actor:
        parts.append(draft.actor)
    return "，".join(parts)


class DraftsBar(QFrame):
    """The bar; hidden when there is nothing unfinished."""

    def __init__(self, declared: RecordType, resume: QAction, discard: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._declared = declared
        self.drafts: Sequence[Draft] = ()
        self.setObjectName("drafts")
        self.setAccessibleName("未完成的登记")
        self.setAutoFillBackground(True)
        self.words = QLabel(self)
        self.words.setObjectName("drafts.words")
        self.words.setWordWrap(True)
        row = QHBoxLayout(self)
        gap = theme.em(self, 0.5)
        row.setContentsMargins(gap, gap // 2, gap, gap // 2)
        row.addWidget(self.words, 1)
        row.addWidget(actions.button(resume, self))
        row.addWidget(actions.button(discard, self))
        self._dress()
        self.hide()

    def choose(self, then: Callable[[Draft], object], now: datetime) -> None:
        """Do something with the only draft, or let the person choose one of several."""
        if len(self.drafts) == 1:
            then(self.drafts[0])
        elif self.drafts:
            menu = QMenu(self)
            menu.setObjectName("drafts.menu")
            menu.setAccessibleName("选择一份未完成的登记")
            for draft in self.drafts:
                entry = menu.addAction(draft_words(draft, self._declared, now))
                entry.triggered.connect(lambda _checked=False, draft=draft: then(draft))
            menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def show_drafts(self, drafts: Sequence[Draft], now: datetime) -> None:
        """Say what is unfinished, the newest in words."""
        self.drafts = drafts
        self.setHidden(not drafts)
        if not drafts:
            return
        what = "修改" if amended_record(drafts[0]) else ""
        rest = "；最近一份" if len(drafts) > 1 else ""
        newest = draft_words(drafts[0], self._declared, now)
        self.words.setText(f"！有 {len(drafts)} 份未完成的{self._declared.label}{what}{rest}：{newest}")
        self.words.setAccessibleName(self.words.text())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        theme.paint_ground(self, theme.colours().bar)
        theme.paint_text(self.words, Tone.WARN, bold=True)
