"""Single facts of the file itself: which device it belongs to, when the platform last answered."""

from __future__ import annotations

from sqlalchemy import Connection, ScalarSelect, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bloodbank_desktop.storage.tables import meta

DEVICE, INCARNATION, EPOCH, LAST_SUCCESS, TROUBLE, WORKSTATION = (
    "device_id",
    "incarnation",
    "epoch",
    "last_success",
    "trouble",
    "workstation",
)


# Built once: every save asks for facts, and building a statement costs more than running it.
_GET = select(meta.c.value).where(meta.c.key == bindparam("key"))
_PUT = insert(meta)
_PUT = _PUT.on_conflict_do_update(index_elements=["key"], set_={"value": _PUT.excluded.value})


def asked(key: str) -> ScalarSelect[str]:
    """Return a fact as a part of a statement that needs it: one way to the file instead of two."""
    return select(meta.c.value).where(meta.c.key == key).scalar_subquery()


def get(tx: Connection, key: str) -> str | None:
    """Return a fact, None if it was never noted."""
    return tx.execute(_GET, {"key": key}).scalar()


def trouble(tx: Connection) -> str:
    """Return why nothing travels, "" when nothing hinders as far as is known: what arrived since then ended it."""
    since, _, sentence = (get(tx, TROUBLE) or "").partition(" ")
    last = get(tx, LAST_SUCCESS)
    return "" if last and since < last else sentence


def put(tx: Connection, key: str, value: str) -> None:
    """Note a fact in place of what was noted before."""
    tx.execute(_PUT, {"key": key, "value": value})
