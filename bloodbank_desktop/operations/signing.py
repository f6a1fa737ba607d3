"""Who stands in a record as having acted was there: the operator by her sign-in, the second person by a signature.

A typed name proves nothing (临床输血技术规范第二十六条: 双方共同查对、签字), so a name that no signature
bears out is refused, whatever way it came in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bloodbank_desktop.records.declare import OPERATOR, Field, RecordType
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.persons import Person, Signature, holds


def sign(
    declared: RecordType, values: dict[str, Any], person: Person | None, second: Signature | None, now: datetime
) -> Iterator[Problem]:
    """Put the names of those who sign into `values` and yield a problem for each that stands there unsigned."""
    for f in declared.signed:
        if not f.is_shown(values):
            continue
        if f.signed == OPERATOR:
            yield from _own(f, values, person)
        else:
            yield from _second(f, values, person, second, now)


def _own(f: Field, values: dict[str, Any], person: Person | None) -> Iterator[Problem]:
    if person is None:
        return
    if values.get(f.key) is None:
        values[f.key] = person.name
    elif values[f.key] != person.name:
        yield Problem(f.key, "not-the-operator", f"{f.label}只能是登录的本人（{person.name}），请由本人登录后登记")


def _second(
    f: Field, values: dict[str, Any], person: Person | None, second: Signature | None, now: datetime
) -> Iterator[Problem]:
    stated = values.get(f.key)
    if second is None or not holds(second, f.signed, now):
        if stated is not None:
            yield Problem(f.key, "not-signed", f"{f.label}须由本人在本机签名，不能键入姓名；请按“签名”输入工号和密码")
        return
    if stated is None:
        values[f.key] = second.person.name
    elif stated != second.person.name:
        yield Problem(f.key, "not-signed", f"{f.label}与签名人（{second.person.name}）不是同一人，请重新签名")
    if person is not None and second.person.id == person.id:
        yield Problem(f.key, "same-person", f"{f.label}不能是登录的本人，请由另一人签名")
