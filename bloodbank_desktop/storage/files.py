"""The contents of files that records name: kept once by their SHA-256, never changed, never removed.

What only a draft names lies apart and goes with the draft: a paper that was thrown away unregistered is nobody's.

They lie in the same encrypted file as the records, so that one transaction keeps both and one backup holds both. Which
of them the platform has is noted apart, because a platform that was restored may have lost some.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, text, type_coerce
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.types import NullType

from bloodbank_desktop.storage import wanted_files
from bloodbank_desktop.storage.tables import draft_files, file_contents, file_sent

#: The action of the audit row that every kept file has, with the object "file/<sha256>".
ADDED = "add-file"


@dataclass(frozen=True)
class Kept:
    """What is known of a kept file without its content; `size` in bytes."""

    sha256: str
    media_type: str
    size: int


def digest(content: bytes) -> str:
    """Return the name of a content: its SHA-256 in lower case hex."""
    return hashlib.sha256(content).hexdigest()


def kept(tx: Connection, sha256: str) -> Kept | None:
    """Return what is known of a file, None if it is not here."""
    about = select(file_contents.c.sha256, file_contents.c.media_type, file_contents.c.size)
    found = tx.execute(about.where(file_contents.c.sha256 == sha256)).first()
    return None if found is None else Kept(*found)


def keep(tx: Connection, media_type: str, content: bytes, *, at: datetime) -> bool:
    """Keep a content in the caller's transaction; return False when it was here before."""
    sha256 = digest(content)
    if kept(tx, sha256) is not None:
        return False
    row = {"sha256": sha256, "media_type": media_type, "size": len(content), "content": content, "added_at": at}
    tx.execute(insert(file_contents), row)
    wanted_files.forget(tx, sha256)
    return True


def content(tx: Connection, sha256: str) -> bytes | None:
    """Return the content of a file, None if it is not here."""
    raw = select(type_coerce(file_contents.c.content, NullType)).where(file_contents.c.sha256 == sha256)
    found = tx.execute(raw).scalar()
    # Another tool may have left a text where bytes belong.
    return found if found is None or isinstance(found, bytes) else str(found).encode()


def keep_for_draft(tx: Connection, draft_id: str, content: bytes) -> None:
    """Keep a content with a draft, which must be there, unless records name it anyway."""
    sha256 = digest(content)
    if kept(tx, sha256) is None:
        row = {"draft_id": draft_id, "sha256": sha256, "content": content}
        tx.execute(upsert(draft_files).on_conflict_do_nothing(), row)


def of_drafts(tx: Connection, sha256: str) -> bytes | None:
    """Return a content that some draft keeps, None if none does."""
    found: bytes | None = tx.execute(
        select(draft_files.c.content).where(draft_files.c.sha256 == sha256).limit(1)
    ).scalar()
    return found


def all_names(tx: Connection) -> list[str]:
    """Return the SHA-256 of every kept file."""
    return list(tx.execute(select(file_contents.c.sha256).order_by(file_contents.c.sha256)).scalars())


_UNSENT = text(
    "SELECT sha256, media_type, size FROM file_contents WHERE sha256 IN (SELECT value FROM json_each(:names))"
    " AND sha256 NOT IN (SELECT sha256 FROM file_sent) ORDER BY sha256"
)


def note_sent(tx: Connection, sha256: str, *, at: datetime) -> None:
    """Note that the platform has a file."""
    tx.execute(upsert(file_sent).on_conflict_do_nothing(), {"sha256": sha256, "at": at})


def forget_sent(tx: Connection, names: Collection[str]) -> None:
    """Take the note back: the platform says that it does not have these."""
    for sha256 in names:
        tx.execute(delete(file_sent).where(file_sent.c.sha256 == sha256))


def unsent(tx: Connection, names: Collection[str]) -> list[Kept]:
    """Return those of these files that are here and that the platform is not known to have."""
    return [Kept(*row) for row in tx.execute(_UNSENT, {"names": json.dumps(list(names))})]
