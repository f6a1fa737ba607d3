"""What a dialog needs behind it, as protocols; the window gives an object that has them, tests give a fake.

Every question is asynchronous: `done` or `failed` is called later, on the main thread, exactly once, and may be called
at once. The danger is a window that waits for a disk: the next scan would then be typed into nowhere. A refusal by the
rules comes to `failed` as `records.problems.Refused`, everything else a person can mend as `KnownProblem`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.problems import Problem

if TYPE_CHECKING:
    # A window starts without the rules; the dialogs bring them.
    from bloodbank_desktop.rules.overriding import Passage
    from bloodbank_desktop.rules.persons import Signature

Nothing = Callable[[], None]
Failed = Callable[[KnownProblem], None]


class Saved(Protocol):
    """What a registration or amendment answers."""

    @property
    def record_id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def at(self) -> datetime: ...


class StockRow(Protocol):
    """A bag as the stock knows it; `state` is a word of the ledger, `intake_no` the delivery it came with."""

    @property
    def state(self) -> str: ...

    @property
    def received_at(self) -> datetime: ...

    @property
    def intake_no(self) -> str: ...

    @property
    def component(self) -> str: ...

    @property
    def abo(self) -> str: ...

    @property
    def rhd(self) -> str: ...

    @property
    def amount(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...

    @property
    def holder(self) -> str: ...


class Candidate(Protocol):
    """A bag that may be given for a request; `words` are what to know of it before it is fetched."""

    @property
    def key(self) -> BagKey: ...

    @property
    def component(self) -> str: ...

    @property
    def abo(self) -> str: ...

    @property
    def rhd(self) -> str: ...

    @property
    def amount(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...

    @property
    def location(self) -> str: ...

    @property
    def words(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class RequestRow:
    """A request to choose; `words` are patient, number, department, group, components and time, as shown."""

    request_no: str
    words: tuple[str, ...]


class Delivery(Protocol):
    """A delivery note of the blood station: the bags on it, and those of them that have come."""

    @property
    def note_no(self) -> str: ...

    @property
    def expected(self) -> frozenset[BagKey]: ...

    @property
    def received(self) -> frozenset[BagKey]: ...


class Known(Protocol):
    """One thing that a record says of a patient, in words."""

    @property
    def what(self) -> str: ...

    @property
    def at(self) -> datetime: ...


class PatientHistory(Protocol):
    """What is known of a patient, each list newest first; `contradictory` when records state different groups."""

    @property
    def numbers(self) -> tuple[str, ...]: ...

    @property
    def groups(self) -> Sequence[Known]: ...

    @property
    def antibodies(self) -> Sequence[Known]: ...

    @property
    def reactions(self) -> Sequence[Known]: ...

    @property
    def records(self) -> Sequence[Known]: ...

    @property
    def contradictory(self) -> bool: ...


class Draft(Protocol):
    """What was kept of a dialog: readable values (lines as tuples of mappings), raw texts by field key, line ids."""

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def values(self) -> Values: ...

    @property
    def texts(self) -> Mapping[str, str]: ...

    @property
    def line_ids(self) -> Mapping[str, tuple[str, ...]]: ...

    @property
    def updated_at(self) -> datetime: ...


@dataclass(frozen=True)
class Existing:
    """A record that is amended or viewed: `revision` is what the person looked at; `facts` are further lines of text.

    `facts` are (label, text) pairs under the form, for example the answer of the platform and the history; `refusals`
    what the platform refused, shown at the fields.
    """

    record_id: str
    values: Values
    revision: int | None = None
    facts: tuple[tuple[str, str], ...] = ()
    refusals: tuple[Problem, ...] = ()


class FileDoor(Protocol):
    """What an editor of files asks."""

    def add_file(self, path: str, done: Callable[[dict[str, Any]], None], failed: Failed) -> None:
        """Read a file and answer how a record names it (see `records.kinds.files.Entry`)."""
        ...

    def read_file(self, sha256: str, done: Callable[[bytes], None], failed: Failed) -> None:
        """Answer with the content of a file that a record names.

        For one that comes from the platform first, `failed` is called with the code `records.files.COMING`, and then
        once more one of the two.
        """
        ...


class Back(FileDoor, Protocol):
    """The world behind a dialog. Names and arguments are those of the desk; see the module docstring for the rules."""

    @property
    def operator(self) -> str:
        """The person at the workstation, "" when nobody has said."""
        ...

    @property
    def training(self) -> bool:
        """Whether nothing here concerns a real patient."""
        ...

    def now(self) -> datetime:
        """Return the present moment, aware, at once."""
        ...

    def fresh(self, kind: str, done: Callable[[dict[str, Any]], None], failed: Failed) -> None:
        """Answer with the values a new dialog shows at once."""
        ...

    def check(
        self,
        kind: str,
        values: Values,
        second: Signature | None,
        before: Values | None,
        done: Callable[[list[Problem]], None],
        failed: Failed,
    ) -> None:
        """Answer with all that validation, rules and stock say, warnings and notes too; nothing is written.

        `before` are the values of the record that is amended.
        """
        ...

    def register(
        self,
        kind: str,
        values: Values,
        draft_id: str | None,
        passage: Passage,
        done: Callable[[Saved], None],
        failed: Failed,
    ) -> None:
        """Save a new record and forget its draft in the same transaction."""
        ...

    def amend(
        self,
        kind: str,
        record_id: str,
        values: Values,
        revision: int | None,
        reason: str,
        draft_id: str | None,
        passage: Passage,
        done: Callable[[Saved], None],
        failed: Failed,
    ) -> None:
        """Save a new revision of a record and forget the draft of this amendment in the same transaction."""
        ...

    def countersign(
        self, login: str, password: str, purpose: str, done: Callable[[Signature], None], failed: Failed
    ) -> None:
        """Answer with the signature of a second person, who is not the one at the workstation."""
        ...

    def keep_draft(
        self, kind: str, draft_id: str, head: Values, texts: Mapping[str, str], done: Nothing, failed: Failed
    ) -> None:
        """Keep the fields that are not lines; durable when `done` is called."""
        ...

    def keep_line(
        self,
        kind: str,
        draft_id: str,
        lines_key: str,
        line_id: str,
        values: Values,
        head: Values | None,
        done: Nothing,
        failed: Failed,
    ) -> None:
        """Keep one line, and the draft with `head` if there is none yet; durable when `done` is called."""
        ...

    def drop_line(self, draft_id: str, line_id: str, done: Nothing, failed: Failed) -> None:
        """Forget one line of a draft."""
        ...

    def drop_draft(self, draft_id: str, done: Nothing, failed: Failed) -> None:
        """Forget a draft with its lines."""
        ...

    def bag_in_stock(self, key: BagKey, done: Callable[[StockRow | None], None], failed: Failed) -> None:
        """Answer whether, and since when, this bag is known here."""
        ...

    def delivery(self, note_no: str, done: Callable[[Delivery | None], None], failed: Failed) -> None:
        """Answer how far a delivery note has been received, None when there is no such note here."""
        ...

    def requests(self, search: str, done: Callable[[Sequence[RequestRow]], None], failed: Failed) -> None:
        """Answer with the newest requests that fit a search text."""
        ...

    def from_request(self, number: str, done: Callable[[dict[str, Any]], None], failed: Failed) -> None:
        """Answer with what an issue takes over from the request of this number."""
        ...

    def candidates(self, number: str, done: Callable[[Sequence[Candidate]], None], failed: Failed) -> None:
        """Answer with the bags that may be given for the request of this number, first to expire first."""
        ...

    def scan_refused(self, kind: str, draft_id: str, code: str, message: str, bag: str) -> None:
        """Note, some time later, that a scan was refused; nobody waits for it and no answer comes."""
        ...

    def near_miss(self, stage: str, rule: str, message: str, bag: str, done: Nothing, failed: Failed) -> None:
        """Keep the draft of a near miss from what was stopped; durable when `done` is called."""
        ...

    def patient(self, number: str, done: Callable[[PatientHistory], None], failed: Failed) -> None:
        """Answer what is known of the patient with this medical record number."""
        ...


#: Raw texts of a draft that belongs to an existing record begin with these keys; see `amended`.
RECORD = "@record"
REVISION = "@revision"


def amended(draft: Draft) -> tuple[str, int | None] | None:
    """Return record id and revision that a draft amends, None for the draft of a new record.

    Whoever reopens a draft asks here first: an amendment that was reopened as a registration would double the record.
    """
    record_id = draft.texts.get(RECORD)
    if record_id is None:
        return None
    revision = draft.texts.get(REVISION, "")
    return record_id, int(revision) if revision.isdigit() else None
