"""The schema grows step by step: backed up before each, whole or not at all, and never backwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as driver

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.storage import backup, steps
from bloodbank_desktop.storage.engine import connect_raw
from bloodbank_desktop.storage.steps import Step

KEY = bytes(range(32))


def _makes(name: str) -> Any:
    return lambda connection: connection.execute(f"CREATE TABLE {name} (a)")


def _fails(connection: Any) -> None:
    connection.execute("CREATE TABLE half (a)")
    connection.execute("INSERT INTO half VALUES (1)")
    connection.execute("CREATE TABLE half (a)")


ONE = (Step(1, _makes("one")),)
TWO = (*ONE, Step(2, _makes("two")))
THREE = (*TWO, Step(3, _makes("three")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of a test lies."""
    folder = tmp_path / "资料 文件夹"
    folder.mkdir()
    return folder / "data.db"


@pytest.fixture
def connection(path: Path) -> Iterator[Any]:
    """A connection to an empty file."""
    made = connect_raw(path, KEY)
    yield made
    made.close()


def _tables(connection: Any) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_steps_are_applied_in_order_and_once(connection: Any, path: Path) -> None:
    """A file gets exactly the steps it lacks, and a second start applies none."""
    steps.bring_up(connection, path, KEY, ONE)
    assert (_tables(connection), steps.version_of(connection)) == ({"one"}, 1)
    steps.bring_up(connection, path, KEY, THREE)
    assert (_tables(connection), steps.version_of(connection)) == ({"one", "two", "three"}, 3)
    steps.bring_up(connection, path, KEY, THREE)
    assert steps.version_of(connection) == 3


def test_backup_lies_before_each_step(connection: Any, path: Path) -> None:
    """Before each step of a file that holds something lies a readable backup of the state before; a new file needs none."""
    steps.bring_up(connection, path, KEY, ONE)
    assert not backup.folder_of(path).exists()
    connection.execute("INSERT INTO one VALUES ('kept')")
    steps.bring_up(connection, path, KEY, THREE)
    made = sorted(backup.folder_of(path).iterdir())
    assert [file.name for file in made] == ["data-before-step-0002-001.db", "data-before-step-0003-001.db"]
    for file, version, tables in zip(made, (1, 2), ({"one"}, {"one", "two"}), strict=True):
        copy = connect_raw(file, KEY)
        assert (steps.version_of(copy), _tables(copy)) == (version, tables)
        assert copy.execute("SELECT a FROM one").fetchall() == [("kept",)]
        copy.close()


def test_newer_file_is_refused_untouched(connection: Any, path: Path) -> None:
    """A file written by a newer program is refused by naming both steps, and nothing is changed or backed up."""
    steps.bring_up(connection, path, KEY, THREE)
    with pytest.raises(KnownProblem, match="第 3 步，本程序到 2") as caught:
        steps.bring_up(connection, path, KEY, TWO)
    assert caught.value.code == "file-newer"
    assert (_tables(connection), steps.version_of(connection)) == ({"one", "two", "three"}, 3)
    assert len(list(backup.folder_of(path).iterdir())) == 2


def test_failing_step_leaves_the_state_before(connection: Any, path: Path) -> None:
    """A step that fails in its middle leaves the file as the step before left it, and can be tried again."""
    with pytest.raises(driver.OperationalError, match="already exists"):
        steps.bring_up(connection, path, KEY, (*ONE, Step(2, _fails), Step(3, _makes("three"))))
    assert (_tables(connection), steps.version_of(connection)) == ({"one"}, 1)
    assert not connection.in_transaction
    steps.bring_up(connection, path, KEY, THREE)
    assert steps.version_of(connection) == 3


def test_no_step_without_its_backup(connection: Any, path: Path) -> None:
    """When the backup cannot be made, the step is not applied."""
    steps.bring_up(connection, path, KEY, ONE)
    backup.folder_of(path).write_bytes(b"a file where the folder should be")
    with pytest.raises((KnownProblem, OSError)):
        steps.bring_up(connection, path, KEY, TWO)
    assert (_tables(connection), steps.version_of(connection)) == ({"one"}, 1)


def test_step_that_another_process_did_is_not_done_twice(connection: Any, path: Path) -> None:
    """Two starts at once apply a step once: whoever comes second sees it done."""
    steps.bring_up(connection, path, KEY, ONE)
    other = connect_raw(path, KEY)

    class Slow(Step):
        """Lets the other one go first, between the look and the lock."""

    def backed_up_meanwhile(*_: Any) -> None:
        raise AssertionError("the step was applied twice")

    original = backup.make

    def make_and_lose(*arguments: Any, **named: Any) -> Path:
        made = original(*arguments, **named)
        other.execute("CREATE TABLE two (a)")
        other.execute("PRAGMA user_version = 2")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup, "make", make_and_lose)
        steps.bring_up(connection, path, KEY, (*ONE, Slow(2, backed_up_meanwhile)))
    other.close()
    assert steps.version_of(connection) == 2
