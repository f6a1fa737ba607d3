"""Fill a new training profile with years of records in minutes: `python -m tests.generate --records N --into FOLDER`.

With `--mix` they are of all modules and linked to each other (tests/generate_chain.py), without it requests alone, the
longest list there is, and bags in stock.
The rows are those of the program itself – storage says what they look like, this file only hands them over in bulk – so
that what is measured on them holds for a real file, and `storage.verify` finds nothing wrong with it. Nobody in it
exists: names are drawn from lists, numbers and check digits computed (tests/samples.py).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from bloodbank_desktop.operations import effects
from bloodbank_desktop.operations.arrivals import ACTOR
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import RecordType, Values
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.records.wire import body, canonical, digest
from bloodbank_desktop.storage import audit, outbox, platform_rows, rows, tables
from bloodbank_desktop.storage.engine import begun
from bloodbank_desktop.storage.ledger import Cause
from bloodbank_desktop.storage.names import SEQ
from bloodbank_desktop.storage.search import grams
from tests import samples

YEARS = timedelta(days=3650)
"""How far back the oldest record lies."""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石"
    "金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_FIRST = "建志文国明海晓春秀玉丽淑桂永德家子俊"
_SECOND = "国华平军英红芳兰强敏杰涛辉霞燕玲梅宁"
GIVEN = tuple(first + second for first in _FIRST for second in _SECOND) + tuple("伟芳娜敏静强磊洋艳勇")
BAGS_A_DELIVERY = 100
_AT_ONCE = 5000
_MANY_JOBS = 4
_WORKERS = 2


def person(index: int) -> str:
    """Return a made-up name; the same index gives the same name, and common ones are as common as rare ones."""
    return SURNAMES[index * 7 % len(SURNAMES)] + GIVEN[index * 31 % len(GIVEN)]


def request(index: int, count: int, now: datetime) -> tuple[Values, datetime]:
    """Return one of `count` requests spread evenly over the years, and when it was saved."""
    # Whole seconds, as the program keeps them: what is finer does not travel.
    at = (now - YEARS * ((count - index) / (count + 1))).replace(microsecond=0)
    return samples.request_values(index, now=at, patient_name=person(index)), at


def delivery(index: int, count: int, now: datetime) -> tuple[Values, datetime]:
    """Return one delivery of a hundred bags that are all in date, and when it was saved."""
    return samples.stock_in_values(BAGS_A_DELIVERY, index, now=now), now


Maker = Callable[[int, int, datetime], tuple[Values, datetime]]
"""Of index, count and the present: a record and when it was saved. At home in a module, for the other processes."""

_MAKERS: dict[str, Maker] = {"transfusion_request": request, "stock_in": delivery}


@dataclass(frozen=True)
class _Job:
    """Records `first` to `last` (not included) of `count`, to be numbered from `dseq` on in the outbox.

    What `arrived` was made by the platform and never stood in the outbox.
    """

    kind: str
    make: Maker
    first: int
    last: int
    count: int
    dseq: int
    now: datetime
    incarnation: str
    sent: bool
    arrived: bool = False


@dataclass
class _Part:
    """The rows of a job, and what the stock learns from it."""

    heads: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    grams: list[dict[str, Any]] = field(default_factory=list)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    copies: list[dict[str, Any]] = field(default_factory=list)
    acts: list[tuple[Values, Cause, str]] = field(default_factory=list)


def _prepare(job: _Job) -> _Part:
    """Make the rows of a job; everything that needs no database, hence in other processes."""
    declared = record_type(job.kind)
    part = _Part(lines={f.key: [] for f, _ in declared.groups})
    for index in range(job.first, job.last):
        values, at = job.make(index, job.count, job.now)
        if index == 0 and (wrong := problems(declared, tidy(declared, values))):
            raise ValueError(f"the samples are not valid: {wrong}")
        actor = ACTOR if job.arrived else samples.STAFF[0]
        act = Cause(declared.key, new_id(), declared.name_of(values), actor, at)
        seq, texts = index + 1, rows.searched(declared, values)
        head = rows.new_head(declared, act.record_id, values, texts, at=at, actor=act.actor)
        part.heads.append({SEQ: seq} | head)
        for f, of in declared.groups:
            part.lines[f.key] += rows.line_rows(of, seq, values.get(f.key) or ())
        part.grams.append({"seq": seq, "grams": grams(texts)})
        content = body(declared, values)
        payload = canonical(content)
        part.acts.append((values if effects.moves_bags(act.kind) else {}, act, digest(payload)))
        if declared.travels and (job.sent or job.arrived):
            told = content if job.arrived else None
            part.copies.append(platform_rows.row(act.kind, act.record_id, 1, at=at, body=told))
        if job.arrived or not declared.travels:
            continue
        waiting = outbox.new_row(
            job.dseq + index - job.first,
            job.incarnation,
            record_id=act.record_id,
            kind=act.kind,
            name=act.name,
            op="register",
            base_version=None,
            payload=payload,
            actor=act.actor,
            at=at,
        )
        done = {"state": "done", "attempts": 1, "server_version": 1, "settled_at": at}
        part.outbox.append({**waiting, **done} if job.sent else waiting)
    return part


class Filler:
    """Writes records into one new file as if each had been registered there, one after the other."""

    def __init__(self, profile: Profile, now: datetime) -> None:
        self._profile = profile
        self._now = now
        self._dseq = 0
        self._noted = 0
        self._seal = ""

    def fill(
        self, kind: str, count: int, *, sent: bool = True, make: Maker | None = None, arrived: bool = False
    ) -> None:
        """Write that many records of one module, which must be empty: `sent` long ago, waiting to be, or `arrived`."""
        incarnation = self._profile.dispatch.identity.incarnation
        make = make or _MAKERS[kind]
        jobs = []
        for first in range(0, count, _AT_ONCE):
            last, dseq = min(first + _AT_ONCE, count), self._dseq + first + 1
            jobs.append(_Job(kind, make, first, last, count, dseq, self._now, incarnation, sent, arrived))
        with _hurried(self._profile) as connection, _workers(len(jobs)) as prepare:
            for part in prepare(jobs):
                with begun(connection, write=True):
                    self._write(connection, record_type(kind), part, arrived)

    def _write(self, tx: Connection, declared: RecordType, part: _Part, arrived: bool) -> None:
        head, members = rows.inserts(declared.key)
        tx.execute(head, part.heads)
        for key, found in part.lines.items():
            if found:
                tx.execute(members[key], found)
        tx.execute(rows.index_statement(declared.key), part.grams)
        if part.outbox:
            tx.execute(insert(tables.outbox), part.outbox)
        effect = effects.EFFECTS.get(declared.key)
        notes: list[dict[str, Any]] = []
        for values, act, content in part.acts:
            if effect is not None:
                effect.apply(tx, values, act)
            notes.append(self._note(act, arrived, content))
        tx.execute(insert(tables.audit), notes)
        if part.copies:
            platform_rows.keep(tx, part.copies)

    def _note(self, act: Cause, arrived: bool, sha256: str) -> dict[str, Any]:
        detail: dict[str, Any] = {"version": 1} if arrived else {"dseq": None}
        if not arrived and record_type(act.kind).travels:
            self._dseq += 1
            detail = {"dseq": self._dseq}
        note = audit.sealed(
            self._profile.store.audit_key,
            self._noted,
            self._seal,
            at=act.at,
            actor=act.actor,
            action="platform-register" if arrived else "register",
            object_=f"{act.kind}/{act.record_id}",
            detail=detail | {"sha256": sha256},
        )
        self._noted, self._seal = self._noted + 1, note["mac"]
        return note


@contextmanager
def _workers(jobs: int) -> Iterator[Callable[[Iterable[_Job]], Iterator[_Part]]]:
    """Give a map over jobs, in order: in other processes when there are many, never far ahead of the writer."""
    if jobs < _MANY_JOBS:
        yield lambda all_: map(_prepare, all_)
        return
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as pool:

        def ahead(all_: Iterable[_Job]) -> Iterator[_Part]:
            source = iter(all_)
            running = deque(pool.submit(_prepare, job) for job in islice(source, _WORKERS + 1))
            while running:
                part = running.popleft().result()
                running.extend(pool.submit(_prepare, job) for job in islice(source, 1))
                yield part

        yield ahead


@contextmanager
def _hurried(profile: Profile) -> Iterator[Connection]:
    """Give a connection that does not wait for the disk: a file that is half made after a power cut is made again."""
    with profile.store.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for pragma in ("synchronous = OFF", "cache_size = -1048576"):
            driver.execute(f"PRAGMA {pragma}").fetchall()
        yield connection
        # Not back into the pool: whoever saves next must wait for the disk.
        connection.invalidate()


@contextmanager
def filling(folder: Path, now: datetime | None = None) -> Iterator[Filler]:
    """Give what fills a new training profile. Raises FileExistsError if the folder holds something."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    profile = open_profile(folder, training=True)
    try:
        yield Filler(profile, (now or profile.desk.clock.now()).replace(microsecond=0))
    finally:
        profile.close()


def generate(folder: Path, *, records: int = 0, stock: int = 0, sent: bool = True, now: datetime | None = None) -> None:
    """Make a new training profile with that many requests, and bags in whole deliveries of a hundred.

    Raises FileExistsError if the folder holds something.
    """
    with filling(folder, now) as filler:
        filler.fill("stock_in", -(-stock // BAGS_A_DELIVERY))
        filler.fill("transfusion_request", records, sent=sent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the profile and say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m tests.generate", description=__doc__)
    parser.add_argument("--records", type=int, default=10_000, help="transfusion requests; of all modules with --mix")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--stock", type=int, default=0, help="bags in stock, rounded up to hundreds")
    what.add_argument("--mix", action="store_true", help="records of all modules, linked to each other")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="profile folder, new or empty")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    if options.mix:
        from tests import generate_chain

        generate_chain.generate(options.into, options.records)
        what_is_there = f"{options.records:,} records of all modules"
    else:
        generate(options.into, records=options.records, stock=options.stock)
        what_is_there = f"{options.records:,} requests and {options.stock:,} bags"
    print(f"{what_is_there} in {time.monotonic() - began:.0f} s: {options.into}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
