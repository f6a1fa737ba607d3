"""Words about code tables: look at them, change what a site may change, see what was changed and take it back."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.cli.calling import YES, everywhere, profile, say
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from bloodbank_desktop.operations.table_desk import TableDesk
    from bloodbank_desktop.records.overlay import Change
    from bloodbank_desktop.records.tables import Table


def add_tables(words: Any) -> None:
    """Add the words, which stand behind `table`."""
    parser = words.add_parser("table", help="code tables and what this site changed in them", parents=[everywhere()])
    table_words = parser.add_subparsers(required=True, metavar="WORD")

    def word(name: str, run: Any, help_: str, *arguments: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = table_words.add_parser(
            name, help=help_, description=help_, parents=[everywhere()]
        )
        for argument in arguments:
            made.add_argument(argument, metavar=argument.upper())
        made.set_defaults(run=run)
        return made

    word("list", _list, "show every table with source, version and how far it may be changed")
    word("show", _show, "show the entries of a table and every change", "name")
    for name, run, help_ in (
        ("set", _set, "give an entry another word, place or content"),
        ("add", _add, "add an entry"),
    ):
        made = word(name, run, help_, "name", "key")
        made.add_argument("--word", required=name == "add", metavar="TEXT")
        made.add_argument("--place", type=int, metavar="N", help="from 1")
        made.add_argument("--facet", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
        made.add_argument("--reason", required=True, metavar="TEXT")
    made = word("retire", _retire, "hide an entry from new records; old ones stay as they are", "name", "key")
    made.add_argument("--reason", required=True, metavar="TEXT")
    made = word("revert", _revert, "take back a change by its number, as `table show` gives it", "name")
    made.add_argument("number", type=int, metavar="NUMBER")
    made.add_argument("--reason", required=True, metavar="TEXT")


def _list(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.table_desk import TableDesk

    with profile(options) as opened:
        found = TableDesk(opened.desk).overview()
        say({"tables": [{**_head(one.table), "entries": len(one.table), "changed": one.changed} for one in found]})
    return YES


def _head(table: Table) -> dict[str, Any]:
    names = ("name", "label", "version", "source")
    return {**{name: getattr(table, name) for name in names}, "changeable": str(table.site)}


def _show(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.table_desk import TableDesk

    with profile(options) as opened:
        desk = TableDesk(opened.desk)
        say(_whole(desk, desk.table(options.name)))
    return YES


def _whole(desk: TableDesk, table: Table) -> dict[str, Any]:
    changes = [
        {**_change(one.change), "at": one.at, "actor": one.actor, "reason": one.reason}
        for one in desk.history(table.name)
    ]
    return {**_head(table), "entries": list(table.entries.values()), "changes": changes}


def _change(change: Change) -> dict[str, Any]:
    said = {"word": change.word, "place": change.place, "facets": dict(change.facets), "reverts": change.reverts}
    stated = {name: value for name, value in said.items() if value}
    return {"number": change.seq, "table": change.table, "key": change.key, "act": str(change.act), **stated}


def _do(options: argparse.Namespace, deed: Callable[[TableDesk], Change]) -> int:
    from bloodbank_desktop.operations.table_desk import TableDesk

    with profile(options) as opened:
        say(_change(deed(TableDesk(opened.desk))))
    return YES


def _set(options: argparse.Namespace) -> int:
    stated = {"word": options.word, "place": options.place, "facets": _facets(options.facet)}
    return _do(options, lambda desk: desk.set(options.name, options.key, reason=options.reason, **stated))


def _add(options: argparse.Namespace) -> int:
    stated = {"word": options.word, "place": options.place, "facets": _facets(options.facet)}
    return _do(options, lambda desk: desk.add(options.name, options.key, reason=options.reason, **stated))


def _facets(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise KnownProblem("--facet 请写作 名称=内容，例如 component=RBC-S", code="wrong-facet")
    return {name: value for name, _, value in pairs}


def _retire(options: argparse.Namespace) -> int:
    return _do(options, lambda desk: desk.retire(options.name, options.key, reason=options.reason))


def _revert(options: argparse.Namespace) -> int:
    return _do(options, lambda desk: desk.revert(options.number, table=options.name, reason=options.reason))
