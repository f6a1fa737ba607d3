"""Dates on bags are cyyjjj or cyyjjjhhmm: century (0 = 2000s, 9 = 1900s), year, day of the year, China clock time.

The danger is a bag used a day too long: day 366 exists in leap years only, and an expiry without a time is 23:59.
Source: ICCBBA ST-001 v6.2.2 sections 2.4.4–2.4.9, 2.4.26, 2.4.31; Chinese labels write YYYYMMDD or YYYYMMDDhhmm.

>>> moment("0260422359").isoformat()
'2026-02-11T23:59:00+08:00'
>>> day("019032").isoformat()
'2019-02-01'
>>> calendar("201604220950").isoformat()
'2016-04-22T09:50:00+08:00'
>>> format("0251712359")
'2025-06-20 23:59'
>>> is_valid("019366"), is_valid("020366")
(False, True)
"""

from __future__ import annotations

import calendar as _calendar
import re
from datetime import UTC, date, datetime, time, timedelta, timezone

from bloodbank_desktop.records.codes.characters import without_separators
from bloodbank_desktop.records.codes.errors import CodeError

CHINA = timezone(timedelta(hours=8))
_CENTURIES = {"0": 2000, "9": 1900}
_END_OF_DAY = time(23, 59)
_FLEXIBLE_TYPES = {
    "01": "expires_at",
    "02": "collected_at",
    "03": "produced_at",
    "04": "cross_clamped_at",
    "05": "preserved_at",
    "06": "donor_died_at",
}


def compact(text: str) -> str:
    """Return the digits without data identifier, blanks and hyphens."""
    return re.sub(r"^[=&][>*}]", "", without_separators(text))


def validate(text: str) -> str:
    """Return the 6 digits cyyjjj or 10 digits cyyjjjhhmm.

    Raises `CodeError`: "length", "format", "century", "day-of-year", "time".
    """
    digits = compact(text)
    at(digits)
    return digits


def is_valid(text: str) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text)
    except CodeError:
        return False
    return True


def format(value: str) -> str:
    """Return a date as YYYY-MM-DD, a date and time as YYYY-MM-DD hh:mm; other text comes back unchanged."""
    if not is_valid(value):
        return value
    digits = compact(value)
    return day(digits).isoformat() if len(digits) == 6 else f"{moment(digits):%Y-%m-%d %H:%M}"


def day(text: str) -> date:
    """Return the day written cyyjjj; raises `CodeError`: "length", "format", "century", "day-of-year"."""
    _digits(text, 6)
    if text[0] not in _CENTURIES:
        raise CodeError("century", "日期的世纪位应为0或9。请重新扫描，或照标签输入日期。")
    year = _CENTURIES[text[0]] + int(text[1:3])
    ordinal = int(text[3:])
    if not 1 <= ordinal <= (366 if _calendar.isleap(year) else 365):
        raise CodeError("day-of-year", f"{year}年没有第{ordinal}天。请重新扫描，或照标签输入日期。")
    return date(year, 1, 1) + timedelta(days=ordinal - 1)


def moment(text: str) -> datetime:
    """Return the aware China time written cyyjjjhhmm; raises what `day` raises, and "time"."""
    _digits(text, 10)
    return _combine(day(text[:6]), text[6:])


def at(text: str, *, end_of_day: bool = True) -> datetime:
    """Return the aware China time of cyyjjj or cyyjjjhhmm; a bare date is 23:59 or, on request, 00:00."""
    if len(text) == 10:
        return moment(text)
    return datetime.combine(day(text), _END_OF_DAY if end_of_day else time(), CHINA)


def calendar(text: str, *, end_of_day: bool = True) -> datetime:
    """Return the aware China time of YYYYMMDD or YYYYMMDDhhmm as Chinese labels write it, years 2000–2099.

    Raises `CodeError`: "length", "format", "date", "time".
    """
    if len(text) not in (8, 12):
        raise CodeError("length", "日期应为8位（年月日）或12位（年月日时分）。请重新扫描，或照标签输入。")
    _digits(text, len(text))
    found = _calendar_day(text[:8], 2000, 2099)
    if len(text) == 12:
        return _combine(found, text[8:])
    return datetime.combine(found, _END_OF_DAY if end_of_day else time(), CHINA)


def month_end(text: str) -> datetime:
    """Return the last minute of the month written yyyymm; raises `CodeError`: "length", "format", "date"."""
    _digits(text, 6)
    first = _calendar_day(text + "01", 1900, 2099)
    return datetime(first.year, first.month, _calendar.monthrange(first.year, first.month)[1], 23, 59, tzinfo=CHINA)


def birth_day(text: str) -> date:
    """Return the day written yyyymmdd, years 1850–2099; raises `CodeError`: "length", "format", "date"."""
    _digits(text, 8)
    return _calendar_day(text, 1850, 2099)


def flexible(text: str) -> tuple[str, datetime]:
    """Return field name and aware China time of data structure 031 (ZUTTYYYYMMDDhhmm).

    Z is 1 local or 2 UTC, U is 0, TT the kind of time. Raises `CodeError`: "length", "format", "time-zone",
    "reserved-character", "time-type", "date", "time".
    """
    _digits(text, 16)
    if text[0] not in "12":
        raise CodeError("time-zone", "日期时间码的时区位应为1或2。请重新扫描。")
    if text[1] != "0":
        raise CodeError("reserved-character", "日期时间码的保留位应为0。请重新扫描。")
    if text[2:4] not in _FLEXIBLE_TYPES:
        raise CodeError("time-type", f"日期时间码的类型“{text[2:4]}”不认识。请照标签输入时间。")
    read = _combine(_calendar_day(text[4:12], 1900, 2099), text[12:])
    if text[0] == "2":
        read = read.replace(tzinfo=UTC).astimezone(CHINA)
    return _FLEXIBLE_TYPES[text[2:4]], read


def encode_day(value: date) -> str:
    """Return cyyjjj for a day of 1900–2099; raises `CodeError` "century" for any other."""
    century = {2000: "0", 1900: "9"}.get(value.year // 100 * 100)
    if century is None:
        raise CodeError("century", "只能编码1900年至2099年的日期。")
    return f"{century}{value:%y%j}"


def encode(value: datetime) -> str:
    """Return cyyjjjhhmm for an aware time, in China time; raises `CodeError` "century", ValueError without a zone.

    >>> encode(datetime(2016, 4, 22, 1, 50, tzinfo=UTC))
    '0161130950'
    """
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be encoded")
    local = value.astimezone(CHINA)
    return f"{encode_day(local.date())}{local:%H%M}"


def _digits(text: str, length: int) -> None:
    if len(text) != length:
        raise CodeError("length", f"日期应为{length}位数字，这里有{len(text)}位。请重新扫描，或照标签输入。")
    if not re.fullmatch("[0-9]+", text):
        raise CodeError("format", "日期只能是数字。请重新扫描，或照标签输入。")


def _calendar_day(text: str, first_year: int, last_year: int) -> date:
    year, month, number = int(text[:4]), int(text[4:6]), int(text[6:])
    if not first_year <= year <= last_year:
        raise CodeError("date", f"年份{text[:4]}不可能。请重新扫描，或照标签输入日期。")
    try:
        return date(year, month, number)
    except ValueError:
        raise CodeError("date", f"没有{text[:4]}年{month}月{number}日这一天。请重新扫描，或照标签输入日期。") from None


def _combine(found: date, hhmm: str) -> datetime:
    hour, minute = int(hhmm[:2]), int(hhmm[2:])
    if hour > 23 or minute > 59:
        raise CodeError("time", f"时间{hhmm[:2]}:{hhmm[2:]}不可能。请重新扫描，或照标签输入时间。")
    return datetime.combine(found, time(hour, minute), CHINA)
