"""Persons in the command line: in training nobody is asked for a password, in a real file everybody is."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop import cli
from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations import opening, training_persons
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.wire import to_json
from bloodbank_desktop.secrets import TrainingKey
from tests.faults.words import word
from tests.samples import request_values, stock_in_values

FIRST, SECOND, THIRD = "first-word-1", "second-word-2", "third-word-3"


class Machine:
    """A command line in this process over one data folder, with the environment and the input of a call."""

    def __init__(self, data: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self._patch, self._capsys = data, patch, capsys

    def __call__(self, *words: str, typed: str = "", **environment: str) -> tuple[int, Any, list[str]]:
        """Return exit code, answer and the codes of the problems."""
        with self._patch.context() as patch:
            for name in ("BLOODBANK_PASSWORD", "BLOODBANK_NEW_PASSWORD", "BLOODBANK_SECOND_PASSWORD"):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(f"BLOODBANK_{name.upper()}", value)
            patch.setattr("sys.stdin", io.StringIO(typed))
            code = cli.main(["--data-dir", str(self.data), *words])
        said = self._capsys.readouterr()
        assert FIRST not in said.out + said.err and SECOND not in said.out + said.err
        problems = [one["code"] for one in json.loads(said.err)] if said.err.strip() else []
        return code, json.loads(said.out) if said.out.strip() else None, problems


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Machine:
    """A machine with a real profile whose key lies in a file, because a test has no keyring of a system."""
    monkeypatch.setattr(opening, "keeper_of", lambda folder, training: TrainingKey(folder))
    return Machine(tmp_path, monkeypatch, capsys)


def test_a_real_file_from_its_first_administrator_to_the_first_act(machine: Machine, tmp_path: Path) -> None:
    """The first is added freely; a second one needs the first's password, an own password, and then acts."""
    assert machine("person", "list")[2] == ["not-signed-in"]
    code, first, _ = machine("person", "add", "boss", "--name", "管练", new_password=FIRST)
    assert (code, first["roles"], first["own_password"]) == (0, ["administrator"], True)
    again = ("person", "add", "1001", "--name", "练甲", "--role", "technician")
    assert machine(*again, new_password=SECOND)[2] == ["not-signed-in"]
    assert machine(*again, "--operator", "boss", new_password=SECOND)[2] == ["no-password"]
    assert machine(*again, "--operator", "boss", password=SECOND, new_password=SECOND)[2] == ["sign-in-failed"]
    code, made, _ = machine(*again, "--operator", "boss", password=FIRST, new_password=SECOND)
    assert (code, made["login"], made["own_password"]) == (0, "1001", False)
    looked = ("list", "stock_in", "--operator", "1001")
    assert machine(*looked, password=SECOND)[2] == ["password-to-change"]
    own = ("person", "password", "1001", "--operator", "1001")
    assert machine(*own, "--password-stdin", typed=f"{SECOND}\n{THIRD}\n")[0] == 0
    assert machine(*looked, password=SECOND)[2] == ["sign-in-failed"]
    assert machine(*looked, "--password-stdin", typed=f"{THIRD}\r\n")[1]["total"] == 0
    assert machine("person", "list", "--operator", "1001", password=THIRD)[2] == ["role-missing"]


def test_roles_names_and_ends(machine: Machine) -> None:
    """Roles and name change, a person is disabled and comes back; each needs the administrator."""
    machine("person", "add", "boss", "--name", "管练", new_password=FIRST)
    boss = ("--operator", "boss")
    machine("person", "add", "1001", "--name", "练甲", "--role", "viewer", *boss, password=FIRST, new_password=SECOND)
    changed = machine("person", "roles", "1001", "--role", "technician", "--role", "reviewer", *boss, password=FIRST)[1]
    assert changed["roles"] == ["reviewer", "technician"]
    assert machine("person", "rename", "1001", "--name", "练新", *boss, password=FIRST)[1]["name"] == "练新"
    assert machine("person", "disable", "1001", *boss, password=FIRST)[1]["disabled_at"]
    assert machine("list", "stock_in", "--operator", "1001", password=SECOND)[2] == ["sign-in-failed"]
    assert machine("person", "enable", "1001", *boss, password=FIRST)[1]["disabled_at"] is None
    assert [one["login"] for one in machine("person", "list", *boss, password=FIRST)[1]] == ["1001", "boss"]
    assert machine("person", "roles", "1001", "--role", "owner", *boss, password=FIRST)[2] == ["role-unknown"]
    assert machine("person", "disable", "none", *boss, password=FIRST)[2] == ["no-such-person"]
    assert machine("person", "add", *boss, password=FIRST)[0] == 2


def test_in_training_the_trainer_acts_without_a_password(tmp_path: Path) -> None:
    """Without --operator 训练员 acts, with it the person named, nobody is asked; --second signs; no role, no act."""
    data = tmp_path
    who = word(data, "person", "list")
    assert (who.code, {one["login"] for one in who.answer}) == (0, set(training_persons.known()))
    file = data / "one.json"
    values = to_json(record_type("transfusion_request"), request_values(1, now=SystemClock().now()))
    file.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    refused = word(data, "register", "transfusion_request", file, "--operator", "wu")
    assert refused.code == 1 and refused.problems[0]["code"] == "role-missing"
    saved = word(data, "register", "transfusion_request", file, "--operator", "jia")
    assert saved.code == 0, saved.words
    assert word(data, "show", "transfusion_request", saved.answer["id"]).answer["created_by"] == "训练甲"
    refused = word(data, "register", "transfusion_request", file, "--second", "yi")
    assert (refused.code, refused.codes) == (2, ["wrong-act"])
    values = to_json(record_type("stock_in"), stock_in_values(1, 1, now=SystemClock().now()))
    values |= {"receiver": "训练员", "checker": "训练乙"}
    file.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    assert word(data, "register", "stock_in", file).code == 1
    assert word(data, "register", "stock_in", file, "--second", "xl").codes == ["second-same"]
    assert word(data, "register", "stock_in", file, "--second", "yi").code == 0
    assert word(data, "list", "stock_in", "--operator", "nobody").problems[0]["code"] == "no-such-person"
