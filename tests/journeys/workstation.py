"""One life of the program after the other, and everything that its window ever told the person in front of it."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: Seconds; only a program that hangs is silent for so long.
PATIENCE = 90.0


class Life:
    """A process of `tests.journeys.window` from its start to its death; `told` is everything it said, in order."""

    def __init__(self, data: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.window", str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
        )
        self.told: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            # A line that a kill cut in two was not seen by anybody.
            with contextlib.suppress(json.JSONDecodeError):
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def do(self, *what: str) -> None:
        """Let the person do something, after all that was wished before."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()

    def next(self) -> dict[str, Any] | None:
        """Return what is said next, None at the end of the process. Raises AssertionError if nothing comes."""
        try:
            said = self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"silent for {PATIENCE} s after {self.told[-3:]}") from None
        if said is not None:
            self.told.append(said)
        return said

    def until(self, name: str, value: object = None) -> Any:
        """Return the value of the next line that tells `name`, or that tells just this `value`."""
        while (said := self.next()) is not None:
            if name in said and value in (None, said[name]):
                return said[name]
        raise AssertionError(f"the program ended before it told {name}: {self.told[-3:]}")

    def kill(self) -> None:
        """SIGKILL; what was said up to then is in `told` afterwards."""
        self._process.kill()
        self._process.wait()
        while self.next() is not None:
            pass
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def wait_between(self, seconds: float) -> None:
        """Let a moment pass in which the program works; at which instruction a kill then hits is left to chance."""
        threading.Event().wait(seconds)


@dataclass
class Seen:
    """What the person was told: rows with "已暂存" by donation number, the newest, and records with "已保存" by id."""

    rows: dict[str, list[str]] = field(default_factory=dict)
    draft_of: dict[str, str] = field(default_factory=dict)
    saved: dict[str, str] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def take(self, told: list[dict[str, Any]]) -> None:
        """Take in what one life told."""
        for line in told:
            for row in [line["row"]] if "row" in line else line.get("shows", []):
                if "已暂存" in row[0]:
                    self.rows[row[1]] = row
                    self.draft_of[row[1]] = line["draft"]
            if "saved" in line:
                assert line["id"] not in self.saved, f"told to be saved twice: {line}"
                self.saved[line["id"]] = line["saved"]

    @property
    def whole(self) -> set[str]:
        """The donation numbers of bags that were told to be complete."""
        return {number for number, row in self.rows.items() if row[0].endswith(" 已暂存")}
