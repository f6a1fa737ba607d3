"""Which files are named here and lie on the platform only: noted with the record that names them, until they are here.

Only the note is durable work; a file that is fetched twice is the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bloodbank_desktop.storage.tables import file_contents, file_wanted


@dataclass(frozen=True)
class Wanted:
    """A file that is not here; `size` in bytes as the record says, `trouble` why it did not come, "" for nothing yet."""

    sha256: str
    size: int
    trouble: str


_PUT = insert(file_wanted)
#: Two records may name one file: the newer one decides how soon it is fetched.
_WANT = _PUT.on_conflict_do_update(
    index_elements=["sha256"],
    set_={"since": _PUT.excluded.since},
    where=_PUT.excluded.since > file_wanted.c.since,
)
_HERE = select(file_contents.c.sha256).where(file_contents.c.sha256 == bindparam("sha256"))
_ABOUT = select(file_wanted.c.sha256, file_wanted.c.size, file_wanted.c.trouble)
_DUE = and_(
    or_(file_wanted.c.asked.is_not(None), file_wanted.c.since >= bindparam("from_")),
    or_(file_wanted.c.next_at.is_(None), file_wanted.c.next_at <= bindparam("now")),
)


def want(tx: Connection, sha256: str, size: int, *, since: datetime) -> None:
    """Note that a record of that time names a file, unless it is here."""
    if tx.execute(_HERE, {"sha256": sha256}).first() is None:
        tx.execute(_WANT, {"sha256": sha256, "size": size, "since": since, "trouble": ""})


def find(tx: Connection, sha256: str) -> Wanted | None:
    """Return what is known of a file that is not here, None for one that no record from elsewhere names."""
    found = tx.execute(_ABOUT.where(file_wanted.c.sha256 == sha256)).first()
    return None if found is None else Wanted(*found)


def ask(tx: Connection, sha256: str, *, at: datetime) -> None:
    """Note that somebody wants to look at a file: it is next, whatever was noted before."""
    mine = update(file_wanted).where(file_wanted.c.sha256 == sha256)
    tx.execute(mine.values(asked=at, next_at=None, trouble=""))


def following(tx: Connection, *, now: datetime, since: datetime) -> Wanted | None:
    """Return the file to be fetched next, None for none: asked ones first, then those of records not before `since`."""
    order = (file_wanted.c.asked.desc().nulls_last(), file_wanted.c.since.desc(), file_wanted.c.sha256)
    found = tx.execute(_ABOUT.where(_DUE).order_by(*order).limit(1), {"now": now, "from_": since}).first()
    return None if found is None else Wanted(*found)


def next_due(tx: Connection, *, since: datetime) -> datetime | None:
    """Return when the next file may be fetched, a moment that may have passed; None when none is to be."""
    when = func.coalesce(file_wanted.c.next_at, file_wanted.c.since)
    ready = or_(file_wanted.c.asked.is_not(None), file_wanted.c.since >= since)
    return tx.execute(select(when).where(ready).order_by(when).limit(1)).scalar()


def failed(tx: Connection, sha256: str, *, trouble: str, next_at: datetime) -> None:
    """Note why a file did not come and when it may be tried again; who asked has been told."""
    mine = update(file_wanted).where(file_wanted.c.sha256 == sha256)
    tx.execute(mine.values(trouble=trouble, next_at=next_at, asked=None))


def forget(tx: Connection, sha256: str) -> None:
    """Take the note back: the file is here."""
    tx.execute(delete(file_wanted).where(file_wanted.c.sha256 == sha256))
