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

from sqlalchemy import text

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.storage import ledger, rows, verify
from tests.faults.writer import delivery
from tests.samples import request_values
from tests.support import FOLDER, open_store

KILLS = 200
AT_ONCE = 2
SEED = 20261123
ROOT = Path(__file__).parents[2]
WAIT = 30.0


class Writers:
    """Writer processes and everything they said."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spare: list[subprocess.Popen[str]] = []
        self._forks = hasattr(os, "fork")
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._all: list[subprocess.Popen[str]] = []
        for _ in range(1 if self._forks else 4):
            self._start()

    def _start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer", str(self._folder)],
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
    patience = chance.randrange(5)
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
            patience = chance.randrange(5)
            if patience and alive:
                continue
            while alive:
                threading.Event().wait(chance.random() * 0.012)
                writers.kill(alive.pop())
    return AT_ONCE


def _check(profile: Profile, kept: Acknowledged, fresh: set[str], *, whole: bool) -> None:
    """Compare the file with what was acknowledged: `fresh` records in full, or all of them."""
    with profile.store.read() as tx:
        numbers = list(tx.execute(text("SELECT dseq FROM outbox ORDER BY dseq")).scalars())
        assert numbers == list(range(1, len(numbers) + 1))
        assert set(kept.numbers) <= set(numbers)
        for record_id in kept.records if whole else fresh:
            told = kept.records[record_id]
            declared = record_type(told["kind"])
            row = rows.find(tx, told["kind"], record_id)
            assert row is not None, told
            # The act after the last acknowledged one may be there too: it was saved and could not say so any more.
            assert row.revision in (told["revision"], told["revision"] + 1), told
            if told["kind"] == "stock_in":
                assert row.values == tidy(declared, delivery(told["seed"]))
            elif row.revision == told["revision"]:
                remark = f"第 {row.revision - 1} 次修改" if row.revision > 1 and not told.get("gone") else None
                expected = tidy(declared, request_values(told["seed"]))
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
        for kind in ("stock_in", "transfusion_request"):
            title = record_type(kind).title[0]
            names = tx.execute(text(f"SELECT {title} FROM {kind}")).scalars().all()
            assert len(set(names)) == len(names)
        if whole:
            assert list(ledger.differences(tx)) == []
    if whole:
        assert verify.problems(profile.store) == []
        registered = {draft for draft, _ in kept.lines.values()} - {draft.id for draft in profile.desk.drafts()}
        assert all(profile.desk.view("stock_in", draft).record_id == draft for draft in registered)


def test_kills_lose_nothing(tmp_path: Path) -> None:
    """After each of 200 kills the file opens, holds every acknowledged record and draft line whole and once, and verifies."""
    chance = random.Random(SEED)
    open_store(tmp_path).close()
    writers = Writers(tmp_path / FOLDER)
    kept = Acknowledged()
    kills = since = 0
    try:
        assert "ready" in writers.said.get(timeout=WAIT)
        while kills < KILLS:
            before = set(kept.records)
            kills += _round(writers, kills, chance, kept)
            since += AT_ONCE
            profile = open_store(tmp_path)
            assert not any(draft.kind != "stock_in" for draft in profile.desk.drafts())
            _check(profile, kept, set(kept.records) - before, whole=since >= 20 or kills >= KILLS)
            since = 0 if since >= 20 else since
            profile.close()
    finally:
        writers.close()
    assert set(kept.numbers.values()) == {1}
    assert len(kept.records) > KILLS
    assert len(kept.lines) > KILLS / 2
