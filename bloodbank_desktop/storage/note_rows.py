"""What dispatch notes of the blood station say of bags, found by the number of the note or of the donation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, Connection, bindparam, select, text, union_all

from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.names import BAG, DELETED
from bloodbank_desktop.storage.tables import lines_table, record_table

_KIND = "dispatch_note"


@dataclass(frozen=True)
class DispatchedLine:
    """One line of a note."""

    note_no: str
    supplier: str
    key: BagKey
    component: str
    abo: str
    rhd: str
    expires_at: datetime


@cache
def _query() -> CompoundSelect[Any]:
    declared = record_type(_KIND)
    head = record_table(_KIND)
    members = lines_table(_KIND, declared.fields["bags"])
    columns = [head.c.note_no, head.c.supplier]
    columns += [members.c[name] for name in (BAG, "product_code", "split", "component", "abo", "rhd", "expires_at")]
    live = select(*columns).join(members, members.c._head == head.c._seq).where(head.c[DELETED].is_(None))
    donations = text("SELECT value FROM json_each(:donations)")
    # Either part has an index of its own; a condition with OR would have none.
    return union_all(live.where(head.c.note_no == bindparam("note_no")), live.where(members.c[BAG].in_(donations)))


def dispatched(tx: Connection, note_no: str, donations: Iterable[str]) -> list[DispatchedLine]:
    """Return the lines of the note with this number, and every line of any note that names one of these donations."""
    found = tx.execute(_query(), {"note_no": note_no or None, "donations": json.dumps(list(donations))})
    return [
        DispatchedLine(note, supplier, (donation, product, split or ""), component, abo, rhd, expires)
        for note, supplier, donation, product, split, component, abo, rhd, expires in dict.fromkeys(map(tuple, found))
    ]
