"""导入 and 导出 from a list, and the way back: an import can be undone as one from the notice that tells of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from bloodbank_desktop.clock import Clock, china_text
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.ui.deeds import Deeds
from bloodbank_desktop.ui.message_bar import MessageBar
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.batches import Batch, Undone
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.storage.lists import ListQuery

_UNDO = "撤销本次导入"


class ExchangeDeeds(QObject):
    """`done(words, kinds)` follows a deed, for the window to say it and to read those lists anew."""

    done = Signal(str, object)

    def __init__(self, window: QWidget, deeds: Deeds, tasks: Tasks, clock: Clock, messages: MessageBar) -> None:
        super().__init__(window)
        self._window = window
        self._deeds = deeds
        self._tasks = tasks
        self._clock = clock
        self._messages = messages
        self._desk: Desk | None = None
        self.ask_save: Callable[[QWidget, str, str], Path | None] | None = None

    def attach(self, desk: Desk) -> None:
        """Act on this desk from now on."""
        self._desk = desk

    def do(self, what: str, query: ListQuery) -> None:
        """Do "import" or "export" for a list; who does it must be known."""
        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return
        if desk.person is None:
            self._deeds.sign_in_asked.emit(lambda: self.do(what, query))
        elif what == "import":
            self._import(desk, query.kind)
        else:
            self._export(desk, query)

    def _import(self, desk: Desk, kind: str) -> None:
        from bloodbank_desktop.ui.exchange_dialog import ExchangeDialog

        dialog = ExchangeDialog(all_records()[kind], desk, self._tasks, self._window)
        dialog.imported.connect(self._imported)
        dialog.bug.connect(self._deeds.failed)
        self._deeds.show(dialog)

    def _imported(self, batch: Batch) -> None:
        self._messages.say(_notice(batch), offer=(_UNDO, lambda: self._ask_undo(batch)))
        self.done.emit(f"✓ 已导入 {batch.count:,} 条", (batch.kind,))

    def _export(self, desk: Desk, query: ListQuery) -> None:
        from bloodbank_desktop.ui.exchange_dialog import ask_save

        label = all_records()[query.kind].label
        day = china_text(self._clock.now())[:10]
        path = (self.ask_save or ask_save)(self._window, f"导出{label}", f"{label}_{day}.xlsx")
        if path is None:
            return

        def write() -> int:
            from bloodbank_desktop.exchange.writing import export

            return export(desk, query, path)

        def tell(count: int) -> None:
            self._messages.say(f"已导出{label} {count:,} 条：{path}")
            self.done.emit(f"✓ 已导出 {count:,} 条", ())

        self.done.emit("正在导出…", ())
        self._tasks.database(write, tell, self._deeds.failed.emit, owner=self)

    # the way back

    def _ask_undo(self, batch: Batch, left: str = "") -> None:
        """Ask before an import is undone; `left` names the records that will stay because they have changed."""
        from bloodbank_desktop.ui.questions import SureQuestion

        if self._desk is None or self._deeds.dialogs:
            return
        label = all_records()[batch.kind].label
        words = f"撤销从 {batch.source} 导入的 {batch.count:,} 条{label}？\n\n这些记录会从列表中移除，并报送平台；原内容会留痕。"
        if left:
            words = f"下列记录在导入后已改动，不能撤销：\n\n{left}\n\n只撤销其余的记录？"
        question = SureQuestion("undo_import", _UNDO, words, "只撤销其余的" if left else "撤销", self._window)
        question.accepted.connect(lambda: self._undo(batch, leave_changed=bool(left)))
        self._deeds.show(question)

    def _undo(self, batch: Batch, *, leave_changed: bool) -> None:
        desk = self._desk
        assert desk is not None

        def undo() -> Undone:
            from bloodbank_desktop.operations import batches

            return batches.undo(desk, batch.batch_id, leave_changed=leave_changed)

        def tell(undone: Undone) -> None:
            stay = f"，{len(undone.left)} 条已改动的保留" if undone.left else ""
            self._messages.withdraw(_notice(batch))
            self._messages.say(f"已撤销 {batch.source} 的导入：删除 {undone.deleted:,} 条{stay}")
            self.done.emit(f"✓ 已撤销导入 {undone.deleted:,} 条", (batch.kind,))

        def refused(problem: Exception) -> None:
            if isinstance(problem, Refused) and not leave_changed:
                names = "\n".join(one.message for one in problem.problems)
                QTimer.singleShot(0, self, lambda: self._ask_undo(batch, names))
            else:
                self._deeds.failed.emit(problem)

        self._tasks.database(undo, tell, refused, owner=self)


def _notice(batch: Batch) -> str:
    label = all_records()[batch.kind].label
    return f"已从 {batch.source} 导入{label} {batch.count:,} 条（{china_text(batch.at)}）"
