"""Which columns a person sees, in which order and how wide, is remembered for that person and that list.

Kept by the key of the column, not by its place: a module that gains a field must not turn a remembered width of the
patient's name into the width of the bed.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from PySide6.QtCore import QObject, QPoint, QSettings, QTimer
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QMenu

from bloodbank_desktop.ui.list_view import ListView


class ColumnMemory(QObject):
    """Applies and remembers the columns of one list. `person` names whose columns, "" for nobody in particular."""

    def __init__(self, view: ListView, preferences: QSettings, person: Callable[[], str]) -> None:
        super().__init__(view)
        self._view = view
        self._preferences = preferences
        self._person = person
        self._applying = False
        self._owner = ""
        #: Widths that the person chose, in average characters, by column key; the others follow their contents.
        self._widths: dict[str, int] = {}
        # A column that is dragged moves many times a second; the file is written once it rests.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(400)
        self._rest.timeout.connect(self.store)
        heads = view.horizontalHeader()
        heads.sectionResized.connect(self._resized)
        heads.sectionMoved.connect(self._touched)
        view.type_changed.connect(self._type_changed)

    def apply(self) -> None:
        """Show the columns as this person left them, or in their natural order and width."""
        model = self._view.paged
        if model is None:
            return
        self._owner = self._person()
        heads = self._view.horizontalHeader()
        keys = [column.key for column in model.columns]
        kept = {}
        for entry in str(self._preferences.value(self._name(), "")).split():
            key, _, rest = entry.partition(":")
            kept[key] = rest
        self._applying = True
        self._widths.clear()
        order = [key for key in kept if key in keys] + [key for key in keys if key not in kept]
        for place, key in enumerate(order):
            heads.moveSection(heads.visualIndex(keys.index(key)), place)
        character = self._character()
        for index, key in enumerate(keys):
            rest = kept.get(key, "")
            width = int(rest[:-1]) if rest[:-1].isdigit() else 0
            if width:
                self._widths[key] = width
            heads.resizeSection(index, width * character if width else self._view.natural_width(index))
            heads.setSectionHidden(index, rest.endswith("-"))
        if all(heads.isSectionHidden(index) for index in range(len(keys))):
            heads.setSectionHidden(0, False)
        self._applying = False

    def store(self) -> None:
        """Remember the columns as they are."""
        model = self._view.paged
        self._rest.stop()
        if model is None:
            return
        heads = self._view.horizontalHeader()
        entries = []
        for place in range(len(model.columns)):
            index = heads.logicalIndex(place)
            key = model.columns[index].key
            entries.append(f"{key}:{self._widths.get(key, 0)}{'-' if heads.isSectionHidden(index) else '+'}")
        self._preferences.setValue(self._name(), " ".join(entries))

    def forget(self) -> None:
        """Back to the natural columns."""
        self._preferences.remove(self._name())
        self.apply()

    def flush(self) -> None:
        """Write now what is still waiting to be written."""
        if self._rest.isActive():
            self.store()

    def ask(self, at: QPoint) -> None:
        """Open the menu that shows and hides columns."""
        menu = self.menu()
        menu.exec(at)
        menu.deleteLater()

    def menu(self) -> QMenu:
        """Return that menu."""
        menu = QMenu(self._view)
        menu.setObjectName(f"{self._view.objectName()}.columns")
        menu.setAccessibleName("显示哪些列")
        model = self._view.paged
        heads = self._view.horizontalHeader()
        shown = [index for index in range(heads.count()) if not heads.isSectionHidden(index)]
        for place in range(heads.count()):
            index = heads.logicalIndex(place)
            if model is None:
                break
            entry = menu.addAction(model.columns[index].label)
            entry.setObjectName(f"action.column.{model.columns[index].key}")
            entry.setCheckable(True)
            entry.setChecked(index in shown)
            # A list without any column could not be told to show one again.
            entry.setEnabled(shown != [index])
            entry.toggled.connect(lambda on, index=index: self._show(index, on))
        menu.addSeparator()
        restore = menu.addAction("恢复默认列")
        restore.setObjectName("action.column.restore")
        restore.triggered.connect(lambda _checked=False: self.forget())
        return menu

    def _show(self, index: int, on: bool) -> None:
        self._view.horizontalHeader().setSectionHidden(index, not on)
        self.store()

    def _resized(self, index: int, _before: int, size: int) -> None:
        model = self._view.paged
        heads = self._view.horizontalHeader()
        # The last column fills what is left, and a hidden one has no width: neither was chosen by anybody.
        last = heads.visualIndex(index) == heads.count() - 1
        if self._applying or model is None or last or not size or not self._view.isVisible():
            return
        self._widths[model.columns[index].key] = max(round(size / self._character()), 1)
        self._rest.start()

    def _touched(self) -> None:
        if not self._applying and self._view.isVisible():
            self._rest.start()

    def _type_changed(self) -> None:
        """Widths are counted in characters, so they grow with the type."""
        self.flush()
        self.apply()

    def _character(self) -> int:
        return max(QFontMetrics(self._view.font()).averageCharWidth(), 1)

    def _name(self) -> str:
        return f"columns/{quote(self._owner or '-', safe='')}/{self._view.objectName()}"
