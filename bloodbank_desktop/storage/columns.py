"""How a stored value lies in a column: exact, sortable, and readable by anybody who opens the file with the key."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from bloodbank_desktop.clock import from_utc_text, utc_text
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.kinds import Kind


class Moment(TypeDecorator[datetime]):
    """An aware moment as UTC text; a naive one is refused by utc_text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else from_utc_text(value)


class Day(TypeDecorator[date]):
    """A calendar day as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Any) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Any) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Scaled(TypeDecorator[Decimal]):
    """A decimal number as an integer of its smallest step, because a binary fraction is not what was typed."""

    impl = Integer
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        if value is None:
            return None
        scaled = value.scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} decimals")
        return int(scaled)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


class Flag(TypeDecorator[bool]):
    """True and False as 1 and 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Any) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Any) -> bool | None:
        return None if value is None else bool(value)


class Members(TypeDecorator[tuple[Any, ...]]):
    """A tuple of table keys, or of files as a record names them, as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Any) -> tuple[Any, ...] | None:
        return None if value is None else tuple(json.loads(value))


def column_type(kind: Kind) -> TypeEngine[Any]:
    """Return the column type of a field kind."""
    if isinstance(kind, kinds.Number):
        return Scaled(kind.places)
    simple: dict[str, TypeEngine[Any]] = {
        "text": Text(),
        "day": Day(),
        "moment": Moment(),
        "flag": Flag(),
        "json": Members(),
    }
    return simple[kind.column]
