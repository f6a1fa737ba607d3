"""What is there before the first picture of a module: records that the program registered, sent, and had answered.

The papers are those of training; the program gives the numbers, the training platform the answers, and nothing was
painted for a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from bloodbank_desktop.clock import CHINA, china_day
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import OPERATOR
from bloodbank_desktop.tour.stage import Stage, login_of, until
from bloodbank_desktop.training import labels, papers
from bloodbank_desktop.wiring import TRAINING_FILE

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.results import Saved

Values = dict[str, Any]
T = TypeVar("T")
#: What is seen of the bags that were delivered three days ago.
_EARLIER = timedelta(days=3)
_HOUR = timedelta(hours=1)
#: Product, group (its place among those of the papers) and days left: fresh ones, some near their end, two at it.
_REFRIGERATOR = (
    ("E5445", 0, 20), ("E5445", 0, 21), ("E5445", 0, 3), ("E5445", 0, 24), ("E5445", 1, 18), ("E5445", 1, 2),
    ("E6170", 2, 25), ("E6170", 2, 26), ("E6170", 2, -1), ("E0869", 0, 200), ("E0869", 3, 15), ("E0869", 3, 220),
    ("A0321", 1, 0), ("A0321", 2, -1), ("E5445", 4, 9), ("E6170", 0, 22),
)  # fmt: skip
#: The first of the patients who are asked about at the reference laboratory; none of them gets blood here.
_REFERRED = 20


class _Then:
    """The clock of three days ago, for bags that have come to their end meanwhile."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return 0.0


def bag(place: int, now: datetime, product: str, group: int, days: int) -> Values:
    """Return a bag that expires at the end of the day so many days from now, typed in with its check character."""
    ends = datetime.combine(china_day(now) + timedelta(days=days), time(23, 59), CHINA)
    return papers.bag_values(
        5000 + place, now=now - _EARLIER, product=f"{product}V00", group=papers.group_of(group), expires_at=ends
    )


def codes(one: Values) -> tuple[str, str]:
    """Return what a scanner reads on a bag that is here: donation number and product code."""
    number, _, product, _ = labels.scans(one)
    return number, product


def paper(kind: str, seed: int, now: datetime, **changes: Any) -> Values:
    """Return a paper of training without a number, which the program gives."""
    values = papers.values(kind, seed, now=now, **changes)
    return values | {f.key: None for f in all_records()[kind].plain if f.serial is not None}


def _signed(desk: Desk, kind: str, values: Mapping[str, Any]) -> Saved:
    """Register a paper, signed by those whom it names, as colleagues at the same screen would."""
    from bloodbank_desktop.rules.overriding import Passage
    from bloodbank_desktop.rules.persons import Signature

    whole, second = dict(values), None
    for f in all_records()[kind].signed:
        if f.signed == OPERATOR:
            whole[f.key] = desk.operator
        elif whole.get(f.key):
            second = Signature(desk.persons.step_in(login_of(whole[f.key])), f.signed, desk.clock.now())
    return desk.register(kind, whole, passage=Passage(second=second))


class Filling:
    """Registers through the program, lets the other side answer, and knows what was saved."""

    def __init__(self, stage: Stage, url: str, now: datetime) -> None:
        self.stage = stage
        self.now = now
        self.bags = [bag(place, now, *one) for place, one in enumerate(_REFRIGERATOR)]
        #: Of the bags that are on their way.
        self.labels: list[dict[str, Any]] = []
        self.saved: dict[str, list[Saved]] = {}
        self._url = url

    def lane(self, work: Callable[[Desk], T]) -> T:
        """Do something on the database lane, where the window does it too, and return what it returns."""
        program, done, failed = self.stage.program, list[T](), list[Exception]()
        assert program is not None
        desk = self.stage.desk
        program.tasks.database(lambda: work(desk), done.append, failed.append)
        until(lambda: done or failed, "资料库没有回答")
        if failed:
            raise failed[0]
        return done[0]

    def number(self, kind: str, place: int, key: str) -> str:
        """Return the number that the program gave to a record."""
        return str(self.lane(lambda desk: desk.view(kind, self.saved[kind][place].record_id)).values[key])

    def arrived(self) -> None:
        """Wait until everything has gone to the platform."""
        until(lambda: all(one["state"] == "done" for one in self.stage.queue()), "记录没有送达平台")

    def fill(self) -> None:
        """Register what the lists show, let it arrive, let the other side answer, and let the answers come back."""
        self._earlier_delivery()
        self._register_all()
        # Tell the network lane that there is something to send, as the window does after a save.
        program = self.stage.program
        assert program is not None
        program.window.saved.emit(self.saved["stock_in"][0])
        self.stage.note("records registered")
        self.arrived()
        self.stage.note("records uploaded")
        self._answer_all()
        self.stage.note("the platform has answered")
        # A program that starts reads at once what the platform has to say; one that runs would do it within a minute.
        self.stage.stop()
        self.stage.start(self._url)
        until(self._came_back, "平台的答复没有回来")
        self.stage.settled()
        self.stage.note("records and answers in place", records={kind: len(one) for kind, one in self.saved.items()})

    def _register(self, kind: str, *many: Mapping[str, Any]) -> None:
        saved = self.lane(lambda desk: [_signed(desk, kind, values) for values in many])
        self.saved.setdefault(kind, []).extend(saved)

    def _earlier_delivery(self) -> None:
        from bloodbank_desktop.operations.desk import Desk as Desk_
        from bloodbank_desktop.operations.stock_desk import StockDesk
        from bloodbank_desktop.records.bag import bag_key

        then = self.now - _EARLIER
        seventh = bag_key(self.bags[7])

        def work(desk: Desk) -> Saved:
            earlier = Desk_(desk.store, _Then(then), desk.person)
            one = paper("stock_in", 0, then, bags=tuple(self.bags), station_issue_no=None)
            earlier.persons = desk.persons
            saved = _signed(earlier, "stock_in", one)
            stock = StockDesk(desk)
            stock.do("quarantine", [seventh], reason="标签破损待查")
            stock.set_level(("RBC-SLR", "A", "positive"), 10)
            stock.set_level(("RBC-SLR", "O", "positive"), 6)
            return saved

        self.saved["stock_in"] = [self.lane(work)]

    def _register_all(self) -> None:
        from bloodbank_desktop.operations.stock_desk import StockDesk
        from bloodbank_desktop.records.bag import bag_key

        now, bags = self.now, self.bags
        # Requests came in this morning, the first one was answered, and what follows from it came later.
        morning = now - 4 * _HOUR
        self._register("transfusion_request", *(paper("transfusion_request", seed, morning) for seed in range(3)))
        second = self.number("transfusion_request", 1, "request_no")
        self.lane(lambda desk: StockDesk(desk).do("reserve", [bag_key(bags[4])], holder=second))
        for kind, first in (
            ("blood_order", 0),
            ("entitlement_review", 0),
            ("immunohaematology_request", _REFERRED),
            ("autologous_transfusion", 0),
            ("near_miss", 0),
        ):
            self._register(kind, *(paper(kind, first + place, now) for place in range(3)))
        first_no = self.number("transfusion_request", 0, "request_no")
        issue = papers.issue_values(bags=bags[:1], now=now - 3 * _HOUR, issue_no=None, request_no=first_no)
        self._register("clinical_issue", issue)
        self._register(
            "other_stock_out", papers.removal_values(bags=[bags[13]], now=now, out_no=None, reason="expired")
        )
        self._register("other_stock_out", papers.transfer_values(bags=[bags[15]], now=now, out_no=None))
        issue_no = self.number("clinical_issue", 0, "issue_no")
        self._register("adverse_reaction", self.reaction(bags[:1], issue_no=issue_no))

    def reaction(self, bags: list[Values], **changes: Any) -> Values:
        """Return the reaction of the first patient to these bags."""
        return papers.reaction_values(bags=bags, now=self.now, report_no=None, **changes)

    # -- the other side -----------------------------------------------------------------------------------------------

    def _act(self, what: str, **options: Any) -> dict[str, Any]:
        """Let the other side do one thing."""
        from bloodbank_desktop.training.acts import perform
        from bloodbank_desktop.training.platform import Platform

        with closing(Platform(self.stage.data / TRAINING_FILE)) as platform:
            return perform(platform, what, options)

    def _answer(self, kind: str, place: int, *acts: str) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for what in acts:
            answer = self._act(what, id=self.saved[kind][place].record_id)
        return answer

    def _answer_all(self) -> None:
        self._answer("blood_order", 0, "order-refuse")
        self._answer("blood_order", 1, "order-partly")
        self.labels = self._answer("blood_order", 2, "order-satisfy", "order-dispatch")["labels"]
        self._answer("entitlement_review", 1, "review-reviewing", "review-pass")
        self._answer("entitlement_review", 2, "review-reviewing", "review-not-pass")
        self._answer("immunohaematology_request", 2, "laboratory-receive", "laboratory-report")
        self._answer("immunohaematology_request", 1, "laboratory-receive", "laboratory-reject")
        self._answer("other_stock_out", 1, "transfer-acknowledge")
        self._answer("adverse_reaction", 0, "reaction-acknowledge")
        for _ in range(3):
            self._act("plan-allocate")
        self._act("recall", bag=[f"{self.bags[9]['donation_number']} {self.bags[9]['product_code']}"])

    def _came_back(self) -> bool:
        """Whether the last thing that the other side said is in the data file."""
        from bloodbank_desktop.storage.listing import ListQuery

        return self.stage.desk.open_list(ListQuery("recall_notice")).total > 0
