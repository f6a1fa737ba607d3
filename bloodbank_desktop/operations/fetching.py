"""Files that another workstation added: which of them to fetch from the platform, and why one is not here yet.

A file that came is kept only if it is the one that the record names, to the last bit; anything else is no evidence.
What recent records name is fetched by itself, older files when somebody opens them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.declare import RecordType, Values
from bloodbank_desktop.records.files import COMING, named
from bloodbank_desktop.records.kinds.files import recognise
from bloodbank_desktop.storage import audit, facts, files, wanted_files
from bloodbank_desktop.storage.store import Store, Transaction
from bloodbank_desktop.storage.wanted_files import Wanted

#: What a person may have to look at while the network is down.
BY_ITSELF = timedelta(days=30)
ACTOR = "平台"
#: Why a file did not come; the network is no reason of its own, it is said of everything.
ABSENT, WRONG, FAILED, NOT_GIVEN = "absent", "wrong", "failed", "not-given"
#: Until the next try: the other workstation may still be sending; a wrong content or an older platform does not mend itself.
_PAUSES = {
    ABSENT: timedelta(minutes=10),
    WRONG: timedelta(hours=6),
    FAILED: timedelta(minutes=2),
    NOT_GIVEN: timedelta(hours=6),
}
#: The codes of `not_here` beside COMING: it does not come now, or never.
NOT_NOW, NOT_HERE = "file-not-now", "file-not-here"
_WORDS = {
    NOT_GIVEN: "平台不提供证明材料文件的下载；请到添加它的工作站查看",
    ABSENT: "平台上还没有这个文件：添加它的工作站可能还没有上传完；请稍后再打开，或到添加它的工作站查看",
    WRONG: "平台给出的内容与记录中的文件指纹不符，没有采用；请到添加它的工作站查看，并联系信息科",
    FAILED: "没有取到这个文件，稍后会自动再取；请稍后再打开，或到添加它的工作站查看",
}


class Fetching:
    """The files that one store lacks, as the network lane sees them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def following(self) -> Wanted | None:
        """Return the file to be fetched now, None when none is due."""
        now = self.clock.now()
        with self.store.read() as tx:
            return wanted_files.following(tx, now=now, since=now - BY_ITSELF)

    def next_due(self) -> datetime | None:
        """Return when a file may be fetched next (a moment that may have passed), None when none is wanted."""
        with self.store.read() as tx:
            return wanted_files.next_due(tx, since=self.clock.now() - BY_ITSELF)

    def arrived(self, wanted: Wanted, content: bytes) -> bool:
        """Keep a content that came; False, and noted as wrong, when it is not the file that was wanted."""
        now = self.clock.now()
        media_type = recognise(content)
        whole = files.digest(content) == wanted.sha256 and media_type is not None
        with self.store.write() as tx:
            if not whole or media_type is None:
                wanted_files.failed(tx, wanted.sha256, trouble=WRONG, next_at=now + _PAUSES[WRONG])
                return False
            if files.keep(tx, media_type, content, at=now):
                detail = {"size": len(content)}
                object_ = f"file/{wanted.sha256}"
                audit.note(
                    tx, self.store.audit_key, at=now, actor=ACTOR, action=files.ADDED, object_=object_, detail=detail
                )
            wanted_files.forget(tx, wanted.sha256)
            files.note_sent(tx, wanted.sha256, at=now)
        return True

    def failed(self, wanted: Wanted, trouble: str) -> None:
        """Note why a file did not come, one of ABSENT, WRONG, FAILED, NOT_GIVEN."""
        with self.store.write() as tx:
            wanted_files.failed(tx, wanted.sha256, trouble=trouble, next_at=self.clock.now() + _PAUSES[trouble])


def want(tx: Transaction, declared: RecordType, values: Values, now: datetime) -> None:
    """Note the files that a record from elsewhere names and that are not here, with the record itself."""
    at = values.get(declared.newest_by)
    since = min(at, now) if isinstance(at, datetime) else now
    for one in named(declared, values):
        wanted_files.want(tx, one.entry["sha256"], one.entry["size"], since=since)


def not_here(store: Store, clock: Clock, sha256: str, *, ask: bool) -> KnownProblem:
    """Return why a file is not here, in words, with one of COMING, NOT_NOW and NOT_HERE as code.

    `ask`: somebody wants to look at it, so that it is fetched next, whatever was noted before.
    """
    if ask:
        with store.write() as tx:
            wanted_files.ask(tx, sha256, at=clock.now())
    with store.read() as tx:
        wanted = wanted_files.find(tx, sha256)
        hindered = facts.trouble(tx)
    if wanted is None:
        return KnownProblem("本机没有这个文件的内容：它是在另一台工作站添加的，请到那里查看", code=NOT_HERE)
    if wanted.trouble:
        return KnownProblem(_WORDS[wanted.trouble], code=NOT_NOW)
    if hindered:
        words = f"本机还没有这个文件，现在也取不到（{hindered}）；恢复后会自动取回，急用请到添加它的工作站查看"
        return KnownProblem(words, code=NOT_NOW)
    return KnownProblem("正在从平台取回，到了会自动打开…", code=COMING)
