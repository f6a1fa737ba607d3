"""Two processes on one file: of two acts that exclude each other exactly one wins, and the other is told in words."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.locks import FileLock
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.lists import ListQuery
from tests.faults.words import ROOT, environment, word
from tests.samples import bag_values, delivery_of, donation_number, group_of, issue_values, request_for, request_values
from tests.support import FOLDER, census, open_store

ROUNDS = 40
ISSUES = 12
NAMES = ("训练甲", "训练乙")


class Rivals:
    """Two processes of tests/faults/rival.py on one folder."""

    def __init__(self, folder: Path) -> None:
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.faults.rival", str(folder), name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                cwd=ROOT,
                env=environment({"PYTHONUTF8": "1"}),
            )
            for name in NAMES
        ]
        try:
            self.ready = [self._heard(process) for process in self._processes]
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _heard(process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "a rival died"
        told = json.loads(line)
        assert isinstance(told, dict)
        return told

    def act(self, *acts: dict[str, Any]) -> list[dict[str, Any]]:
        """Give each process its act, one right after the other, and return what they answered."""
        for process, act in zip(self._processes, acts, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(act) + "\n")
            process.stdin.flush()
        return [self._heard(process) for process in self._processes]

    def turn(self) -> None:
        """Ask the other one first from now on."""
        self._processes.reverse()

    def close(self) -> None:
        """End both."""
        for process in self._processes:
            process.communicate(timeout=60)


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    """The file on which both work, looked at from here."""
    made = open_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def rivals(profile: Profile) -> Iterator[Rivals]:
    """Both processes, ready."""
    made = Rivals(profile.folder)
    yield made
    made.close()


def test_one_bag_is_registered_by_one_of_two(rivals: Rivals, profile: Profile) -> None:
    """Two workstations that scan in the same bag at the same moment, many times: one delivery stands, one is refused."""
    won: Counter[str] = Counter()
    for number in range(ROUNDS):
        acts: list[dict[str, Any]] = [
            {"act": "register", "own": 1000 * (rival + 1) + number, "bag": number} for rival in range(2)
        ]
        if number % 2:
            # Who is asked first must not always be the same.
            rivals.turn()
        told = rivals.act(*acts)
        assert sorted("saved" in one for one in told) == [False, True], told
        (refused,) = [one for one in told if "saved" not in one]
        assert refused["codes"] == ["duplicate-in-stock"]
        assert donation_number(number) in refused["message"].replace(" ", "")
        assert "不能再次入库，请核对实物" in refused["message"]
        (saved,) = [one["saved"] for one in told if "saved" in one]
        won[profile.desk.view("stock_in", saved).created_by] += 1
    assert won.total() == ROUNDS
    kept = census(profile.store)
    # Of a refused delivery not even the bag that nobody else has came in.
    assert (len(kept["stock_in"]), len(kept["stock"]), len(kept["ledger"])) == (ROUNDS, 2 * ROUNDS, 2 * ROUNDS)
    assert len(profile.desk.queue.rows(limit=1000)) == ROUNDS
    assert verify.problems(profile.store) == []


def test_one_bag_is_issued_by_one_of_two(rivals: Rivals, profile: Profile) -> None:
    """Two workstations that issue one bag at the same moment, each to its own patient: one patient gets it (T33)."""
    bags = [bag_values(place, group=group_of(0)) for place in range(ISSUES)]
    profile.desk.register("stock_in", delivery_of(bags))
    for patient in (0, 6):
        issue = issue_values(seed=patient, bags=[bag_values(900 + n, group=group_of(0)) for n in range(3)])
        profile.desk.register("transfusion_request", request_for(issue, least=ISSUES))
    for number in range(ISSUES):
        if number % 2:
            rivals.turn()
        told = rivals.act(*({"act": "issue", "bag": number, "patient": patient} for patient in (0, 6)))
        assert sorted("saved" in one for one in told) == [False, True], told
        (refused,) = [one for one in told if "saved" not in one]
        assert refused["codes"] == ["bag-state"]
        patient = 0 if "saved" in told[0] else 6
        row = profile.desk.bag_in_stock(bag_key(bags[number]))
        assert row is not None and (row.state, row.holder) == ("issued", f"SQS{patient:08d}")
    assert profile.desk.open_list(ListQuery("clinical_issue")).total == ISSUES
    assert verify.problems(profile.store) == []


def test_one_record_is_amended_by_one_of_two(rivals: Rivals, profile: Profile) -> None:
    """Two windows that saw the same state of a record and save together, many times: one wins, the other is told."""
    saved = profile.desk.register("transfusion_request", request_values(1))
    winners = []
    for revision in range(1, ROUNDS + 1):
        act = {"act": "amend", "id": saved.record_id, "revision": revision, "seed": 1}
        told = rivals.act(act, act)
        assert sorted("saved" in one for one in told) == [False, True], told
        (refused,) = [one for one in told if "saved" not in one]
        assert refused["codes"] == ["changed-meanwhile"]
        assert "请关闭后重新打开再修改" in refused["message"]
        winners.append(NAMES[0] if "saved" in told[0] else NAMES[1])
    shown = profile.desk.view("transfusion_request", saved.record_id)
    assert (shown.revision, shown.values["diagnosis"]) == (ROUNDS + 1, winners[-1])
    assert [one.values["diagnosis"] for one in shown.history[1:]] == winners[:-1]
    assert len(profile.desk.queue.rows(limit=1000)) == ROUNDS + 1
    assert verify.problems(profile.store) == []


def test_two_first_starts_make_one_file(tmp_path: Path) -> None:
    """Two processes that start together on an empty folder both work, on one file with one key, many times."""
    for number in range(4):
        folder = tmp_path / f"{number}" / FOLDER
        folder.mkdir(parents=True)
        rivals = Rivals(folder)
        assert [told["ready"] for told in rivals.ready] == list(NAMES)
        told = rivals.act(*({"act": "register", "own": 1000 + rival, "bag": rival} for rival in range(2)))
        rivals.close()
        assert all("saved" in one for one in told), told
        profile = open_store(tmp_path / f"{number}")
        assert profile.desk.open_list(ListQuery("stock_in")).total == 2
        assert verify.problems(profile.store) == []
        profile.close()
        assert not list(folder.glob("*.new*"))


def test_two_commands_never_sync_together(tmp_path: Path) -> None:
    """While another process drives the network lane, `sync` says so with exit code 1 and sends nothing."""

    (tmp_path / "training").mkdir()
    with FileLock(tmp_path / "training" / "sync.lock") as lock:
        assert lock.acquire()
        said = word(tmp_path, "sync", "--once")
    assert (said.code, said.answer, said.codes) == (1, None, ["sync-busy"])
    assert "请等它结束" in said.words
