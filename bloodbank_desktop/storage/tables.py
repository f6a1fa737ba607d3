"""The tables of the data file: those of the modules, made from the declarations, and those of the program itself."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint, text

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Field, LineType, RecordType
from bloodbank_desktop.storage.columns import Moment, column_type
from bloodbank_desktop.storage.names import BAG, DELETED, ID, REVISION, SEQ, count_column, lines_table_name

metadata = MetaData()


def _columns(declared: LineType) -> list[Column[object]]:
    # Nullability stays with validation: a rule that changes must not need a table rebuilt.
    return [Column(f.key, column_type(f.kind)) for f in declared.plain]


def _record_tables(declared: RecordType) -> None:
    head = Table(
        declared.key,
        metadata,
        Column(SEQ, Integer, primary_key=True),
        Column(ID, Text, nullable=False, unique=True),
        Column(REVISION, Integer, nullable=False),
        Column("_created_at", Moment, nullable=False),
        Column("_created_by", Text, nullable=False),
        Column("_changed_at", Moment, nullable=False),
        Column("_changed_by", Text, nullable=False),
        Column(DELETED, Moment),
        Column("_search", Text, nullable=False),
        *(Column(count_column(f.key), Integer, nullable=False) for f, _ in declared.groups),
        *_columns(declared),
    )
    for f in declared.columns:
        # Deleted rows are outside, so the list never steps over them.
        Index(f"ix_{declared.key}_{f.key}", head.c[f.key], sqlite_where=head.c[DELETED].is_(None))
    for f in declared.linked:
        if f.column is None:
            Index(f"ix_{declared.key}_{f.key}", head.c[f.key], sqlite_where=head.c[f.key].is_not(None))
    Index(f"ix_{declared.key}_live", head.c[SEQ], sqlite_where=head.c[DELETED].is_(None))
    Index(f"ix_{declared.key}_gone", head.c[DELETED], sqlite_where=head.c[DELETED].is_not(None))
    for f, of in declared.groups:
        members = Table(
            lines_table_name(declared.key, f.key),
            metadata,
            Column(SEQ, Integer, primary_key=True),
            Column("_head", Integer, ForeignKey(f"{declared.key}.{SEQ}"), nullable=False),
            Column("_position", Integer, nullable=False),
            *_columns(of),
            UniqueConstraint("_head", "_position"),
        )
        if BAG in of.fields:
            Index(f"ix_{members.name}_bag", members.c[BAG])


for _declared in all_records().values():
    _record_tables(_declared)

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

serials = Table(
    "serials",
    metadata,
    Column("prefix", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("head", Text, nullable=False),
    Column("texts", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
)

draft_lines = Table(
    "draft_lines",
    metadata,
    Column("id", Text, primary_key=True),
    Column("draft_id", Text, ForeignKey("drafts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("lines_key", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

#: Contents of files that only a draft names so far: they go with it, or are kept for good by the record it becomes.
draft_files = Table(
    "draft_files",
    metadata,
    Column("draft_id", Text, ForeignKey("drafts.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", Text, primary_key=True, index=True),
    Column("content", LargeBinary, nullable=False),
)

revisions = Table(
    "revisions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("dseq", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("chain", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("base_version", Integer),
    Column("needs", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("item_attempts", Integer, nullable=False),
    Column("next_at", Moment),
    Column("batch_id", Text),
    Column("last_error", Text, nullable=False),
    Column("problem", Text),
    Column("server_version", Integer),
    Column("settled_at", Moment),
)
#: Text, because SQLite uses a partial index only for a query that repeats its condition literally.
OPEN_ROWS = text("state NOT IN ('done', 'superseded', 'withdrawn')")
#: Whole in itself, or SQLite prefers a scan of all rows in the index below.
Index("ix_outbox_open", outbox.c.dseq, outbox.c.record_id, outbox.c.state, sqlite_where=OPEN_ROWS)
Index("ix_outbox_chain", outbox.c.chain, outbox.c.dseq)
#: With the state, so that a page of a list is told its states without a look at the payloads.
Index("ix_outbox_record", outbox.c.record_id, outbox.c.state)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("donation_number", Text, nullable=False),
    Column("product_code", Text, nullable=False),
    Column("split", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("state_before", Text),
    Column("state_after", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("facts", Text, nullable=False),
)
Index("ix_ledger_bag", ledger.c.donation_number, ledger.c.product_code, ledger.c.split)

stock = Table(
    "stock",
    metadata,
    Column("donation_number", Text, primary_key=True),
    Column("product_code", Text, primary_key=True),
    Column("split", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("component", Text, nullable=False),
    Column("abo", Text, nullable=False),
    Column("rhd", Text, nullable=False),
    Column("amount", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("location", Text, nullable=False),
    Column("holder", Text, nullable=False),
    #: Until when it is reserved, as UTC text; "" for a bag that is not, or that is kept without an end.
    Column("held_until", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("received_by_record", Text, nullable=False),
    Column("received_as", Text, nullable=False),
    Column("antigens_positive", Text, nullable=False),
    Column("antigens_negative", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("restricted_to", Text, nullable=False),
)
Index("ix_stock_expiry", stock.c.state, stock.c.expires_at)
#: With everything that the table of groups sums up, so that it never looks at the bags themselves.
Index(
    "ix_stock_groups",
    *(stock.c[name] for name in ("state", "component", "abo", "rhd", "expires_at", "amount")),
)

#: Two medical record numbers that are known to be one patient; records keep the number that they were written with.
patient_merges = Table(
    "patient_merges",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("one", Text, nullable=False, index=True),
    Column("other", Text, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
)

#: Who may sign in here; disabled, never deleted.
persons = Table(
    "persons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("verifier", Text, nullable=False),
    Column("own_password", Integer, nullable=False),
    Column("disabled_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

#: By a hash of the login, because a password typed in the wrong field must not be kept.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("until", Moment),
)

#: What the site changed in code tables (records.overlay), as a history; `body` is word, place and facets in JSON.
table_changes = Table(
    "table_changes",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("reverts", Integer, unique=True),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
)

#: What a hospital wants to have at least, by group; empty until somebody sets it.
stock_levels = Table(
    "stock_levels",
    metadata,
    Column("component", Text, primary_key=True),
    Column("abo", Text, primary_key=True),
    Column("rhd", Text, primary_key=True),
    Column("least", Integer, nullable=False),
)

#: What a rule said and what became of it; `day` is the China day, for counting and for the morning's review.
alerts = Table(
    "alerts",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("day", Text, nullable=False),
    *(
        Column(name, Text, nullable=False)
        for name in (
            "actor", "moment", "rule", "level", "outcome", "kind", "record_id", "bag", "message", "reason", "comment",
            "second",
        )
    ),
)  # fmt: skip
Index("ix_alerts_counts", alerts.c.day, alerts.c.rule, alerts.c.outcome)
Index("ix_alerts_exceptions", alerts.c.seq, sqlite_where=alerts.c.outcome == "overridden")

#: Who signed which exception; by the alert, because nobody signs her own and others of the same night may not wait.
alert_reviews = Table(
    "alert_reviews",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("alert", Integer, nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("comment", Text, nullable=False),
)

site_switches = Table(
    "site_switches",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
)

#: What an act left to be done; closed once, never removed.
duties = Table(
    "duties",
    metadata,
    Column("id", Text, primary_key=True),
    Column("what", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("due_at", Moment),
    Column("closed_at", Moment),
    Column("closed_by", Text, nullable=False),
    Column("comment", Text, nullable=False),
)
Index("ix_duties_open", duties.c.due_at, sqlite_where=duties.c.closed_at.is_(None))

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("mac", Text, nullable=False),
)

platform_copies = Table(
    "platform_copies",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("body", Text),
    Column("answer", Text, nullable=False),
    Column("answer_no", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

#: What records name by its SHA-256: photos and scanned papers.
file_contents = Table(
    "file_contents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_at", Moment, nullable=False),
)

#: Which of them the platform has, as far as is known here.
file_sent = Table(
    "file_sent",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("at", Moment, nullable=False),
)

#: Which files records from elsewhere name that are not here yet; `since` is the newest time of such a record, `asked`
#: when somebody wanted to look at it, `trouble` why the platform did not give it.
file_wanted = Table(
    "file_wanted",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("asked", Moment),
    Column("next_at", Moment),
    Column("trouble", Text, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("epoch", Text),
    Column("cursor", Text),
    Column("as_of", Moment),
)


def record_table(kind: str) -> Table:
    """Return the head table of a module."""
    return metadata.tables[kind]


def lines_table(kind: str, f: Field) -> Table:
    """Return the table of one lines field of a module."""
    return metadata.tables[lines_table_name(kind, f.key)]
