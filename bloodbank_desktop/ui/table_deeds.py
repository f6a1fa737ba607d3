"""设置 › 代码表: opens the page of code tables, and lets every word on the screen follow what was changed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from bloodbank_desktop.records import tables
from bloodbank_desktop.ui.deeds import Deeds
from bloodbank_desktop.ui.filter_box import FilterBox
from bloodbank_desktop.ui.tabs import Tabs
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk


class TableDeeds(QObject):
    """Code tables in the window."""

    def __init__(self, window: QWidget, deeds: Deeds, tasks: Tasks, tabs: Tabs) -> None:
        super().__init__(window)
        self._window = window
        self._deeds = deeds
        self._tasks = tasks
        self._tabs = tabs
        self._desk: Desk | None = None
        self._shown = tables.current()

    def attach(self, desk: Desk) -> None:
        """Act on this desk from now on."""
        self._desk = desk
        self.follow()

    def open(self) -> None:
        """Show the tables; who changes them must be known."""
        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return
        if not desk.operator:
            self._deeds.sign_in_asked.emit(self.open)
            return
        from bloodbank_desktop.operations.table_desk import TableDesk
        from bloodbank_desktop.ui.tables_dialog import TablesDialog

        dialog = TablesDialog(TableDesk(desk), self._tasks, self._window)
        dialog.bug.connect(self._deeds.failed)
        dialog.finished.connect(lambda _result: self.follow())
        self._deeds.show(dialog)

    def follow(self) -> None:
        """Show the words of now where others are shown."""
        if tables.current() == self._shown:
            return
        self._shown = tables.current()
        for box in self._tabs.findChildren(FilterBox):
            box.words_changed()
        self._tabs.touch(None)
