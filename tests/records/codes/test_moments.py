"""Dates of bags are exact: no impossible day, no lost hour, no other century."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import moments
from bloodbank_desktop.records.codes.errors import CodeError

DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
MINUTES = st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31, 23, 59)).map(  # noqa: DTZ001 - zone follows
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=moments.CHINA)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0260422359", "2026-02-11T23:59:00+08:00"),
        ("0251712359", "2025-06-20T23:59:00+08:00"),
        ("0161130950", "2016-04-22T09:50:00+08:00"),
        ("0203660000", "2020-12-31T00:00:00+08:00"),
        ("9990010000", "1999-01-01T00:00:00+08:00"),
        ("019031", "2019-01-31T23:59:00+08:00"),
        ("019032", "2019-02-01T23:59:00+08:00"),
    ],
)
def test_published_moments(text: str, expected: str) -> None:
    """The published examples give their China time; a day without a time ends at 23:59."""
    assert moments.at(text).isoformat() == expected
    assert moments.at(text).utcoffset() == timedelta(hours=8)


@given(DAYS)
def test_every_day_round_trips(day: date) -> None:
    """Every day of 1900-2099 is encoded and read back as itself."""
    assert moments.day(moments.encode_day(day)) == day


@given(MINUTES)
def test_every_minute_round_trips(moment: datetime) -> None:
    """Every minute of 1900-2099 is encoded and read back as itself, whatever zone it was given in."""
    assert moments.moment(moments.encode(moment)) == moment
    assert moments.encode(moment.astimezone(UTC)) == moments.encode(moment)


@given(st.integers(0, 99), st.integers(0, 999))
def test_day_366_only_in_leap_years(year: int, ordinal: int) -> None:
    """Exactly the days 1 to 365, and 366 in leap years, are dates."""
    days = (date(2001 + year, 1, 1) - date(2000 + year, 1, 1)).days
    assert moments.is_valid(f"0{year:02}{ordinal:03}") == (1 <= ordinal <= days)


@given(st.integers(0, 99), st.integers(0, 99))
def test_hours_and_minutes(hour: int, minute: int) -> None:
    """Exactly 00:00 to 23:59 are times."""
    assert moments.is_valid(f"026042{hour:02}{minute:02}") == (hour < 24 and minute < 60)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "length"),
        ("02604", "length"),
        ("026042235", "length"),
        ("02604x", "format"),
        ("02604٢", "format"),
        ("126042", "century"),
        ("026000", "day-of-year"),
        ("019366", "day-of-year"),
        ("0260422400", "time"),
        ("0260420060", "time"),
    ],
)
def test_refusals_are_named(text: str, code: str) -> None:
    """A refused date names what is wrong."""
    with pytest.raises(CodeError) as caught:
        moments.validate(text)
    assert caught.value.code == code


def test_calendar_dates() -> None:
    """A Chinese date ends at 23:59, or begins at 00:00 on request, and impossible ones are refused."""
    assert moments.calendar("201604220950").isoformat() == "2016-04-22T09:50:00+08:00"
    assert moments.calendar("20160422").isoformat() == "2016-04-22T23:59:00+08:00"
    assert moments.calendar("20160422", end_of_day=False).isoformat() == "2016-04-22T00:00:00+08:00"
    for text, code in [("20230229", "date"), ("19990101", "date"), ("202304312359", "date"), ("202304302460", "time")]:
        with pytest.raises(CodeError) as caught:
            moments.calendar(text)
        assert caught.value.code == code
    with pytest.raises(CodeError):
        moments.calendar("2016042209")


def test_month_end() -> None:
    """A month without a day ends in its last minute."""
    assert moments.month_end("202402").isoformat() == "2024-02-29T23:59:00+08:00"
    assert moments.month_end("202312").isoformat() == "2023-12-31T23:59:00+08:00"
    for text in ("202313", "000001", "20241"):
        with pytest.raises(CodeError):
            moments.month_end(text)


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("1001202611232359", "expires_at", "2026-11-23T23:59:00+08:00"),
        ("2002202611232000", "collected_at", "2026-11-24T04:00:00+08:00"),
        ("1003202611230000", "produced_at", "2026-11-23T00:00:00+08:00"),
        ("2006209912312359", "donor_died_at", "2100-01-01T07:59:00+08:00"),
    ],
)
def test_flexible_moments(text: str, field: str, expected: str) -> None:
    """Data structure 031 gives the kind of time, and UTC is turned into China time."""
    assert moments.flexible(text) == (field, datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3001202611232359", "time-zone"),
        ("1101202611232359", "reserved-character"),
        ("1007202611232359", "time-type"),
        ("1001202611312359", "date"),
        ("1001202611232460", "time"),
        ("2001999912312359", "date"),
        ("100120261123235", "length"),
    ],
)
def test_flexible_refusals(text: str, code: str) -> None:
    """A refused flexible time names what is wrong."""
    with pytest.raises(CodeError) as caught:
        moments.flexible(text)
    assert caught.value.code == code


def test_format_and_compact() -> None:
    """A date is shown as China writes it, with or without identifier; other text is left alone."""
    assert moments.format("&>0251712359") == "2025-06-20 23:59"
    assert moments.format("=>019032") == "2019-02-01"
    assert moments.format("019366") == "019366"


def test_encoding_needs_a_zone_and_a_century() -> None:
    """A time without a zone or outside 1900-2099 is not encoded."""
    with pytest.raises(ValueError, match="zone"):
        moments.encode(datetime(2026, 1, 1))  # noqa: DTZ001 - what is tested
    with pytest.raises(CodeError):
        moments.encode_day(date(2100, 1, 1))


def test_birth_day() -> None:
    """A birth date outside 1850-2099 or impossible is refused."""
    assert moments.birth_day("19491231") == date(1949, 12, 31)
    for text in ("00011231", "19000229", "1949123"):
        with pytest.raises(CodeError):
            moments.birth_day(text)
