"""Waiting between tries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.sync.backoff import Backoff, Circuit, pause_for, retry_after
from bloodbank_desktop.sync.platform import Busy, ServerFault

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@given(st.integers(0, 2**32), st.integers(1, 2000))
def test_waits_stay_below_a_doubling_ceiling(seed: int, failures: int) -> None:
    """The n-th wait lies between 0 and min(300, 2·2^n), for any number of failures."""
    backoff = Backoff(Random(seed))
    for n in range(failures):
        assert 0.0 <= backoff.failed() <= min(300.0, 2.0 * 2.0 ** min(n, 40))


def test_waits_use_the_whole_range() -> None:
    """The jitter is full: many clients spread over the whole span, so that they do not come back together."""
    waits = []
    for seed in range(400):
        backoff = Backoff(Random(seed))
        waits.append([backoff.failed() for _ in range(9)][-1])
    assert min(waits) < 15
    assert max(waits) > 285
    assert 120 < sum(waits) / len(waits) < 180


def test_success_begins_anew() -> None:
    """After a success the next wait is short again."""
    backoff = Backoff(Random(1))
    for _ in range(20):
        backoff.failed()
    backoff.succeeded()
    assert backoff.failures == 0
    assert backoff.failed() <= 2.0


@given(st.integers(0, 2**32))
def test_a_cap_may_be_lowered(seed: int) -> None:
    """A cap of 20 s holds after any number of failures: so often the line is tried while it is down."""
    backoff = Backoff(Random(seed))
    assert all(backoff.failed(cap=20.0) <= 20.0 for _ in range(50))


def test_circuit_opens_after_five_and_closes_when_heard() -> None:
    """Five transport failures in a row open the circuit, one valid reply closes it."""
    circuit = Circuit()
    for _ in range(4):
        circuit.failed()
    assert not circuit.is_open
    circuit.failed()
    assert circuit.is_open
    circuit.heard()
    assert not circuit.is_open


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("9" * 5000, 3600.0),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("soon", None),
        ("Mon, 23 Nov 2026 01:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 00:59:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 05:00:00 GMT", 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Mon, 23 Nov 2026 01:00:30 -0000", 30.0),
        ("Mon, 99 Nov 2026 01:00:30 GMT", None),
        ("Mon, 23 Nov 99999 01:00:30 GMT", None),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    """Retry-After is read as seconds or as a date and never means more than one hour."""
    assert retry_after(text, NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_survives_anything(text: str) -> None:
    """Whatever stands in the header, the result is None or within 0 and one hour."""
    found = retry_after(text, NOW)
    assert found is None or 0.0 <= found <= 3600.0


@given(st.datetimes(timezones=st.just(UTC)))
def test_retry_after_dates(moment: datetime) -> None:
    """A date means the seconds until then, within 0 and one hour."""
    found = retry_after(moment.strftime("%a, %d %b ") + f"{moment.year:04d}" + moment.strftime(" %H:%M:%S GMT"), NOW)
    exact = (moment.replace(microsecond=0) - NOW) / timedelta(seconds=1)
    # E-mail dates, whose reader this is, take years below 1000 for short forms of recent ones.
    assert moment.year < 1000 or found == min(max(exact, 0.0), 3600.0)


def test_the_platform_names_the_wait() -> None:
    """A named wait is never cut short, a little longer by chance, at most an hour; without one the backoff draws."""
    rng = Random(3)
    backoff = Backoff(rng)
    waits = [pause_for(Busy(retry_after=100.0), backoff, rng) for _ in range(100)]
    assert all(100.0 <= wait <= 110.0 for wait in waits)
    assert len(set(waits)) > 90
    assert pause_for(Busy(retry_after=3600.0), backoff, rng) == 3600.0
    assert backoff.failures == 0
    assert pause_for(Busy(), backoff, rng) <= 2.0
    assert pause_for(ServerFault(), backoff, rng) <= 4.0
