"""The processes that `starting` measures: `bare`, Qt's window that does nothing, and `program FOLDER`, ours.

Nothing is imported here that the measured process would not import itself.
"""

from __future__ import annotations

import os
import sys

PAINTED = "painted"


def _say() -> None:
    print(PAINTED, flush=True)
    # Ending in order is not measured.
    os._exit(0)


def bare() -> None:
    """Be the window of Qt that does nothing."""
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QApplication, QMainWindow, QTableView

    class Table(QTableView):
        def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
            super().paintEvent(event)
            _say()

    app = QApplication(["bare"])
    window = QMainWindow()
    window.setCentralWidget(Table())
    window.resize(1280, 800)
    window.show()
    app.exec()


def program(data_dir: str) -> None:
    """Be the program, started by its own front door; loaded in the program's own order."""
    from bloodbank_desktop import cli

    cli.load_what_needs_no_qt()
    cli.load_qt()
    from PySide6.QtGui import QPaintEvent

    from bloodbank_desktop.ui.list_view import ListView

    paint = ListView.paintEvent

    def painted(view: ListView, event: QPaintEvent) -> None:
        paint(view, event)
        model = view.paged
        if model is not None and model.ready and model.row(0) is not None:
            _say()

    setattr(ListView, "paintEvent", painted)  # noqa: B010 - the checker refuses the plain assignment
    sys.exit(cli.main(["--training", "--data-dir", data_dir]))


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        bare()
    else:
        program(sys.argv[2])
