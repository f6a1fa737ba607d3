"""One run to the end, for a person or a script that waits for it: `sync --once`.

The danger is a run that reports success because an earlier one had some; so the report counts what this run did, and
`finished` is set only where this run itself found nothing left to send and nothing left to read.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Dispatch
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.sync.backoff import Backoff, pause_for
from bloodbank_desktop.sync.downloader import Downloader
from bloodbank_desktop.sync.fetcher import Fetcher
from bloodbank_desktop.sync.platform import Platform, PlatformProblem, Stopped
from bloodbank_desktop.sync.status import Pace, SyncReport
from bloodbank_desktop.sync.uploader import Uploader

Pause = Callable[[float], object]


class OneRun:
    """Send and read until nothing is due.

    The first contact must succeed at once; after it a failure that may pass is tried again up to `Pace.patience`
    times in a row, with `pause(seconds)` in between; `stopped` tells that the program closes.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        uploader: Uploader,
        downloader: Downloader,
        fetcher: Fetcher,
        rng: Random,
        pace: Pace,
        *,
        pause: Pause,
        stopped: Callable[[], bool],
        on_changes: Callable[[Changes | None], None],
    ) -> None:
        self._dispatch = dispatch
        self._uploader = uploader
        self._downloader = downloader
        self._fetcher = fetcher
        self._rng = rng
        self._pace = pace
        self._pause = pause
        self._stopped = stopped
        self._on_changes = on_changes
        self._report = SyncReport()
        self._stalled = 0

    def run(self, platform: Platform) -> SyncReport:
        """Do it and report. A KnownProblem becomes the sentence of the report."""
        try:
            self._dispatch.recover()
            offset = platform.hello().offset_ms
            try:
                self._drain(platform, offset)
            finally:
                self._uploader.release()
        except KnownProblem as problem:
            self._report.error, self._report.code = problem.message, problem.code
        return self._report

    def _drain(self, platform: Platform, offset_ms: int) -> None:
        trouble = Backoff(self._rng, cap=self._pace.longest_pause)
        while not self._report.finished and not self._stopped():
            try:
                self._report.finished = self._step(platform, offset_ms)
                trouble.succeeded()
            except Stopped:
                raise
            except PlatformProblem as problem:
                wait = pause_for(problem, trouble, self._rng)
                if trouble.failures >= self._pace.patience or wait > self._pace.longest_pause:
                    raise
                self._pause(wait)

    def _step(self, platform: Platform, offset_ms: int) -> bool:
        """Send one batch, or read one page when there is none, or fetch one file; return whether all ends are reached."""
        pushed = self._uploader.push_once(platform, offset_ms, go_on=True)
        self._report.count(pushed.statuses)
        self._on_changes(pushed.changes)
        self._stalled = self._stalled + 1 if pushed.stalled else 0
        if not pushed.idle and self._stalled <= self._pace.patience:
            return False
        pulled = self._downloader.pull_once(platform)
        self._report.pulled += pulled.count
        self._on_changes(pulled.changes)
        if pulled.more:
            return False
        fetched = self._fetcher.fetch_once(platform)
        self._report.fetched += fetched.count
        return fetched.idle
