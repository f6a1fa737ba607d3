"""What a site changed in code tables, and what the tables are by it: a fold over a history that only ever grows.

A change is taken back by a further one that names it, never by removing it; an entry is hidden by being retired, never
by being removed. The danger is a key that means another thing tomorrow: records hold keys, so a word that an entry ever
bore is never given to another one (operations.table_desk refuses it), and what is shown for a key is still its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Entry = Mapping[str, Any]
"""One entry of a table: key, word, facets; `retired` and `added` where a site did that."""

Entries = Mapping[str, Entry]


class Act(StrEnum):
    """What a change does: a site sets, adds, retires and reverts; a word is learned from a record of another site."""

    SET = "set"
    ADD = "add"
    RETIRE = "retire"
    REVERT = "revert"
    LEARN = "learn"


ACT_WORDS = {Act.SET: "修改", Act.ADD: "新增", Act.RETIRE: "停用", Act.REVERT: "撤销", Act.LEARN: "随记录收到"}


@dataclass(frozen=True)
class Change:
    """One change of one entry. `place` counts from 1; `reverts` is the number of the change that a revert takes back."""

    seq: int
    table: str
    key: str
    act: Act
    word: str | None = None
    place: int | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)
    reverts: int | None = None


def standing(changes: Iterable[Change]) -> Iterator[Change]:
    """Yield, in their order, the changes that hold: neither taken back nor taking back."""
    whole = sorted(changes, key=lambda one: one.seq)
    gone = {one.reverts for one in whole if one.act is Act.REVERT}
    return (one for one in whole if one.act is not Act.REVERT and one.seq not in gone)


def fold(shipped: Entries, changes: Iterable[Change]) -> dict[str, Entry]:
    """Return the entries of a table by the changes of that table, in their order; changes of no entry do nothing."""
    entries: dict[str, Entry] = dict(shipped)
    for change in standing(changes):
        key = change.key
        if change.act is Act.LEARN:
            if key not in entries:
                entries[key] = {"key": key, "word": change.word, "added": True, "retired": True}
            continue
        before = entries.get(key)
        if change.act is Act.ADD:
            # What was only learned becomes the site's own.
            if before is None or before.get("added"):
                entries[key] = {"key": key, "word": change.word, "added": True, **change.facets}
        elif before is None:
            continue
        elif change.act is Act.RETIRE:
            entries[key] = {**before, "retired": True}
        else:
            word = {} if change.word is None else {"word": change.word}
            entries[key] = {**before, **word, **change.facets}
        if change.place is not None and key in entries:
            entries = _moved(entries, key, change.place)
    return entries


def _moved(entries: dict[str, Entry], key: str, place: int) -> dict[str, Entry]:
    order = [other for other in entries if other != key]
    order.insert(place - 1, key)
    return {other: entries[other] for other in order}


@dataclass(frozen=True)
class Effective:
    """A table as it is read: all entries, those for new records, and the keys by their words."""

    entries: Entries
    offered: tuple[str, ...]
    keys: Mapping[str, str]


class Overlay:
    """The changes of one site, never changed itself; `mark` is the number of the last one."""

    def __init__(self, changes: Iterable[Change] = ()) -> None:
        self.changes = tuple(sorted(changes, key=lambda one: one.seq))
        self.mark = self.changes[-1].seq if self.changes else 0
        self._known: dict[str, Effective] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Overlay) and self.changes == other.changes

    def __hash__(self) -> int:
        return hash(self.mark)

    def of(self, name: str, shipped: Entries) -> Effective:
        """Return the table of this name; `shipped` are its entries as the program brings them along."""
        found = self._known.get(name)
        if found is None:
            entries = fold(shipped, (one for one in self.changes if one.table == name))
            offered = tuple(key for key, entry in entries.items() if not entry.get("retired"))
            # The first of two that bear one word, as before anybody looked at it here.
            keys = {str(entry["word"]): key for key, entry in reversed(entries.items())}
            # Two threads may both make it, and both make the same.
            found = self._known[name] = Effective(entries, offered, keys)
        return found

    def learning(self, words: Mapping[str, Mapping[str, str]]) -> Overlay:
        """Return an overlay that also knows these words, by table and key; what is known already stays as it is."""
        pairs = [(name, key, word) for name, by_key in words.items() for key, word in by_key.items()]
        if not pairs:
            return self
        learned = (
            Change(self.mark + number, name, key, Act.LEARN, word)
            for number, (name, key, word) in enumerate(pairs, start=1)
        )
        return Overlay((*self.changes, *learned))
