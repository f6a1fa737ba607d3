"""The command line as other programs meet it: a process of its own, whose every word must be in the agreed form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS = 60.0


@dataclass(frozen=True)
class Said:
    """What a process said: its exit code, the JSON of stdout (None for nothing) and the problems of stderr."""

    code: int
    answer: Any
    problems: tuple[dict[str, Any], ...]

    @property
    def codes(self) -> list[str]:
        """The codes of the problems."""
        return [str(problem["code"]) for problem in self.problems]

    @property
    def words(self) -> str:
        """All messages in one text."""
        return "\n".join(str(problem["message"]) for problem in self.problems)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of the processes: no window on anybody's screen, this checkout first."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), **(extra or {})}


def program(*words: str) -> list[str]:
    """Return the command that starts the program."""
    return [sys.executable, "-m", "bloodbank_desktop", *words]


def word(
    folder: Path,
    *words: str | Path,
    training: bool = True,
    before: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
) -> Said:
    """Run one word on the data folder and return what it said; `before` is a command that starts it under a handicap.

    Asserts the form: stdout is empty or one JSON value, stderr is empty or a list of problems, exit code 0, 1 or 2.
    """
    where = ["--data-dir", str(folder), *(["--training"] if training else [])]
    return run([*before, *program(*where, *map(str, words))], extra)


def run(command: Sequence[str], extra: Mapping[str, str] | None = None) -> Said:
    """Run a command of the program and return what it said, in the agreed form."""
    ended = subprocess.run(
        command, capture_output=True, encoding="utf-8", cwd=ROOT, env=environment(extra), timeout=SECONDS, check=False
    )
    assert ended.returncode in (0, 1, 2), ended
    assert "Traceback" not in ended.stderr, ended.stderr
    answer = json.loads(ended.stdout) if ended.stdout else None
    problems = json.loads(ended.stderr) if ended.stderr else []
    assert isinstance(problems, list)
    for problem in problems:
        assert list(problem) == ["field", "line", "code", "message"], problem
        assert problem["code"] and problem["message"]
    assert bool(problems) == (ended.returncode != 0) or ended.returncode == 1, ended
    return Said(ended.returncode, answer, tuple(problems))
