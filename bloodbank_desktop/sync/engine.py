"""The network lane: one thread that sends and reads by itself, from the start of the program to its end.

It waits on an event with a due time and never polls in a loop. What went wrong becomes one sentence for the status
area and a pause, never an end: whatever happens – cable out, portal, full disk, a bug – the thread lives on and tries
again, because a lane that died silently looks like a lane with nothing to do.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from random import Random

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.arrivals import Arrivals
from bloodbank_desktop.operations.dispatch import Dispatch
from bloodbank_desktop.operations.fetching import Fetching
from bloodbank_desktop.sync.backoff import Backoff, Circuit, pause_for
from bloodbank_desktop.sync.downloader import Downloader
from bloodbank_desktop.sync.fetcher import Fetcher
from bloodbank_desktop.sync.once import OneRun, Pause
from bloodbank_desktop.sync.platform import (
    Busy,
    ClientTooOld,
    Cut,
    DeviceRefused,
    NotSignedIn,
    NotThePlatform,
    NotTrusted,
    Platform,
    PlatformProblem,
    Stopped,
    Transport,
    Unreachable,
)
from bloodbank_desktop.sync.status import BUG_WORDS, WORDS, Nudge, Pace, Phase, SyncReport, SyncStatus
from bloodbank_desktop.sync.telling import ChangesListener, StatusListener, Teller
from bloodbank_desktop.sync.uploader import Pushed, Uploader

log = logging.getLogger(__name__)

#: Both lanes would hear the same.
_FOR_ALL = (NotSignedIn, DeviceRefused, ClientTooOld, Busy, Transport)
#: Polled often: the question is small, and the network may be back any moment.
_LINE = (Unreachable, Cut, NotThePlatform)


class SyncEngine:
    """Owns the thread of the network lane.

    `on_status` and `on_changes` are called on that thread. `platform` None means that no address is set. All public
    methods may be called from any thread. `rng` and `pace` are for tests.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        arrivals: Arrivals,
        clock: Clock,
        platform: Platform | None = None,
        *,
        rng: Random | None = None,
        pace: Pace | None = None,
        on_status: StatusListener | None = None,
        on_changes: ChangesListener | None = None,
    ) -> None:
        self._dispatch = dispatch
        self._clock = clock
        self._platform = platform
        self._pace = pace or Pace()
        self._rng = rng or Random()
        self._uploader = Uploader(dispatch, clock, lone_waits=self._pace.lone_waits)
        self._downloader = Downloader(arrivals)
        self._fetching = Fetching(arrivals.store, arrivals.clock)
        self._fetcher = Fetcher(self._fetching)
        self._lock = threading.Lock()
        self._turning = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._nudges: set[Nudge] = set()
        self._new_platform = False
        self._must_recover = True
        self._last_probe = -1e9
        begun = SyncStatus() if platform is None else SyncStatus(None, Phase.CONNECTING, WORDS[Phase.CONNECTING])
        self._teller = Teller(begun, on_status, on_changes)
        self._forget()

    def _forget(self) -> None:
        """Begin as if nothing had been heard."""
        self._circuit = Circuit()
        self._line = Backoff(self._rng, cap=self._pace.cap)
        self._pushing = Backoff(self._rng, cap=self._pace.cap)
        self._pulling = Backoff(self._rng, cap=self._pace.cap)
        self._online: bool | None = None
        self._greeted = False
        self._gate = self._push_gate = self._pull_due = 0.0
        self._stalled = False
        self._idle = False
        self._trouble: dict[str, KnownProblem] = {}
        self._teller.forget_offsets()

    # --- for the window ---------------------------------------------------------------------------------------------

    @property
    def status(self) -> SyncStatus:
        """The newest status."""
        return self._teller.status

    def start(self) -> None:
        """Start the thread; it acts at once. Raises RuntimeError when it runs already."""
        if self._thread is not None:
            raise RuntimeError("the network lane runs already")
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """End the thread, also in the middle of a call, and return whether it ended in time.

        What was under way is sent again at the next start, under the same keys.
        """
        thread, self._thread = self._thread, None
        self._stop.set()
        self._wake.set()
        ends = self._clock.monotonic() + timeout
        while thread is not None and thread.is_alive() and self._clock.monotonic() < ends:
            # Again and again: the first may fall between two calls.
            self._abort(self._platform)
            thread.join(0.05)
        return thread is None or not thread.is_alive()

    def configure(self, platform: Platform | None) -> None:
        """Use another platform from now on, or none."""
        with self._lock:
            before, self._platform = self._platform, platform
            self._new_platform = True
        self._abort(before)
        self._wake.set()

    def nudge(self, kind: Nudge = Nudge.SAVED) -> None:
        """Ask the lane to act now.

        After a save it sends at once when the platform is within reach; by hand or when the network came up it tries
        at once in any case, but not more often than every `Pace.manual_gap` seconds: a sooner wish is kept until then.
        """
        with self._lock:
            self._nudges.add(kind)
        self._wake.set()

    @staticmethod
    def _abort(platform: Platform | None) -> None:
        if platform is not None:
            platform.abort()

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                seconds = self.turn()
            except Exception:
                log.exception("a turn of the network lane failed")
                seconds = self._pace.database_retry
            if not self._stop.is_set():
                self._wake.wait(seconds)

    def turn(self) -> float | None:
        """Do what is due and return the seconds until something is due again, None for "only when nudged"."""
        with self._turning:
            platform = self._take_platform()
            if platform is None:
                self._teller.publish(Phase.UNSET, None)
                return None
            probe_in = self._take_nudges()
            more = False
            if self._clock.monotonic() >= self._gate:
                try:
                    more = self._work(platform)
                except KnownProblem as problem:
                    self._whole_lane(platform, problem)
                except Exception:
                    log.exception("the network lane failed")
                    self._whole_lane(platform, KnownProblem(BUG_WORDS, code="bug"))
            return self._rest(more, probe_in)

    def _take_platform(self) -> Platform | None:
        with self._lock:
            if self._new_platform:
                self._new_platform = False
                self._forget()
            return self._platform

    def _take_nudges(self) -> float | None:
        """Open the gates that the nudges may open; return in how many seconds a kept wish is due."""
        now = self._clock.monotonic()
        with self._lock:
            wanted = bool(self._nudges & {Nudge.MANUAL, Nudge.NETWORK})
            saved = Nudge.SAVED in self._nudges
            self._nudges.discard(Nudge.SAVED)
            allowed = self._last_probe + self._pace.manual_gap
            if wanted and now < allowed:
                return allowed - now
            self._nudges.clear()
        if wanted:
            self._last_probe = now
            self._gate = self._push_gate = self._pull_due = 0.0
        elif saved and self._stalled:
            self._push_gate = 0.0
        return None

    def _work(self, platform: Platform) -> bool:
        """Act, push before pull, and return whether there is more to do at once."""
        self._recover()
        if not self._greeted or self._circuit.is_open:
            self._teller.publish(Phase.CONNECTING, self._online)
            # Not yet a reason to forget past failures: a small question may come through where a batch does not.
            self._there(platform.hello().offset_ms)
            self._greeted = True
        self._idle = False
        more = self._push(platform) if self._clock.monotonic() >= self._push_gate else False
        if self._clock.monotonic() >= self._pull_due and not self._stop.is_set():
            more = self._pull(platform) or more
        if self._idle and not more and not self._trouble:
            self._teller.last_success = self._clock.now()
        if not more and not self._stop.is_set():
            # One at a time: a record that was saved meanwhile goes first.
            more = not self._fetcher.fetch_once(platform).idle
        return more

    def _recover(self) -> None:
        if self._must_recover:
            self._dispatch.recover()
            self._must_recover = False

    def _push(self, platform: Platform) -> bool:
        try:
            for left in reversed(range(self._pace.passes)):
                if self._uploader.holds or self._something_due():
                    self._teller.publish(Phase.SENDING, self._online)
                pushed = self._uploader.push_once(platform, self._teller.offset_ms, go_on=left > 0)
                self._take(pushed)
                if pushed.idle or pushed.stalled or self._stop.is_set():
                    return False
        except _FOR_ALL:
            raise
        except PlatformProblem as problem:
            self._heard()
            self._trouble["push"] = problem
            self._push_gate = self._clock.monotonic() + self._pause_for(problem, self._pushing)
            return False
        finally:
            self._uploader.release()
        return True

    def _something_due(self) -> bool:
        due = self._dispatch.next_due()
        return due is not None and due <= self._clock.now()

    def _take(self, pushed: Pushed) -> None:
        self._idle = pushed.idle
        if not pushed.idle:
            self._heard(pushed.offset_ms)
        self._teller.tell(pushed.changes)
        self._stalled = pushed.stalled
        if pushed.stalled:
            self._push_gate = self._clock.monotonic() + self._pushing.failed(cap=self._pace.stalled_cap)
        elif pushed.idle or pushed.statuses:
            self._pushing.succeeded()
            self._trouble.pop("push", None)

    def _pull(self, platform: Platform) -> bool:
        try:
            for _ in range(self._pace.passes):
                pulled = self._downloader.pull_once(platform)
                self._heard()
                self._teller.tell(pulled.changes)
                if not pulled.more:
                    self._pulling.succeeded()
                    self._trouble.pop("pull", None)
                    self._pull_due = self._clock.monotonic() + self._pace.pull_every
                    return False
                if self._stop.is_set():
                    return False
                self._teller.publish(Phase.RECEIVING, self._online)
        except _FOR_ALL:
            raise
        except PlatformProblem as problem:
            self._heard()
            self._trouble["pull"] = problem
            self._pull_due = self._clock.monotonic() + self._pause_for(problem, self._pulling)
            return False
        return True

    # --- trouble ----------------------------------------------------------------------------------------------------

    def _heard(self, offset_ms: int | None = None) -> None:
        """A valid reply to a batch or for a page: the line bears what we need."""
        self._line.succeeded()
        self._there(offset_ms)

    def _there(self, offset_ms: int | None) -> None:
        """A valid reply: the platform is there."""
        self._online = True
        self._circuit.heard()
        self._trouble.pop("all", None)
        self._teller.note_offset(offset_ms)

    def _whole_lane(self, platform: Platform, problem: KnownProblem) -> None:
        if not isinstance(problem, PlatformProblem):
            # The database, not the line; a batch may be marked as under way that nobody has in hand.
            self._must_recover = True
            wait = self._pace.database_retry
        elif platform is not self._platform or self._stop.is_set():
            # The call was ended because the address changed or the program closes: that says nothing about the line.
            return
        else:
            wait = self._pause_for(problem, self._line)
            if isinstance(problem, Transport):
                self._online = False
                self._circuit.failed(no_way=isinstance(problem, Unreachable))
            else:
                self._there(None)
                # What stopped us may have been said by hello alone, so it must be asked again.
                self._greeted = not isinstance(problem, Stopped)
        log.info("the network lane waits: %s", problem)
        self._trouble["all"] = problem
        self._gate = self._clock.monotonic() + wait

    def _pause_for(self, problem: PlatformProblem, backoff: Backoff) -> float:
        if isinstance(problem, Stopped):
            return self._pace.stopped_retry
        return pause_for(
            problem, backoff, self._rng, cap=self._pace.offline_cap if isinstance(problem, _LINE) else None
        )

    def _rest(self, more: bool, probe_in: float | None) -> float:
        """Publish how it stands and return the seconds to wait."""
        now = self._clock.monotonic()
        wait = 0.0
        if now < self._gate:
            wait = self._gate - now
        elif not more:
            wait = min(self._pull_due - now, self._until_due(now), self._until_file())
            wait = max(wait, self._pace.least_pause)
        if probe_in is not None:
            wait = min(wait, probe_in)
        if self._trouble:
            worst = next(self._trouble[lane] for lane in ("all", "push", "pull") if lane in self._trouble)
            phase = Phase.STOPPED if isinstance(worst, Stopped | NotTrusted) else Phase.WAITING
            self._teller.publish(phase, self._online, worst, self._clock.now() + timedelta(seconds=wait))
        elif not more and self._online:
            self._teller.publish(Phase.IDLE, self._online)
        return wait

    def _until_due(self, now: float) -> float:
        due = self._dispatch.next_due()
        if due is None:
            return self._pace.pull_every
        seconds = (due - self._clock.now()).total_seconds()
        if seconds <= 0 and now >= self._push_gate:
            # Due, yet it was not picked just now: it stands behind another one, which may be free in a moment.
            return self._pace.behind
        return max(seconds, self._push_gate - now)

    def _until_file(self) -> float:
        due = self._fetching.next_due()
        return self._pace.pull_every if due is None else (due - self._clock.now()).total_seconds()

    # --- for the command line ---------------------------------------------------------------------------------------

    def run_once(self, pause: Pause | None = None) -> SyncReport:
        """Send and read until nothing is due, on the caller's thread, and report. Never raises KnownProblem."""
        with self._turning:
            platform = self._take_platform()
            if platform is None:
                return SyncReport(error=WORDS[Phase.UNSET], code="no-platform")
            run = OneRun(
                self._dispatch,
                self._uploader,
                self._downloader,
                self._fetcher,
                self._rng,
                self._pace,
                pause=pause or self._stop.wait,
                stopped=self._stop.is_set,
                on_changes=self._teller.tell,
            )
            self._must_recover = True
            return run.run(platform)
