"""What a person can look at: records, lists, a bag, a file, and what the rules would say; nothing here changes a record.

Each look asks the verb and the permission as an act does, and whoever opens a record is noted in the audit.
"""

from __future__ import annotations

from typing import Any

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import alerts, effects, fetching, judging
from bloodbank_desktop.operations.files import Picked
from bloodbank_desktop.operations.platform_words import refusals
from bloodbank_desktop.operations.results import Shown, Waiting
from bloodbank_desktop.operations.seat import ENVIRONMENT, Seat
from bloodbank_desktop.operations.signing import sign
from bloodbank_desktop.operations.site_tables import SiteTables
from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import VERB_WORDS, Field, RecordType, Values, Verb
from bloodbank_desktop.records.kinds import Choice
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.validate import problems, retired, tidy
from bloodbank_desktop.records.wire import from_body
from bloodbank_desktop.rules.catalogue import Finding, Level
from bloodbank_desktop.rules.persons import Person, Signature
from bloodbank_desktop.storage import files, history, ledger, lists, outbox, platform_rows, rows
from bloodbank_desktop.storage.ledger import StockRow
from bloodbank_desktop.storage.lists import Listing, ListQuery, ListRow
from bloodbank_desktop.storage.store import Store, Transaction
from bloodbank_desktop.storage.upload_states import settled


class Reading(Seat):
    """All looks at one store, in the name of `person`."""

    def __init__(self, store: Store, clock: Clock, person: Person | None = None) -> None:
        super().__init__(store, clock, person)
        self.tables = SiteTables(store)
        self._mark: int | None = None
        self._picked = Picked()

    # -- records ---------------------------------------------------------------------------------------------------

    def view(self, kind: str, record_id: str) -> Shown:
        """Return a record with all that is known of it; looking is noted in the audit. Raises KnownProblem."""
        declared = self.allowed(kind, Verb.VIEW)
        with self.store.read() as tx:
            row = rows.find(tx, kind, record_id)
            if row is None:
                raise KnownProblem(f"没有这条{declared.label}记录，可能编号有误", code="no-such-record")
            operations = outbox.of_record(tx, record_id)
            copy = platform_rows.find(tx, record_id)
            earlier = history.of_record(tx, record_id)
        self._note_view(kind, record_id)
        states = [operation.state for operation in operations]
        return Shown(
            kind,
            record_id,
            row.values,
            row.revision,
            row.created_at,
            row.created_by,
            row.changed_at,
            row.changed_by,
            row.deleted_at,
            min(states, key=outbox.STATES.index) if states else settled(declared.travels),
            tuple(refusals(declared, operations, row.values, copy)),
            copy.answer if copy else {},
            tuple(earlier),
        )

    def peek(self, kind: str, record_id: str) -> Values:
        """Return the values of a record of a list that is being shown anyway; such a glance is no view of its own.

        Raises KnownProblem.
        """
        declared = self.allowed(kind, Verb.LIST)
        with self.store.read() as tx:
            return self._row(tx, declared, record_id).values

    def check(self, kind: str, values: Values, *, second: Signature | None = None) -> list[Problem]:
        """Return everything that would stop these values now, without an override; writes nothing."""
        return self.examine(kind, values, second=second)[1]

    def examine(
        self, kind: str, values: Values, *, second: Signature | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values as they would be saved, and everything that would stop them now; writes nothing."""
        whole, found = self.judge(kind, values, second=second)
        stopping = (Level.BLOCK, Level.OVERRIDE)
        return whole, [one for one in found if not isinstance(one, Finding) or one.level in stopping]

    def judge(
        self, kind: str, values: Values, *, second: Signature | None = None, before: Values | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        """Return the values as they would be saved with problems, or with all findings of rules; writes nothing.

        `before` are the values of the record that these would replace.
        """
        declared = record_type(kind)
        whole = tidy(declared, values)
        now = self.clock.now()
        unsigned = list(sign(declared, whole, self.person, second, now)) if before is None else []
        found = wrong(declared, whole, before) or unsigned
        if found or kind not in effects.EFFECTS:
            return whole, found
        with self.store.read() as tx:
            judged = judging.found(tx, declared, whole, now, person=self.person, second=second, before=before)
        return whole, list(judged)

    def fresh(self, kind: str) -> dict[str, Any]:
        """Return what a new dialog shows at once, for the person to see and change."""
        given = {"now": self.clock.now().replace(second=0, microsecond=0), "operator": self.operator or None}
        wanted = {f.key: f.fresh for f in record_type(kind).plain if f.fresh is not None and not _retired(f)}
        return {key: given.get(name, name) for key, name in wanted.items()}

    def read_file(self, sha256: str, *, ask: bool = True) -> bytes:
        """Return the content of a file that a record names, exactly as it was picked. Raises KnownProblem.

        One that another workstation picked is asked for at the platform and raises `files.COMING`; who only looks
        whether it came says so with `ask`.
        """
        content = self._picked.content(sha256)
        if content is None:
            self.need("view:file")
            with self.store.read() as tx:
                content = files.content(tx, sha256) or files.of_drafts(tx, sha256)
            if content is None:
                raise fetching.not_here(self.store, self.clock, sha256, ask=ask)
            self._note_view("file", sha256)
        if files.digest(content) != sha256:
            raise KnownProblem("这个文件的内容已损坏，请联系信息科用备份恢复", code="file-changed")
        return content

    # -- lists, stock ----------------------------------------------------------------------------------------------

    def open_list(self, query: ListQuery) -> Listing:
        """Return the list of a query. Raises KnownProblem."""
        self.allowed(query.kind, Verb.LIST)
        with self.store.read() as tx:
            return lists.open_list(tx, query)

    def page(self, listing: Listing, offset: int, limit: int = 100) -> list[ListRow]:
        """Return rows of an opened list."""
        with self.store.read() as tx:
            return lists.page(tx, listing, offset, limit)

    def bag_in_stock(self, key: BagKey) -> StockRow | None:
        """Return the bag with this identity if it ever came here. Raises KnownProblem."""
        self.need("list:stock")
        with self.store.read() as tx:
            return ledger.find(tx, key)

    def waiting(self) -> Waiting:
        """Count what waits for somebody beside the upload queue: exceptions to sign, duties, those overdue."""
        return alerts.waiting(self)

    def change_mark(self) -> int:
        """Return a number that differs after any commit, of this or another process; for one thread only."""
        mark = self.store.change_mark()
        if mark != self._mark:
            self._mark = mark
            # An administrator may have changed a code table elsewhere.
            self.tables.look()
        return mark

    # -- within ----------------------------------------------------------------------------------------------------

    def allowed(self, kind: str, verb: Verb) -> RecordType:
        """Return the module if it knows the verb and the person may. Not in a transaction. Raises KnownProblem."""
        declared = record_type(kind)
        if verb not in declared.verbs:
            raise KnownProblem(f"{declared.label}没有“{VERB_WORDS[verb]}”操作", code="verb-not-allowed")
        self.need(f"{verb}:{kind}")
        return declared

    def _row(self, tx: Transaction, declared: RecordType, record_id: str, *, judged: bool = False) -> rows.Row:
        """Return the record to be changed; where rules are asked about the platform's word, they say it (`judged`)."""
        row = rows.find(tx, declared.key, record_id)
        if row is None:
            raise KnownProblem(f"没有这条{declared.label}记录，可能编号有误", code="no-such-record")
        if row.deleted_at is not None:
            raise KnownProblem(f"这条{declared.label}记录已删除，不能再改", code="deleted")
        if not judged and declared.locked is not None and declared.answer is not None:
            copy = platform_rows.find(tx, record_id)
            said, _ = from_body(declared.answer, copy.answer if copy is not None else {})
            if (why := declared.locked(said)) is not None:
                raise KnownProblem(why, code="locked-by-platform")
        return row

    def _note_view(self, kind: str, record_id: str) -> None:
        try:
            with self.store.write() as tx:
                self.note(tx, "view", kind, record_id, None)
        except KnownProblem as problem:
            # On a full or read-only disk people must still be able to look at what they have.
            if problem.code not in ENVIRONMENT:
                raise


def _retired(f: Field) -> bool:
    """Whether what a new dialog would show at once was retired: then the person chooses."""
    return isinstance(f.kind, Choice) and f.fresh is not None and f.kind.table.retired(f.fresh)


def wrong(declared: RecordType, whole: Values, before: Values | None = None) -> list[Problem]:
    """Return what is wrong with values; what `before` said of retired entries may go on being said."""
    return problems(declared, whole) or list(retired(declared, whole, before))
