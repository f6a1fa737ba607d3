"""What a start loads before the first rows are on the screen: the list that is shown, and nothing for other days.

Each of these takes time of every start. The danger is an import at the head of a module that looks harmless: it brings
along a library, or all modules of the program, and the window of every hospital opens later.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import all_records
from tests import generate

pytestmark = pytest.mark.window

ROOT = Path(__file__).parents[2]
#: Libraries and rooms for work; whoever needs one imports it where it is first used.
HEAVY = (
    "argon2",
    "certifi",
    "cryptography",
    "defusedxml",
    "keyring",
    "openpyxl",
    "platformdirs",
    "python_calamine",
    "requests",
    "sqlalchemy",
    "truststore",
    "urllib3",
    "waitress",
    "werkzeug",
    "asyncio",
    "email",
    "http",
    "sqlite3",
    "ssl",
    "xml",
    "PySide6.QtNetwork",
    "bloodbank_desktop.exchange",
    "bloodbank_desktop.forms.record_dialog",
    "bloodbank_desktop.operations.desk",
    "bloodbank_desktop.operations.opening",
    "bloodbank_desktop.rules",
    "bloodbank_desktop.storage.engine",
    "bloodbank_desktop.storage.schema",
    "bloodbank_desktop.storage.tables",
    "bloodbank_desktop.sync",
    "bloodbank_desktop.training",
    "bloodbank_desktop.ui.queue_tab",
    "bloodbank_desktop.ui.safety_source",
    "bloodbank_desktop.ui.safety_tab",
    "bloodbank_desktop.ui.stock_tab",
    "bloodbank_desktop.wiring",
)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a started program says of itself when its first rows are painted."""
    folder = tmp_path_factory.mktemp("data")
    generate.generate(folder / "training", records=20, stock=300)
    words = [sys.executable, "-m", "tests.ui.first_painted", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_the_window_can_be_used(seen: dict[str, Any]) -> None:
    """At that moment the rows are there, and the search box and the keys of list and window work."""
    assert seen["rows"] == 3
    assert all(seen["first"][:2])
    assert seen["search"]
    wanted = {"register", "view", "search", "refresh", "next_tab", "queue", "help", "tab_1", "tab_9"}
    assert {f"action.{name}" for name in wanted} <= set(seen["actions"])


@pytest.mark.parametrize("name", HEAVY)
def test_nothing_heavy_is_loaded(seen: dict[str, Any], name: str) -> None:
    """No library and no room that only work needs is loaded before the first rows are painted."""
    assert [one for one in seen["modules"] if one == name or one.startswith(f"{name}.")] == []


def test_one_declaration_is_loaded(seen: dict[str, Any]) -> None:
    """Only the module whose list is shown: a start does not take longer with every module that is added."""
    loaded = [key for key in all_records() if f"bloodbank_desktop.records.{key}" in seen["modules"]]
    assert loaded == ["stock_in"]


def test_only_tables_of_the_list_are_read(seen: dict[str, Any]) -> None:
    """Code tables are read for the words of the columns that are shown, and no other."""
    shown = all_records()["stock_in"].columns
    assert set(seen["tables"]) <= {f.kind.table.name for f in shown if isinstance(f.kind, kinds.Choice)}


def test_no_source_is_read(seen: dict[str, Any]) -> None:
    """PySide, which would read the source of every module to find a switch that nobody uses, reads none of ours."""
    package = str(ROOT / "bloodbank_desktop")
    assert [one for one in seen["sources"] if one.startswith(package)] == []
