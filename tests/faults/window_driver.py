"""The program with its window as a process that presses the buttons itself: `python -m tests.faults.window_driver …`.

Arguments: DATA_DIR, "training" or "hospital", and when the window is to be closed: "end" when the data are open, "midway"
while the network is being connected, "stay" when stdin ends. Each sentence of a dialog that stands before the window is
a line {"told", "button"}; {"opened"} when the data are open; {"left"} with what still runs after the end; at last {"code"}.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMetaObject, Qt, QTimer
from PySide6.QtWidgets import QMessageBox

from bloodbank_desktop.app import Program, make_application, run


def say(**told: Any) -> None:
    """Write one line at once."""
    print(json.dumps(told, ensure_ascii=False), flush=True)


def main(folder: Path, mode: str, end: str) -> None:
    """Run the program as a person would who reads and presses the one button."""
    app = make_application()

    def read() -> None:
        for box in app.topLevelWidgets():
            if isinstance(box, QMessageBox) and box.isVisible() and box.buttons():
                say(told=box.text(), name=box.objectName(), button=box.buttons()[0].text())
                box.buttons()[0].click()

    reader = QTimer()
    reader.timeout.connect(read)
    reader.start(20)

    def started(program: Program) -> None:
        def opened() -> None:
            say(opened=str(program.folder))
            if end == "end":
                program.window.close()

        def wait() -> None:
            sys.stdin.read()
            QMetaObject.invokeMethod(program.window, "close", Qt.ConnectionType.QueuedConnection)

        program.opened.connect(opened)
        if end == "midway":
            program.window.sync_status.connect(program.window.close)
        if end == "stay":
            threading.Thread(target=wait, daemon=True).start()

    code = run(folder, training=mode == "training", started=started)
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(30)
    if left := [thread.name for thread in threading.enumerate() if thread.name == "sync"]:
        say(left=left)
    say(code=code)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
