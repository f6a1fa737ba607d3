"""PySide need not read our sources to learn that they do not switch to its snake_case names: it is told.

After every import PySide looks through the source of the imported module for its own name, also through those of the
standard library that had been loaded long before; that is 8 ms of every start. It keeps what it found in a table by
module name: -1 for a module without Qt, 0 for one with Qt and without a switch. The same is entered here at once. A
PySide without that table reads on; a test notices.
"""

from __future__ import annotations

import sys
from pathlib import Path

import PySide6.QtCore  # noqa: F401  makes the table

_WITHOUT_QT, _NOTHING_SWITCHED = -1, 0
#: The rooms from which modules are loaded between this and the first rows.
_ROOMS = {"records": _WITHOUT_QT, "forms": _NOTHING_SWITCHED, "ui": _NOTHING_SWITCHED}


def spare_reading() -> None:
    """Tell PySide of all modules that are loaded, and of those that will be until the first rows are on the screen."""
    table = getattr(sys.modules.get("shibokensupport.feature"), "pyside_feature_dict", None)
    if not isinstance(table, dict):
        return
    package = Path(__file__).parents[1]
    for room, found in _ROOMS.items():
        for file in (package / room).glob("*.py"):
            table.setdefault(f"{package.name}.{room}.{file.stem}", found)
    table.setdefault(f"{package.name}.app", _NOTHING_SWITCHED)
    for name in tuple(sys.modules):
        table.setdefault(name, _WITHOUT_QT)
