"""The schema grows in numbered steps; before each a verified backup; a file newer than the program is refused.

A step is frozen once it has been released: `NNNN.sql` beside this module, or a Python function when data must move.
A test holds the sum of all steps against the declarations, so a new field without a step is noticed the same day.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.storage import backup

_FOLDER = Path(__file__).parent
#: Statements in a step file end with this line; a trigger body contains semicolons.
SEPARATOR = "\n--;\n"


@dataclass(frozen=True)
class Step:
    """One step to version `number`."""

    number: int
    apply: Callable[[Any], None]


def _from_file(number: int) -> Step:
    def apply(connection: Any) -> None:
        for statement in (_FOLDER / f"{number:04d}.sql").read_text(encoding="utf-8").split(SEPARATOR):
            if statement.strip():
                connection.execute(statement)

    return Step(number, apply)


STEPS: tuple[Step, ...] = (_from_file(1),)


def version_of(connection: Any) -> int:
    """Return the step number of an open file. Raises driver.Error when the key does not fit."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def bring_up(connection: Any, path: Path, key: bytes, steps: tuple[Step, ...] = STEPS) -> None:
    """Apply the steps that a file lacks, each in one transaction, after a backup of a file that holds something.

    Raises KnownProblem if the file is newer than the program; driver.Error leaves the file as it was.
    """
    present = version_of(connection)
    newest = steps[-1].number
    if present > newest:
        raise KnownProblem(
            f"资料文件由更新版本的程序写成（第 {present} 步，本程序到 {newest}），请安装新版程序；没有改动任何资料",
            code="file-newer",
        )
    for step in steps:
        if step.number <= present:
            continue
        if present > 0:
            backup.make(connection, path, key, label=f"before-step-{step.number:04d}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have done it between the look and the lock.
            if version_of(connection) < step.number:
                step.apply(connection)
                connection.execute(f"PRAGMA user_version = {step.number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        present = step.number
