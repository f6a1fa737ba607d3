"""What an administrator does to code tables: words, order, further entries, retiring; each with a reason and undone by name.

Records hold keys. So a key that is in use is never removed and never means something else: a word that one entry ever
bore is not given to another, what says the meaning of an entry in use stays, and a retired entry keeps its word. A table
that a standard or the platform fixes is not changed at all (`records.tables.Site`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records import tables
from bloodbank_desktop.records.kinds import Number, Unreadable
from bloodbank_desktop.records.overlay import Act, Change, Entry, fold, standing
from bloodbank_desktop.records.tables import Facet, Site, Table
from bloodbank_desktop.records.wire import MOST_WORD, is_word
from bloodbank_desktop.storage import table_changes
from bloodbank_desktop.storage.store import Transaction
from bloodbank_desktop.storage.table_changes import Noted

#: What a person must be allowed to change tables.
PERMISSION = "administer-tables"
SITE_WORDS = {Site.NOTHING: "不可更改", Site.WORDS: "可改名称和次序", Site.ENTRIES: "可增改、可停用"}


@dataclass(frozen=True)
class Overview:
    """One table in the list of tables; `changed` counts the changes of this site that hold."""

    table: Table
    changed: int


class TableDesk:
    """The code tables of one desk. Every act asks the person for PERMISSION; everybody may look."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # -- looking ---------------------------------------------------------------------------------------------------

    def overview(self) -> list[Overview]:
        """Return every table with what the site changed in it, those that can be changed first."""
        with self._desk.store.read() as tx:
            self._desk.tables.follow(tx)
            changes = [noted.change for noted in table_changes.history(tx)]
        counts: dict[str, int] = {}
        for change in standing(changes):
            counts[change.table] = counts.get(change.table, 0) + 1
        found = [Overview(tables.table(name), counts.get(name, 0)) for name in tables.names()]
        order = list(Site)[::-1]
        return sorted(found, key=lambda one: (order.index(one.table.site), one.table.label))

    def table(self, name: str) -> Table:
        """Return one table as it is in force. Raises KnownProblem if there is none."""
        if name not in tables.names():
            raise KnownProblem(f"没有代码表“{name}”，请用 table list 查看全部代码表", code="unknown-table")
        self._desk.tables.look()
        return tables.table(name)

    def history(self, name: str) -> list[Noted]:
        """Return what was ever changed in a table, oldest first."""
        with self._desk.store.read() as tx:
            return table_changes.history(tx, self.table(name).name)

    # -- doing -----------------------------------------------------------------------------------------------------

    def set(
        self,
        name: str,
        key: str,
        *,
        reason: str,
        word: str | None = None,
        place: int | None = None,
        facets: Mapping[str, str] | None = None,
    ) -> Change:
        """Give an entry another word, place (from 1) or facets, as they are written by people. Raises KnownProblem."""
        with self._writing() as tx:
            found = self._open(tx, name, Site.WORDS, reason)
            before = _entry(found, key)
            stated = _facets(found, facets or {})
            new_word = None if word is None or word.strip() == before["word"] else word.strip()
            stated = {name: value for name, value in stated.items() if before.get(name) != value}
            if place is not None and not 1 <= place <= len(found):
                raise KnownProblem(f"次序应在 1 到 {len(found)} 之间", code="wrong-place")
            if place is not None and list(found)[place - 1] == key:
                place = None
            if new_word is None and place is None and not stated:
                raise KnownProblem("没有改动，请填写新的名称、次序或内容", code="nothing-changed")
            if new_word is not None:
                self._refuse_word(tx, found, key, new_word)
            self._refuse_other_meaning(tx, found, key, stated)
            return self._keep(tx, Change(0, name, key, Act.SET, new_word, place, stated), reason)

    def add(
        self,
        name: str,
        key: str,
        *,
        word: str,
        reason: str,
        place: int | None = None,
        facets: Mapping[str, str] | None = None,
    ) -> Change:
        """Add an entry under a new key. Raises KnownProblem."""
        with self._writing() as tx:
            found = self._open(tx, name, Site.ENTRIES, reason)
            key, word = key.strip(), word.strip()
            if not re.fullmatch(found.keys, key):
                how = found.keys_help or "小写英文字母开头，只含小写字母、数字和下划线，最多 40 个字符"
                raise KnownProblem(f"代码“{key}”不合要求，应为：{how}", code="wrong-key")
            known = found.entries.get(key)
            if known is not None and not _learned(tx, name, key):
                raise KnownProblem(
                    f"代码“{key}”已经有了（{known['word']}{'，已停用' if known.get('retired') else ''}），不能再新增",
                    code="key-taken",
                )
            self._refuse_word(tx, found, key, word)
            stated = _facets(found, facets or {})
            for facet in found.facets:
                if facet.required and facet.key not in stated:
                    raise KnownProblem(f"请填写{facet.label}", code="facet-required")
            if place is not None and not 1 <= place <= len(found) + 1:
                raise KnownProblem(f"次序应在 1 到 {len(found) + 1} 之间", code="wrong-place")
            return self._keep(tx, Change(0, name, key, Act.ADD, word, place, stated), reason)

    def retire(self, name: str, key: str, *, reason: str) -> Change:
        """Hide an entry from new records; those that have it stay as they are. Raises KnownProblem."""
        with self._writing() as tx:
            found = self._open(tx, name, Site.ENTRIES, reason)
            before = _entry(found, key)
            if before.get("kept"):
                raise KnownProblem(f"“{before['word']}”是程序要用到的，不能停用；可以改它的名称", code="kept")
            if before.get("retired"):
                raise KnownProblem(f"“{before['word']}”已经停用", code="retired-already")
            if len(found.offered) == 1:
                raise KnownProblem("这是最后一项，停用后就没有可选的了；请先新增一项", code="last-entry")
            return self._keep(tx, Change(0, name, key, Act.RETIRE), reason)

    def revert(self, seq: int, *, table: str, reason: str) -> Change:
        """Take back the change of a table with this number; both stay in the history. Raises KnownProblem."""
        with self._writing() as tx:
            found = self._open(tx, table, Site.WORDS, reason)
            changes = [noted.change for noted in table_changes.history(tx, table)]
            change = next((one for one in standing(changes) if one.seq == seq), None)
            if change is None or change.act is Act.LEARN:
                raise KnownProblem(f"没有第 {seq} 号改动，或它已经撤销；请在改动记录中核对编号", code="no-such-change")
            later = [one for one in standing(changes) if one.seq > seq and one.key == change.key]
            if later:
                numbers = "、".join(str(one.seq) for one in later)
                raise KnownProblem(f"这一项后来又改过，请先撤销第 {numbers} 号改动", code="changed-since")
            if change.act is Act.ADD and table_changes.used(tx, table, change.key):
                words = f"“{found.word(change.key)}”已经用在记录中，不能撤销新增；如不再使用，请停用它"
                raise KnownProblem(words, code="in-use")
            self._refuse_other_meaning(tx, found, change.key, change.facets if change.act is Act.SET else {})
            left = (one for one in changes if one.seq != seq)
            if not any(not entry.get("retired") for entry in fold(found.shipped, left).values()):
                raise KnownProblem("撤销后就没有可选的了；请先新增一项", code="last-entry")
            return self._keep(tx, Change(0, table, change.key, Act.REVERT, reverts=seq), reason)

    # -- within ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        """Give a transaction to who may; what was changed in it is in force here when it is on the disk."""
        self._desk.need(PERMISSION)
        with self._desk.store.write() as tx:
            yield tx
        self._desk.tables.look()

    def _open(self, tx: Transaction, name: str, wanted: Site, reason: str) -> Table:
        """Return the table as it is now, if a site may change so much of it."""
        if name not in tables.names():
            raise KnownProblem(f"没有代码表“{name}”，请用 table list 查看全部代码表", code="unknown-table")
        self._desk.tables.follow(tx)
        found = tables.table(name)
        if found.site is Site.NOTHING:
            why = f"《{found.label}》由标准或平台规定（{found.source}），本院不能更改"
            raise KnownProblem(why, code="not-changeable")
        if found.site is Site.WORDS and wanted is Site.ENTRIES:
            why = f"《{found.label}》的各项由程序或平台使用，只能改名称和次序，不能增加或停用"
            raise KnownProblem(why, code="not-changeable")
        if not reason.strip():
            raise KnownProblem("请写明为什么改动代码表", code="reason-required")
        return found

    def _refuse_word(self, tx: Transaction, found: Table, key: str, word: str) -> None:
        if not is_word(word):
            why = f"名称应为一行文字，最多 {MOST_WORD} 个字，不含逗号、顿号和分号"
            raise KnownProblem(why, code="wrong-word")
        bearers = {entry["word"]: other for other, entry in found.shipped.items()}
        for noted in table_changes.history(tx, found.name):
            # What was added and taken back before anybody used it leaves its word free.
            if noted.change.word is not None and noted.change.key in found:
                bearers.setdefault(noted.change.word, noted.change.key)
        other = bearers.get(word, key)
        if other != key:
            # An older file or print that says this word would mean something else from now on.
            raise KnownProblem(f"“{word}”是或曾是代码“{other}”的名称，不能给另一项用；请另取名称", code="word-taken")

    def _refuse_other_meaning(self, tx: Transaction, found: Table, key: str, stated: Mapping[str, Any]) -> None:
        said = [facet.label for facet in found.facets if facet.meaning and facet.key in stated]
        if not said:
            return
        if key in found.shipped or table_changes.used(tx, found.name, key):
            words = f"“{found.word(key)}”已经用在记录中或随程序提供，不能改{'、'.join(said)}；请停用它并另行新增"
            raise KnownProblem(words, code="in-use")

    def _keep(self, tx: Transaction, change: Change, reason: str) -> Change:
        whole = replace(change, seq=table_changes.mark(tx) + 1)
        desk = self._desk
        table_changes.add(tx, whole, at=desk.clock.now(), actor=desk.actor, reason=reason.strip())
        said = {"word": whole.word, "place": whole.place, "facets": dict(whole.facets), "reverts": whole.reverts}
        detail = {"seq": whole.seq, "reason": reason.strip(), **{k: v for k, v in said.items() if v}}
        desk.note(tx, f"table-{whole.act}", "table", f"{whole.table}/{whole.key}", detail)
        return whole


def _entry(found: Table, key: str) -> Entry:
    entry = found.entries.get(key)
    if entry is None:
        raise KnownProblem(f"《{found.label}》中没有代码“{key}”", code="unknown-code")
    return entry


def _learned(tx: Transaction, name: str, key: str) -> bool:
    """Whether an entry is only known from records of other sites."""
    acts = [one.act for one in standing(n.change for n in table_changes.history(tx, name)) if one.key == key]
    return Act.LEARN in acts and Act.ADD not in acts


def facet_kind(facet: Facet) -> Number:
    """Return the number that a facet without a table is."""
    return Number(Decimal(facet.low), Decimal(facet.high), facet.places)


def facet_text(facet: Facet, value: Any) -> str:
    """Return a facet as people read it, "" where the entry does not state it."""
    if value is None:
        return ""
    return tables.table(facet.table).word(str(value)) if facet.table else str(value)


def _facets(found: Table, stated: Mapping[str, str]) -> dict[str, Any]:
    """Return facets as the table keeps them, of what people wrote; blank means not stated."""
    known = {facet.key: facet for facet in found.facets}
    values: dict[str, Any] = {}
    for name, text in stated.items():
        if name not in known:
            raise KnownProblem(f"《{found.label}》没有“{name}”这一项内容", code="unknown-facet")
        if text.strip():
            values[name] = _facet(known[name], text.strip())
    return values


def _facet(facet: Facet, text: str) -> Any:
    if facet.table:
        of = tables.table(facet.table)
        key = text if text in of else of.key_of(text)
        if key is None:
            raise KnownProblem(f"{facet.label}：《{of.label}》中没有“{text}”", code="wrong-facet")
        return key
    kind = facet_kind(facet)
    try:
        value = kind.parse(text)
    except Unreadable as problem:
        raise KnownProblem(f"{facet.label}：{problem.message}", code="wrong-facet") from problem
    assert value is not None
    for _, words in kind.check(value):
        raise KnownProblem(f"{facet.label}：{words}", code="wrong-facet")
    return f"{value.normalize():f}" if facet.places else int(value)
