"""Saved is saved: writers are killed at random moments over one growing file, and nothing acknowledged is ever missing."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import OPERATOR
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.storage import rows, verify
from tests.faults.writer import delivery, writer_of
from tests.samples import request_values
from tests.support import FOLDER, open_store

KILLS = 200
AT_ONCE = 2
SEED = 20261123
#: At most this many acknowledgements are waited for before a kill; far fewer than a writer has acts.
PATIENCE = 10
ROOT = Path(__file__).parents[2]
WAIT = 60.0


_OF = "(SELECT count(*) FROM outbox o WHERE o.record_id = r._id AND o.kind = '{kind}')"
_NOTED = (
    "(SELECT count(*) FROM audit a WHERE a.object = '{kind}/' || r._id AND a.action IN ('register', 'amend', 'delete'))"
)
_BEFORE = "(SELECT count(*) FROM revisions b WHERE b.record_id = r._id)"
#: Each finds acts of which only a part is in the file: every act of a record has one operation, one audit row and, from
#: the second on, one former state; every bag of a delivery has one line, one movement and one row of the stock.
HALF = (
    {
        f"{name} of {kind}": f"SELECT r._id FROM {kind} r WHERE r._revision <> {part.format(kind=kind)}"
        for kind in ("stock_in", "transfusion_request")
        for name, part in {"operations": _OF, "audit": _NOTED, "revisions": f"1 + {_BEFORE}"}.items()
    }
    | {
        f"{name} of bags": f"SELECT r._id FROM stock_in r WHERE r._bags_n <> (SELECT count(*) FROM {part})"
        for name, part in {
            "lines": "stock_in__bags l WHERE l._head = r._seq",
            "movements": "ledger m WHERE m.record_id = r._id",
            "stock": "stock s WHERE s.received_by_record = r._id",
        }.items()
    }
    | {
        "operation without record": "SELECT dseq FROM outbox WHERE record_id NOT IN"
        " (SELECT _id FROM stock_in UNION SELECT _id FROM transfusion_request)",
        "movement without record": "SELECT seq FROM ledger WHERE record_id NOT IN (SELECT _id FROM stock_in)",
        "draft of a record": "SELECT id FROM drafts WHERE id IN (SELECT _id FROM stock_in)",
        "line without draft": "SELECT id FROM draft_lines WHERE draft_id NOT IN (SELECT id FROM drafts)",
        "name twice": "SELECT intake_no FROM stock_in GROUP BY intake_no HAVING count(*) > 1"
        " UNION ALL SELECT request_no FROM transfusion_request GROUP BY request_no HAVING count(*) > 1",
    }
)


class Writers:
    """Writer processes and everything they said."""

    def __init__(self, folder: Path, *, forks: bool) -> None:
        self._folder = folder
        self._spare: list[subprocess.Popen[str]] = []
        self._forks = forks
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._all: list[subprocess.Popen[str]] = []
        for _ in range(1 if forks else AT_ONCE):
            self._start()

    def _start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer", str(self._folder), *([] if self._forks else ["alone"])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
        )
        self._spare.append(process)
        self._all.append(process)
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            # A line that a kill cut in two is no acknowledgement.
            with contextlib.suppress(json.JSONDecodeError):
                self.said.put(json.loads(line))
        if not self._forks:
            self.said.put({"dead": process.pid})

    def go(self, number: int) -> None:
        """Let one more writer begin."""
        process = self._spare[0] if self._forks else self._spare.pop(0)
        assert process.stdin is not None
        process.stdin.write(f"go {number}\n")
        process.stdin.flush()
        if not self._forks:
            self._start()

    def kill(self, pid: int) -> None:
        """Kill a writer without warning."""
        if self._forks:
            os.kill(pid, signal.SIGKILL)
        else:
            next(process for process in self._all if process.pid == pid).kill()

    def close(self) -> None:
        """End what still runs."""
        for process in self._all:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


@dataclass
class Acknowledged:
    """What the writers said was saved."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, tuple[str, str]] = field(default_factory=dict)
    numbers: Counter[int] = field(default_factory=Counter)

    def add(self, told: dict[str, Any]) -> None:
        """Note one line."""
        if "line" in told:
            self.lines[told["line"]] = (told["draft"], told["bag"])
        elif "kind" in told:
            self.records[told["id"]] = told
            self.numbers[told["dseq"]] += 1


def _round(writers: Writers, first: int, chance: random.Random, kept: Acknowledged) -> int:
    """Start writers together, kill each after some acknowledgements and a moment; return the number of kills."""
    numbers = range(first, first + AT_ONCE)
    for number in numbers:
        writers.go(number)
    alive: set[int] = set()
    born = dead = 0
    patience = chance.randrange(PATIENCE)
    while dead < AT_ONCE:
        told = writers.said.get(timeout=WAIT)
        kept.add(told)
        if "born" in told:
            alive.add(told["born"])
            born += 1
        dead += "dead" in told
        patience -= 1
        if born == AT_ONCE and alive and patience <= 0:
            # The moment between two acknowledgements at which the kill hits is what this test is about.
            threading.Event().wait(chance.random() * 0.012)
            writers.kill(alive.pop())
            patience = chance.randrange(PATIENCE)
    return AT_ONCE


def _expected(told: dict[str, Any]) -> dict[str, Any]:
    """Return the values that the record must have: those of its seed, signed by the writer that saved it."""
    declared, seed = record_type(told["kind"]), told["seed"]
    values = tidy(declared, delivery(seed) if told["kind"] == "stock_in" else request_values(seed))
    signed = {f.key: writer_of(seed) for f in declared.signed if f.signed == OPERATOR and values.get(f.key)}
    return {**values, **signed}


def _check(profile: Profile, kept: Acknowledged, fresh: set[str], *, whole: bool) -> None:
    """Compare the file with what was acknowledged: `fresh` records in full, or all of them."""
    with profile.store.read() as tx:
        numbers = list(tx.execute(text("SELECT dseq FROM outbox ORDER BY dseq")).scalars())
        assert numbers == list(range(1, len(numbers) + 1))
        assert set(kept.numbers) <= set(numbers)
        for record_id in kept.records if whole else fresh:
            told = kept.records[record_id]
            row = rows.find(tx, told["kind"], record_id)
            assert row is not None, told
            # The act after the last acknowledged one may be there too: it was saved and could not say so any more.
            assert row.revision in (told["revision"], told["revision"] + 1), told
            if told["kind"] == "stock_in":
                assert row.values == _expected(told)
            elif row.revision == told["revision"]:
                remark = f"第 {row.revision - 1} 次修改" if row.revision > 1 and not told.get("gone") else None
                expected = _expected(told)
                assert {k: v for k, v in row.values.items() if k != "remark"} == {
                    k: v for k, v in expected.items() if k != "remark"
                }
                assert told.get("gone") or row.values["remark"] == remark
                assert (row.deleted_at is not None) == bool(told.get("gone"))
        drafted = {
            line: (draft, body) for line, draft, body in tx.execute(text("SELECT id, draft_id, body FROM draft_lines"))
        }
        for line, (draft, bag) in kept.lines.items():
            if line in drafted:
                assert drafted[line][0] == draft
                assert bag in drafted[line][1]
            else:
                row = rows.find(tx, "stock_in", draft)
                assert row is not None, f"the line {line} of the draft {draft} is lost"
                assert bag in {member["donation_number"] for member in row.values["bags"]}
        assert tx.execute(text("SELECT kind FROM drafts WHERE kind <> 'stock_in'")).all() == []
        for name, statement in HALF.items():
            assert tx.execute(text(statement)).all() == [], name
    if whole:
        assert verify.problems(profile.store) == []
        registered = {draft for draft, _ in kept.lines.values()} - {draft.id for draft in profile.desk.drafts.all()}
        assert all(profile.desk.view("stock_in", draft).record_id == draft for draft in registered)


def _run(parent: Path, kills: int, *, forks: bool) -> Acknowledged:
    """Kill that many writers over one file in `parent`; check it after every round, and wholly after every twenty."""
    chance = random.Random(SEED)
    open_store(parent).close()
    writers = Writers(parent / FOLDER, forks=forks)
    kept = Acknowledged()
    done = since = 0
    try:
        assert "ready" in writers.said.get(timeout=WAIT)
        while done < kills:
            before = set(kept.records)
            done += _round(writers, done, chance, kept)
            since += AT_ONCE
            whole = since >= 20 or done >= kills
            profile = open_store(parent)
            _check(profile, kept, set(kept.records) - before, whole=whole)
            profile.close()
            since = 0 if whole else since
    finally:
        writers.close()
    assert set(kept.numbers.values()) == {1}
    return kept


@pytest.mark.skipif(not hasattr(os, "fork"), reason="two hundred processes take minutes where they cannot fork")
def test_kills_lose_nothing(tmp_path: Path) -> None:
    """After each of 200 kills the file opens, holds every acknowledged act whole and once, and verifies."""
    kept = _run(tmp_path, KILLS, forks=True)
    assert len(kept.records) > KILLS
    assert len(kept.lines) > KILLS / 2


def test_kills_of_whole_processes_lose_nothing(tmp_path: Path) -> None:
    """The same for processes that share nothing with each other, as on Windows, where TerminateProcess is the kill."""
    kept = _run(tmp_path, 4 if hasattr(os, "fork") else KILLS, forks=False)
    assert kept.records
