"""How long to wait after a failure: longer each time, by chance, and never without end.

The danger is on both sides. A client that asks without a pause keeps a struggling platform down, and a thousand
clients that wait the same time come back all at once; a client that waits too long leaves records lying here after
the network is back. Full jitter as measured by AWS ("Exponential Backoff And Jitter", 2015): anywhere between zero and
a ceiling that doubles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from bloodbank_desktop.sync.platform import Busy, PlatformProblem

CAP = 300.0
BASE = 2.0
MOST_RETRY_AFTER = 3600.0


class Backoff:
    """Counts failures of one lane in a row and draws the wait after each. Not safe for several threads."""

    def __init__(self, rng: Random, *, base: float = BASE, cap: float = CAP) -> None:
        self._rng = rng
        self._base = base
        self._cap = cap
        self._failures = 0

    @property
    def failures(self) -> int:
        """Failures since the last success."""
        return self._failures

    def failed(self, *, cap: float | None = None) -> float:
        """Count a failure and return the seconds to wait: between 0 and min(cap, base times 2 to the n), n from 0."""
        # Above 2^30 the cap has long won, and a float would overflow after a month without network.
        ceiling = min(self._cap, self._base * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return self._rng.uniform(0.0, ceiling if cap is None else min(cap, ceiling))

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures = 0


@dataclass(slots=True)
class Circuit:
    """Opens after some transport failures in a row; while it is open only one small question may be asked: hello.

    One failure is enough when there was no way to the platform at all.
    """

    most: int = 5
    failures: int = 0

    @property
    def is_open(self) -> bool:
        """Whether nothing but hello may be sent."""
        return self.failures >= self.most

    def failed(self, *, no_way: bool = False) -> None:
        """Count a transport failure."""
        self.failures = max(self.failures + 1, self.most if no_way else 0)

    def heard(self) -> None:
        """Any valid reply closes the circuit."""
        self.failures = 0


def retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header (seconds or HTTP date, RFC 9110 10.2.3), at most one hour.

    None when there is no header or it says nothing; a date in the past means 0.
    """
    text = (text or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        # Ten digits are three centuries; longer texts are not worth converting, and Python refuses very long ones.
        return MOST_RETRY_AFTER if len(text) > 10 else min(float(text), MOST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), MOST_RETRY_AFTER) if math.isfinite(seconds) else None


def pause_for(problem: PlatformProblem, backoff: Backoff, rng: Random, *, cap: float | None = None) -> float:
    """Return the seconds to wait after a failure: what the platform asked for, else what the backoff draws."""
    if isinstance(problem, Busy) and problem.retry_after is not None:
        # A little later than asked, by chance, so that not all workstations come back in the same second.
        named = problem.retry_after
        return min(MOST_RETRY_AFTER, named + rng.uniform(0.0, max(1.0, named / 10)))
    return backoff.failed(cap=cap)
