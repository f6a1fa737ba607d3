"""Files that prove something: read and recognised when they are picked, kept in the transaction that first names them.

Nothing is kept because of its name: the first bytes decide what a file is, and it must be the same file at the end of
reading as at its beginning. A record can only name a file whose content this workstation has, or that the platform
already showed in that record.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field, LineType, Values
from bloodbank_desktop.records.files import named
from bloodbank_desktop.records.kinds.files import MOST_BYTES, TYPE_WORDS, Entry, name_problem, recognise
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.storage import files
from bloodbank_desktop.storage.store import Transaction

#: Files that were picked and that no record or draft names yet: as many as one record can name.
MOST_PICKED = 100
Note = Callable[[Transaction, str, str, str, Any], None]


def entry_of(content: bytes, name: str) -> Entry:
    """Return how a record names a file of this content. Raises KnownProblem for what may not be kept."""
    wrong = name_problem(name)
    if wrong is not None:
        raise KnownProblem(wrong[1], code=wrong[0])
    if not content:
        raise KnownProblem(f"“{name}”是空文件，请重新扫描或拍照", code="file-empty")
    if len(content) > MOST_BYTES:
        raise _too_large(name)
    media_type = recognise(content)
    if media_type is None:
        raise KnownProblem(f"“{name}”的内容不是 {TYPE_WORDS}，不能添加；请另存为这些格式再添加", code="file-type")
    return {"name": name, "media_type": media_type, "size": len(content), "sha256": files.digest(content)}


def read_content(path: Path) -> bytes:
    """Return the content of a file on a disk. Raises KnownProblem when it is too large, unreadable or being written."""
    try:
        with path.open("rb") as opened:
            before = os.fstat(opened.fileno())
            content = opened.read(MOST_BYTES + 1)
            after = os.fstat(opened.fileno())
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the name
        why = getattr(problem, "strerror", None) or "文件名有误"
        raise KnownProblem(
            f"读不到文件“{path.name}”（{why}），请核对文件是否还在、有无权限", code="file-unreadable"
        ) from problem
    if len(content) > MOST_BYTES:
        raise _too_large(path.name)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        raise KnownProblem(f"“{path.name}”正在被写入，请等扫描或复制完成后再添加", code="file-changing")
    return content


def _too_large(name: str) -> KnownProblem:
    words = f"“{name}”超过 {MOST_BYTES // 1024**2} MB，请降低分辨率或分成几个文件再添加"
    return KnownProblem(words, code="file-too-large")


class Picked:
    """Contents that were picked and wait for the record or draft that names them. Safe for several threads."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, tuple[Entry, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, source: Path | bytes, name: str = "") -> Entry:
        """Take a file, by default under its own name, and return how a record names it. Raises KnownProblem."""
        content = source if isinstance(source, bytes) else read_content(source)
        entry = entry_of(content, name or (source.name if isinstance(source, Path) else ""))
        with self._lock:
            self._waiting[entry["sha256"]] = (entry, content)
            self._waiting.move_to_end(entry["sha256"])
            while len(self._waiting) > MOST_PICKED:
                self._waiting.popitem(last=False)
        return dict(entry)

    def content(self, sha256: str) -> bytes | None:
        """Return a content that waits."""
        with self._lock:
            found = self._waiting.get(sha256)
        return None if found is None else found[1]

    def keep(
        self,
        tx: Transaction,
        declared: LineType,
        values: Values,
        note: Note,
        *,
        at: datetime,
        known: Values | None = None,
    ) -> list[Problem]:
        """Keep what these values name in the caller's transaction; return a problem for each file that is not here.

        What the values `known` named already may be elsewhere: on the workstation that picked it, and on the platform.
        """
        elsewhere = {_key(one.entry) for one in named(declared, known or {})}
        found: list[Problem] = []
        for one in named(declared, values):
            entry = one.entry
            waiting = self.content(entry["sha256"])
            if waiting is None:
                waiting = files.of_drafts(tx, entry["sha256"])
            if waiting is not None:
                media_type = str(recognise(waiting))
                if files.keep(tx, media_type, waiting, at=at):
                    note(tx, files.ADDED, "file", entry["sha256"], {"size": len(waiting)})
            here = files.kept(tx, entry["sha256"])
            if here is None and _key(entry) not in elsewhere:
                words = f"本机没有“{entry['name']}”的内容，请重新添加这个文件"
                found.append(Problem(one.field, "file-not-here", words, one.line))
            elif here is not None and (here.media_type, here.size) != (entry["media_type"], entry["size"]):
                words = f"“{entry['name']}”的类型或大小与内容不符，请重新添加这个文件"
                found.append(Problem(one.field, "file-differs", words, one.line))
        return found

    def keep_for_draft(self, tx: Transaction, declared: LineType, values: Values, draft_id: str) -> None:
        """Keep what these values name with a draft, which must be there; it goes when the draft is thrown away."""
        for one in named(declared, values):
            waiting = self.content(one.entry["sha256"])
            if waiting is not None:
                files.keep_for_draft(tx, draft_id, waiting)

    def forget(self, declared: LineType, values: Values) -> None:
        """Let go of what is kept now; called after the transaction."""
        with self._lock:
            for one in named(declared, values):
                self._waiting.pop(one.entry["sha256"], None)


def _key(entry: Entry) -> tuple[str, str, int]:
    return entry["sha256"], entry["media_type"], entry["size"]


def with_files_of(declared: LineType, document: Any, folder: Path, add: Callable[[Path], Entry]) -> Any:
    """Return the JSON of a record in which each file given as {"path": …}, from `folder` on, is added and named.

    Everything else stays as it is, also what is wrong, for the reading of the record to say so. Raises KnownProblem.
    """
    if not isinstance(document, Mapping) or not declared.names_files:
        return document

    def taken(one: Any) -> Any:
        if isinstance(one, Mapping) and one.keys() == {"path"} and isinstance(one["path"], str):
            return add(folder / one["path"])
        return one

    whole = dict(document)
    for f in _present(declared.plain, whole):
        if isinstance(f.kind, kinds.Files):
            whole[f.key] = [taken(one) for one in whole[f.key]]
    for f, of in declared.groups:
        if isinstance(whole.get(f.key), list):
            whole[f.key] = [with_files_of(of, line, folder, add) for line in whole[f.key]]
    return whole


def _present(fields: Iterable[Field], whole: Mapping[str, Any]) -> Iterator[Field]:
    return (f for f in fields if isinstance(whole.get(f.key), list))
