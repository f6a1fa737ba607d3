"""Words about one record: what a code is, register, change, delete, activate, reverse, list, show, begin the next."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bloodbank_desktop.cli.calling import NO, WRONG_CALL, YES, AddWord, limit, no, profile, read, saved, say, second
from bloodbank_desktop.cli.file_words import with_files
from bloodbank_desktop.cli.stock_words import bag_named
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.problems import Problem

if TYPE_CHECKING:
    from bloodbank_desktop.operations.opening import Profile
    from bloodbank_desktop.records.declare import RecordType
    from bloodbank_desktop.rules.overriding import Override, Passage

_EXAMPLE = '{"rule": "certificate-quota", "line": null, "reason": "physician_agreed", "comment": "…"}'


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    decode = word("decode", _decode, "say what a scanned or typed code is", "text")
    decode.add_argument("--profile", default="cn-tolerant", help="rules of the bag codes (default: %(default)s)")
    register = word("register", _register, "save a new record from a JSON file", "kind", "file")
    amend = word("amend", _amend, "change a record: fields of the file replace, null empties", "kind", "id", "file")
    delete = word("delete", _delete, "delete a record; it stays in the file, marked", "kind", "id")
    for made in (register, amend):
        made.add_argument(
            "--override",
            type=Path,
            metavar="FILE",
            help='JSON [{"rule", "line", "reason", "comment"}] of what is passed',
        )
    for made in (amend, delete):
        made.add_argument("--reason", default="", help="why, for the audit")
    made = word("activate", _activate, "activate a plan, one way and once", "kind", "id")
    made.add_argument("--link", metavar="NO", help="the review or request that the plan is used for")
    made = word("reverse", _reverse, "take a delivery or some bags of it back by a linked reversal", "id")
    made.add_argument("--reason", required=True, metavar="TEXT")
    made.add_argument("--bag", action="append", metavar="NUMBER/PRODUCT[/SPLIT]", help="only this; may be repeated")
    listing = word("list", _list, "list records, the newest first", "kind")
    listing.add_argument("--search", default="", metavar="TEXT")
    listing.add_argument("--limit", type=limit, default=100, metavar="N")
    word("show", _show, "show a record with its answers and history", "kind", "id")
    word("follow", _follow, "keep the draft of what follows from a record, and show it", "kind", "id", "what")


def _decode(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.codes.profiles import built_in
    from bloodbank_desktop.records.codes.scan import read, scan_as_json

    if options.profile not in built_in():
        known = "、".join(built_in())
        no([Problem("", "unknown-profile", f"没有袋码规则“{options.profile}”；可用：{known}")])
        return WRONG_CALL
    scan = read(options.text, profile=options.profile)
    whole = scan_as_json(scan)
    # Exactly the promised keys: what else a scan knows is for the dialog.
    say(
        {
            "ok": whole["ok"],
            "structures": [{key: one[key] for key in ("number", "name", "fields")} for one in whole["structures"]],
            "problems": [{key: one[key] for key in ("code", "message")} for one in whole["problems"]],
            "raw": whole["raw"],
        }
    )
    return YES if scan.ok else NO


def _register(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import from_json

    declared = record_type(options.kind)
    picked: list[Path] = []
    whole = with_files(declared, options.file, picked)
    with profile(options) as opened:
        # Here and not before: the file may state a key that this site added to a code table.
        values, unread = from_json(declared, whole)
        if unread:
            return no(unread)
        for path in picked:
            opened.desk.add_file(path)
        say(saved(opened.desk.register(options.kind, values, passage=_passage(opened, options, declared))))
    return YES


def _passage(opened: Profile, options: argparse.Namespace, declared: RecordType, *, signs: bool = True) -> Passage:
    """Return what the caller brings along: the second person's signature, and overrides, which she signs as well.

    `signs`: whether the record itself may have a field for the second person to sign. Raises KnownProblem.
    """
    from bloodbank_desktop.records.declare import OPERATOR
    from bloodbank_desktop.rules.overriding import Passage

    purposes = [f.signed for f in declared.signed if f.signed != OPERATOR] if signs else []
    if options.second_given and not purposes and options.override is None:
        raise KnownProblem(f"{declared.label}不需要第二人签名，请去掉 --second", code="wrong-act")
    overrides = tuple(_overrides(opened, options)) if options.override is not None else ()
    return Passage(overrides, second(opened, options, purposes[0]) if purposes else None)


def _overrides(opened: Profile, options: argparse.Namespace) -> Iterator[Override]:
    from bloodbank_desktop.rules.overriding import Override, purpose

    whole = read(options.override)
    if not isinstance(whole, list):
        raise KnownProblem(f"{options.override} 应当是授权的列表，例如 [{_EXAMPLE}]，请改正后再试", code="wrong-value")
    for one in whole:
        match one:
            # True is an int to Python, and no line.
            case {
                "rule": str(rule),
                "line": None | int() as line,
                "reason": str(reason),
                "comment": str(comment),
                **rest,
            } if not rest and not isinstance(line, bool):
                yield Override(rule, line, reason, comment, second(opened, options, purpose(rule, line)))
            case _:
                words = f"每项授权要写成 {_EXAMPLE}，不多不少（整张单 line 写 null），请改正后再试"
                raise KnownProblem(words, code="wrong-value")


def _amend(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.declare import Verb
    from bloodbank_desktop.records.wire import from_json

    declared = record_type(options.kind)
    with profile(options) as opened:
        opened.desk.allowed(options.kind, Verb.AMEND)
        picked: list[Path] = []
        values, unread = from_json(declared, with_files(declared, options.file, picked))
        if unread:
            return no(unread)
        for path in picked:
            opened.desk.add_file(path)
        before = opened.desk.view(options.kind, options.id)
        # What the file does not name stays as it is; null empties a field.
        whole = {**before.values, **values}
        changed = opened.desk.amend(
            options.kind,
            options.id,
            whole,
            revision=before.revision,
            reason=options.reason,
            passage=_passage(opened, options, declared, signs=False),
        )
        say(saved(changed))
    return YES


def _delete(options: argparse.Namespace) -> int:
    with profile(options) as opened:
        say(saved(opened.desk.delete(options.kind, options.id, reason=options.reason)))
    return YES


def _activate(options: argparse.Namespace) -> int:
    with profile(options) as opened:
        values = {} if options.link is None else {"link_no": options.link}
        say(saved(opened.desk.activate(options.kind, options.id, values)))
    return YES


def _reverse(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.stock_desk import StockDesk

    bags = [bag_named(text) for text in options.bag] if options.bag else None
    with profile(options) as opened:
        say(saved(StockDesk(opened.desk).reverse(options.id, reason=options.reason, bags=bags)))
    return YES


def _list(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.storage.lists import ListQuery

    declared = record_type(options.kind)
    with profile(options) as opened:
        listing = opened.desk.open_list(ListQuery(options.kind, search=options.search))
        rows = opened.desk.page(listing, 0, options.limit)
        found = [
            {
                "id": row.record_id,
                "revision": row.revision,
                "upload": row.upload,
                "values": {f.key: f.kind.to_wire(row.values[f.key]) for f in declared.columns},
                "lines": dict(row.lines),
            }
            for row in rows
        ]
        say({"total": listing.total, "rows": found})
    return YES


def _show(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import to_json

    declared = record_type(options.kind)
    with profile(options) as opened:
        shown = opened.desk.view(options.kind, options.id)
    say(
        {
            "kind": shown.kind,
            "id": shown.record_id,
            "revision": shown.revision,
            "values": to_json(declared, shown.values),
            "created_at": shown.created_at,
            "created_by": shown.created_by,
            "updated_at": shown.updated_at,
            "updated_by": shown.updated_by,
            "deleted_at": shown.deleted_at,
            "upload": shown.upload,
            "refusals": [problem.as_json() for problem in shown.refusals],
            "answer": dict(shown.answer),
            "history": [
                {
                    "revision": one.revision,
                    "values": to_json(declared, one.values),
                    "until": one.at,
                    "changed_by": one.actor,
                    "reason": one.reason,
                }
                for one in shown.history
            ],
        }
    )
    return YES


def _follow(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.followups import begin
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import to_json

    with profile(options) as opened:
        draft = begin(opened.desk, options.kind, options.id, options.what)
    say({"kind": draft.kind, "draft": draft.id, "values": to_json(record_type(draft.kind), draft.values)})
    return YES
