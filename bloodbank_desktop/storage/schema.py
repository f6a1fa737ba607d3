"""Every statement that makes a data file, and the triggers that make promises hold in the file itself.

A rule that only the program keeps is broken by the first person with a database tool: append-only tables refuse UPDATE,
DELETE and REPLACE, a registered delivery accepts no further line, and what the outbox froze stays frozen.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.storage.names import ID, SEQ, count_column, lines_table_name, search_table
from bloodbank_desktop.storage.tables import metadata

_FROZEN = (
    "dseq",
    "key",
    "chain",
    "record_id",
    "kind",
    "name",
    "op",
    "base_version",
    "needs",
    "payload",
    "sha256",
    "actor",
    "occurred_at",
)


def _append_only(name: str, keys: tuple[str, ...], words: str) -> list[str]:
    same = " OR ".join(f'"{key}" = NEW."{key}"' for key in keys)
    return [
        f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} BEGIN SELECT RAISE(ABORT, '{words}'); END",
        f"CREATE TRIGGER {name}_no_delete BEFORE DELETE ON {name} BEGIN SELECT RAISE(ABORT, '{words}'); END",
        # INSERT OR REPLACE removes a row without any delete trigger.
        f"CREATE TRIGGER {name}_no_replace BEFORE INSERT ON {name} WHEN EXISTS (SELECT 1 FROM {name} WHERE {same})"
        f" BEGIN SELECT RAISE(ABORT, '{words}'); END",
    ]


def _triggers() -> list[str]:
    found: list[str] = []
    for name in (
        "ledger",
        "audit",
        "revisions",
        "patient_merges",
        "alerts",
        "alert_reviews",
        "site_switches",
        "table_changes",
    ):
        found += _append_only(name, ("seq",), f"{name} is append-only")
    words = "a duty is closed once and never removed"
    found += _append_only("duties", ("id",), words)[1:]
    found.append(
        "CREATE TRIGGER duties_close BEFORE UPDATE ON duties WHEN OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL"
        f" OR NEW.what IS NOT OLD.what OR NEW.record_id IS NOT OLD.record_id BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )
    found += _append_only("file_contents", ("sha256",), "file_contents is append-only")
    for declared in all_records().values():
        if not declared.append_only:
            continue
        words = f"{declared.key} is append-only"
        found += _append_only(declared.key, (SEQ, ID), words)
        for f, _ in declared.groups:
            name = lines_table_name(declared.key, f.key)
            found += _append_only(name, (SEQ,), words)
            found.append(
                f"CREATE TRIGGER {name}_complete BEFORE INSERT ON {name} WHEN"
                f" (SELECT count(*) FROM {name} WHERE _head = NEW._head) >="
                # A line without a head would take the place of one of the next record.
                f" coalesce((SELECT {count_column(f.key)} FROM {declared.key} WHERE {SEQ} = NEW._head), 0)"
                f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _FROZEN)
    found += [
        f"CREATE TRIGGER outbox_frozen BEFORE UPDATE ON outbox WHEN {changed}"
        " BEGIN SELECT RAISE(ABORT, 'an operation in the outbox is frozen'); END",
        *_append_only("outbox", ("dseq", "key"), "nothing leaves the outbox")[1:],
        "CREATE TRIGGER persons_frozen BEFORE UPDATE ON persons WHEN OLD.id IS NOT NEW.id OR OLD.login IS NOT NEW.login"
        " BEGIN SELECT RAISE(ABORT, 'a login belongs to one person for ever'); END",
        *_append_only("persons", ("id", "login"), "a person is disabled, never deleted")[1:],
    ]
    return found


def _search_tables() -> list[str]:
    return [
        f"CREATE VIRTUAL TABLE {search_table(kind)} USING fts5("
        "grams, content='', contentless_delete=1, detail=none, tokenize='ascii')"
        for kind in all_records()
    ]


@cache
def statements() -> tuple[str, ...]:
    """Return every statement that makes an empty file into the declared schema, in order."""
    made: list[str] = []
    for table in metadata.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=sqlite.dialect())).strip())
        made += [
            str(CreateIndex(index).compile(dialect=sqlite.dialect())).strip()
            for index in sorted(table.indexes, key=lambda i: str(i.name))
        ]
    return tuple([*made, *_search_tables(), *_triggers()])
