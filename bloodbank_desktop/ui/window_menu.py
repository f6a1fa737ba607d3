"""The one menu of the window, for what is not needed every minute; an entry has a key or changes how all looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget


def make(parent: QWidget, above: Sequence[QAction], below: Sequence[QAction]) -> QMenu:
    """Return the menu with these actions; choices come between them."""
    menu = QMenu(parent)
    menu.setObjectName("menu")
    menu.setAccessibleName("菜单")
    menu.addActions(list(above))
    menu.addSeparator().setObjectName("choices")
    menu.addSeparator()
    menu.addActions(list(below))
    return menu


def choose(
    menu: QMenu, name: str, label: str, words: Mapping[str, str], current: str, choose: Callable[[str], None]
) -> None:
    """Add a submenu of which one entry is chosen; `words` names the entries by key."""
    sub = QMenu(label, menu)
    sub.setAccessibleName(label)
    separators = [action for action in menu.actions() if action.isSeparator()]
    menu.insertMenu(separators[-1], sub)
    group = QActionGroup(sub)
    for key, word in words.items():
        entry = group.addAction(word)
        entry.setObjectName(f"action.{name}.{key}")
        entry.setCheckable(True)
        entry.setChecked(key == current)
        entry.triggered.connect(lambda _checked=False, key=key: choose(key))
        sub.addAction(entry)


def button(parent: QWidget, menu: QMenu) -> QToolButton:
    """Return the button that opens the menu, with its letter."""
    made = QToolButton(parent)
    made.setObjectName("button.menu")
    made.setText("菜单(&M)")
    made.setAccessibleName("菜单")
    made.setAutoRaise(True)
    made.setMenu(menu)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return made
