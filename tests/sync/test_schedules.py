"""Hundreds of random schedules of saving, sending, failing and restarting, each judged by its history alone."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.sync.downloader import Downloader
from bloodbank_desktop.sync.platform import PlatformProblem
from bloodbank_desktop.sync.transport import Limits
from bloodbank_desktop.sync.uploader import Uploader
from bloodbank_desktop.training.faults import Fault as ServerFault
from bloodbank_desktop.training.server import TrainingServer
from tests import samples
from tests.faults import proxy as net
from tests.faults.checker import Saved, frozen_body, judge, queue_of, server_changes
from tests.faults.proxy import Fault, FaultProxy
from tests.sync.kit import engine_of, http_platform, profile

CHUNKS, EACH = 10, 20
STEPS = 20
BRIEF = Limits(connect=1.0, read=1.0, total=0.15)


class Workstation:
    """One person at one machine, by chance: saves, amends and deletes her own records, and sends through bad luck."""

    def __init__(self, number: int, folder: Path, rng: Random, url: str) -> None:
        self.number = number
        self.folder = folder
        self.rng = rng
        self.url = url
        self.history: list[Saved] = []
        self.live: list[str] = []
        self.seed = number * 1000
        self._stack = ExitStack()
        self.open()

    def open(self) -> None:
        """Start the program."""
        self.desk: Profile = self._stack.enter_context(profile(self.folder))
        self.client = http_platform(self.desk, self.url, BRIEF)
        self.uploader = Uploader(
            self.desk.dispatch, SystemClock(), full=self.rng.choice([1, 2, 100]), lone_waits=(0.0,)
        )
        self.downloader = Downloader(self.desk.arrivals, full_page=self.rng.choice([1, 3, 1000]))
        self.desk.dispatch.recover()

    def close(self) -> None:
        """End the program."""
        self._stack.close()

    def restart(self) -> None:
        """End the program, now and then with a batch under way, and start it again."""
        if self.rng.random() < 0.5:
            self.desk.dispatch.next_batch()
        self.close()
        self.open()

    def note(self, op: str, saved: Any) -> None:
        """Write down that the person was told "saved"."""
        if saved.dseq is None:
            return
        key = f"{self.desk.dispatch.identity.incarnation}:{saved.dseq}"
        body = None if op == "delete" else frozen_body(self.desk, key)
        self.history.append(Saved(key, saved.record_id, op, body))

    def act(self) -> None:
        """Save, amend or delete something."""
        self.seed += 1
        choice = self.rng.random()
        if choice < 0.4 or not self.live:
            self.note("register", self.desk.desk.register("stock_in", samples.stock_in_values(1, self.seed)))
            if choice < 0.2:
                saved = self.desk.desk.register("transfusion_request", samples.request_values(self.seed))
                self.note("register", saved)
                self.live.append(saved.record_id)
        elif choice < 0.85:
            record_id = self.rng.choice(self.live)
            values = samples.request_values(self.seed)
            self.note("amend", self.desk.desk.amend("transfusion_request", record_id, values, reason="更正"))
        else:
            record_id = self.live.pop(self.rng.randrange(len(self.live)))
            self.note("delete", self.desk.desk.delete("transfusion_request", record_id, reason="重复登记"))

    def sync(self) -> None:
        """Push or pull once, and perhaps take what is pushed next time; whatever the network does is no news."""
        try:
            if self.rng.random() < 0.75:
                self.uploader.push_once(self.client, go_on=self.rng.random() < 0.5)
            else:
                self.downloader.pull_once(self.client)
        except PlatformProblem:
            return


def bad_luck(rng: Random) -> Fault:
    """A fault of the network for one connection."""
    kind = rng.choice([net.PASS, net.REFUSE, net.CUT_REQUEST, net.CUT_REPLY, net.CUT_REPLY, net.REPLAY, net.HTML])
    if rng.random() < 0.03:
        kind = rng.choice([net.DRIP, net.SILENT])
    return Fault(kind, n=rng.choice([0, rng.randrange(900), 10**9]), seconds=0.2)


def server_trouble(rng: Random) -> tuple[ServerFault, ...]:
    """Trouble of the platform for one or two requests."""
    kinds = ["html", "redirect", "status", "drop-reply", "truncate", "wrong-batch", "missing-key", "extra-key",
             "duplicate-key", "garbage"]  # fmt: skip
    kind = rng.choice(kinds)
    status = rng.choice([500, 502, 503, 429, 401, 403, 404])
    return (ServerFault(kind, times=rng.choice([1, 2]), bytes=rng.randrange(200), status=status),)


def play(seed: int, folder: Path) -> list[str]:
    """Play one schedule and return what the judge says."""
    rng = Random(seed)
    with ExitStack() as stack:
        server = stack.enter_context(TrainingServer(folder / "server.db"))
        network = stack.enter_context(FaultProxy(server.port))
        stations = [
            Workstation(number, folder / f"p{number}", rng, network.url) for number in range(1 if seed % 3 else 2)
        ]
        for station in stations:
            stack.callback(station.close)
        for _ in range(STEPS):
            station = rng.choice(stations)
            choice = rng.random()
            if choice < 0.4:
                station.act()
            elif choice < 0.9:
                if rng.random() < 0.5:
                    network.script.append(bad_luck(rng))
                if rng.random() < 0.15:
                    server.faults.set(*server_trouble(rng))
                station.sync()
            elif choice < 0.97:
                station.restart()
            else:
                server.platform.change_epoch()
        network.script.clear()
        server.faults.set()
        for station in [*stations, *stations]:
            report = engine_of(station.desk, http_platform(station.desk, network.url)).run_once(lambda _: None)
            if not report.success:
                return [f"the last run failed: {report}"]
        history = [saved for station in stations for saved in station.history]
        changes = server_changes(server.platform)
        wrong = judge(history, changes, [queue_of(station.desk) for station in stations])
        living = {change["id"] for change in changes} - {change["id"] for change in changes if change["deleted"]}
        for station in stations:
            wrong += [f"not read by {station.number}: {i}" for i in living if not is_here(station.desk, i)]
        return wrong


def is_here(desk: Profile, record_id: str) -> bool:
    """Whether a workstation has a living record with the platform's answer."""
    for kind in ("stock_in", "transfusion_request"):
        try:
            shown = desk.desk.view(kind, record_id)
        except Exception:
            continue
        return shown.deleted_at is None and bool(shown.answer)
    return False


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_schedule_loses_doubles_or_confuses(chunk: int, tmp_path: Path) -> None:
    """Whatever order of saves, sends, faults and restarts: all arrives once, in order, unchanged, without conflict."""
    for seed in range(chunk * EACH, (chunk + 1) * EACH):
        folder = tmp_path / str(seed)
        wrong = play(seed, folder)
        assert wrong == [], f"schedule {seed}"
        shutil.rmtree(folder)
