"""Words about Excel files: template, export, import."""

from __future__ import annotations

import argparse
from pathlib import Path

from bloodbank_desktop.cli.calling import NO, YES, AddWord, profile, say


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    made = word(
        "template", _template, "print an empty example of the JSON of register, or write an Excel template", "kind"
    )
    made.add_argument("--xlsx", type=Path, metavar="FILE", help="write the Excel template of import there")
    made = word("export", _export, "write the records of a list into an Excel file", "kind", "file")
    made.add_argument("--search", default="", metavar="TEXT")
    made = word("import", _import, "save the records of an Excel file, all or none", "kind")
    files = made.add_mutually_exclusive_group(required=True)
    files.add_argument("file", type=Path, nargs="?", metavar="FILE")
    files.add_argument("--undo", default="", metavar="BATCH", help="delete the records of an earlier import instead")
    made.add_argument("--dry-run", action="store_true", help="only look; save nothing")
    made.add_argument("--good-only", action="store_true", help="leave out what is wrong (--undo: what changed since)")


def _template(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import template

    declared = record_type(options.kind)
    if options.xlsx is None:
        say(template(declared))
        return YES
    from bloodbank_desktop.exchange.template import write_template

    # With the words of this site.
    with profile(options):
        write_template(declared, options.xlsx)
    say({"file": str(options.xlsx)})
    return YES


def _export(options: argparse.Namespace) -> int:
    from bloodbank_desktop.exchange.writing import export
    from bloodbank_desktop.storage.lists import ListQuery

    with profile(options) as opened:
        say({"rows": export(opened.desk, ListQuery(options.kind, search=options.search), options.file)})
    return YES


def _import(options: argparse.Namespace) -> int:
    from bloodbank_desktop.exchange import importing
    from bloodbank_desktop.operations import batches

    with profile(options) as opened:
        desk = opened.desk
        batches.importable(desk, options.kind)
        if options.undo:
            undone = batches.undo(desk, options.undo, leave_changed=options.good_only)
            say({"deleted": undone.deleted, "left": list(undone.left)})
            return YES
        found = importing.examine(desk, options.kind, options.file, keep=not options.dry_run)
        answer = found.as_json()
        refused = bool(found.problems) and not options.good_only
        if not options.dry_run and not refused and found.good:
            answer["batch"] = importing.save(desk, found, good_only=options.good_only).batch_id
        say(answer)
    return NO if refused or not found.good else YES
