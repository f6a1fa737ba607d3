"""All times are aware; they are stored in UTC and shown in China time, and only a `Clock` knows what time it is.

A naive time, or a second place that asks the operating system, is how a bag expires eight hours late.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

#: China has had one time zone and no daylight saving since 1991, so a fixed offset is exact and needs no zone data.
CHINA = timezone(timedelta(hours=8), "CST")


class Clock(Protocol):
    """What every part of the program asks for the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never step back, for intervals."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def utc_text(moment: datetime) -> str:
    """Return an aware moment as `2026-11-23T01:02:03.456Z`, a text whose order is the order of time.

    Raises ValueError for a naive moment.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no place on the time line")
    # Not strftime: it writes the year 226 with three digits, which sorts wrongly and cannot be read again.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def from_utc_text(text: str) -> datetime:
    """Return the aware moment written by `utc_text`. Raises ValueError for any other text without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.astimezone(UTC)


def china_text(moment: datetime) -> str:
    """Return an aware moment as a person in China reads it, to the minute: `2026-11-23 09:02`."""
    return moment.astimezone(CHINA).replace(tzinfo=None).isoformat(" ", "minutes")


def china_day(moment: datetime) -> date:
    """Return the calendar day in China of an aware moment."""
    return moment.astimezone(CHINA).date()
