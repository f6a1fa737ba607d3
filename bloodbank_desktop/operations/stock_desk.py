"""What a person does with bags that are here: accept, set aside, reserve, move, count; and what the stock looks like.

Every step asks `rules.bag_life`, is one transaction with its audit row, and appends to the ledger; the stock table is
only its sum. Bags enter and leave by records (血袋入库, 临床用血出库, 其它血袋出库), never here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import accepting, effects
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.reservations import held_until
from bloodbank_desktop.operations.results import Saved
from bloodbank_desktop.records.bag import BagKey, bag_key, bag_name
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import bag_life
from bloodbank_desktop.storage import ledger, stock_rows
from bloodbank_desktop.storage.ledger import Cause, Entry, StockRow
from bloodbank_desktop.storage.stock_rows import GroupKey, StockGroup, StockQuery
from bloodbank_desktop.storage.store import Transaction

IN_STOCK = tuple(state for state in bag_life.STATES if bag_life.in_stock(state))
#: What a person does to a bag at the stock page; everything else is the doing of a record.
DEEDS = ("accept", "quarantine", "reserve", "release", "take_back", "relocate")
_NEEDS_REASON = ("quarantine", "take_back")
KIND = "stock"
_LOOK = "list:stock"
_GROUP = ("component", "abo", "rhd")


@dataclass(frozen=True)
class StockTake:
    """A refrigerator counted: bags found as expected, missing, elsewhere by the ledger, unknown.

    `elsewhere` are bags that should stand in another place or have left; `expired` are bags found that are in stock and
    may be given to nobody, wherever they should stand.
    """

    present: tuple[StockRow, ...]
    missing: tuple[StockRow, ...]
    elsewhere: tuple[StockRow, ...]
    unknown: tuple[BagKey, ...]
    expired: tuple[StockRow, ...]

    @property
    def clean(self) -> bool:
        """Whether what was counted is what the ledger says, and none of it has expired."""
        return not (self.missing or self.elsewhere or self.unknown or self.expired)


@dataclass(frozen=True)
class Delivered:
    """A bag as its delivery recorded it; `refusal` says why it may not be taken back, None if it may."""

    key: BagKey
    bag: Values
    refusal: str | None


class StockDesk:
    """The stock of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # -- looking ---------------------------------------------------------------------------------------------------

    def groups(self) -> list[StockGroup]:
        """Return what is here by component, ABO and RhD, in the order of the tables, and groups that are short."""
        self._desk.need(_LOOK)
        now = self._desk.clock.now()
        with self._desk.store.read() as tx:
            found = stock_rows.groups(tx, IN_STOCK, now=now, near=near_expiry(now))
        orders = [list(table(name)) for name in _GROUP]

        def place(key: GroupKey) -> tuple[int, ...]:
            return tuple(order.index(k) if k in order else len(order) for order, k in zip(orders, key, strict=True))

        return [found[key] for key in sorted(found, key=place)]

    def bags(self, query: StockQuery, *, offset: int = 0, limit: int = 200) -> tuple[int, list[StockRow]]:
        """Return how many bags a query finds and a page of them, first to expire first."""
        self._desk.need(_LOOK)
        now = self._desk.clock.now()
        with self._desk.store.read() as tx:
            near = near_expiry(now)
            return stock_rows.bags(tx, query, IN_STOCK, now=now, near=near, offset=offset, limit=limit)

    def places_and_bags(self) -> tuple[list[str], dict[str, list[BagKey]]]:
        """Return every storage place in use, and every bag that was ever here by its donation number."""
        self._desk.need(_LOOK)
        with self._desk.store.read() as tx:
            return stock_rows.places(tx, IN_STOCK), stock_rows.by_donation(tx)

    def life(self, key: BagKey) -> list[Entry]:
        """Return everything that happened to a bag, oldest first; empty for a bag that never came here."""
        self._desk.need("view:trace")
        with self._desk.store.read() as tx:
            return ledger.life(tx, key)

    def deeds(self, state: str) -> tuple[str, ...]:
        """Return what a person may do at the stock page with a bag in this state."""
        return tuple(deed for deed in DEEDS if bag_life.after(deed, state) is not None)

    # -- doing -----------------------------------------------------------------------------------------------------

    def waiting_for_group(self, keys: Sequence[BagKey]) -> list[StockRow]:
        """Return those of the bags whose group must be found again before they can be accepted."""
        with self._desk.store.read() as tx:
            return accepting.waiting_for_group(tx, keys)

    def accept(self, keys: Sequence[BagKey], groups: Mapping[BagKey, tuple[str, str]]) -> None:
        """Accept received bags, all or none; `groups` says which ABO and RhD were found again. Raises KnownProblem."""
        self._desk.need("stock:accept")
        if not keys:
            raise KnownProblem("请先选择要验收的血袋", code="no-bags")
        accepting.accept(self._desk, keys, groups)

    def do(self, deed: str, keys: Sequence[BagKey], *, reason: str = "", place: str = "", holder: str = "") -> None:
        """Do one of DEEDS to bags, to all or to none; bags whose group must be found again are accepted by `accept`.

        `place` is where relocated bags now stand, `holder` the request that reserved bags are for. Raises KnownProblem
        naming the first bag that refuses.
        """
        if deed not in DEEDS:
            words = "、".join(f"{one}（{bag_life.EVENTS.word(one)}）" for one in DEEDS)
            raise KnownProblem(f"库存中没有“{deed}”操作；可用：{words}", code="no-such-deed")
        self._desk.need(f"stock:{deed}")
        word = bag_life.EVENTS.word(deed)
        if deed in _NEEDS_REASON and not reason.strip():
            raise KnownProblem(f"请写明{word}的原因", code="reason-required")
        if deed == "relocate" and not place.strip():
            raise KnownProblem("请写明移到哪个储存位置", code="place-required")
        if deed == "reserve" and not holder.strip():
            raise KnownProblem("请写明为哪张申请单预留", code="holder-required")
        if not keys:
            raise KnownProblem(f"请先选择要{word}的血袋", code="no-bags")
        if deed == "accept":
            self.accept(keys, {})
            return
        facts = {"reason": reason.strip(), "location": place.strip(), "holder": holder.strip()}
        now = self._desk.clock.now()
        if deed == "reserve":
            facts["held_until"] = held_until(now)
        wanted = {"relocate": ("location",), "reserve": ("holder", "held_until")}.get(deed, ("reason", "holder"))
        with self._desk.store.write() as tx:
            moves = []
            for key in dict.fromkeys(keys):
                row, refusal = effects.may(tx, key, deed)
                if refusal is not None:
                    raise KnownProblem(f"{bag_name(key)} {refusal}", code="bag-state")
                if deed == "reserve" and row is not None and row.expires_at <= now:
                    raise KnownProblem(f"{bag_name(key)} 已过期，不能预留", code="expired")
                moves.append(effects.moved(tx, key, deed, 0, **{name: facts[name] for name in wanted}))
            ledger.move(tx, moves, Cause(KIND, new_id(), word, self._desk.operator, now))
            for key in dict.fromkeys(keys):
                self._desk.note(tx, deed, KIND, "/".join(key), {k: v for k, v in facts.items() if v} or None)

    def set_level(self, key: GroupKey, least: int) -> None:
        """Set how many bags of a group the hospital wants to have at least. Raises KnownProblem."""
        self._desk.need("stock:level")
        if least < 0:
            raise KnownProblem("安全库存不能是负数", code="below-zero")
        for name, part in zip(_GROUP, key, strict=True):
            if part not in table(name):
                raise KnownProblem(f"没有{table(name).label}“{part}”，不能设置安全库存", code="no-such-group")
        with self._desk.store.write() as tx:
            stock_rows.set_level(tx, key, least)
            self._desk.note(tx, "stock-level", KIND, "/".join(key), {"least": least})

    def count(self, found: Iterable[BagKey], *, place: str = "") -> StockTake:
        """Compare bags that were scanned in a refrigerator (`place`, "" for all) with what should stand there."""
        self._desk.need("stock:take")
        now = self._desk.clock.now()
        present: list[StockRow] = []
        elsewhere: list[StockRow] = []
        unknown: list[BagKey] = []
        seen = set(dict.fromkeys(found))
        with self._desk.store.write() as tx:
            expected = _expected(tx, place, now)
            for key in sorted(seen):
                row = ledger.find(tx, key)
                if row is None:
                    unknown.append(key)
                elif key in expected:
                    present.append(row)
                else:
                    elsewhere.append(row)
            missing = [row for key, row in expected.items() if key not in seen]
            here = [row for row in (*present, *elsewhere) if bag_life.in_stock(row.state)]
            expired = sorted((row for row in here if row.expires_at <= now), key=lambda row: row.key)
            taken = StockTake(tuple(present), tuple(missing), tuple(elsewhere), tuple(unknown), tuple(expired))
            detail = {name: len(getattr(taken, name)) for name in StockTake.__dataclass_fields__}
            self._desk.note(tx, "stock-take", KIND, place or "*", detail)
        return taken

    def delivered(self, record_id: str) -> list[Delivered]:
        """Return the bags of a delivery, and of each why it may not be taken back. Raises KnownProblem."""
        values = self._delivery(record_id)
        found = []
        with self._desk.store.read() as tx:
            for bag in values["bags"]:
                row, refusal = effects.may(tx, bag_key(bag), "reverse")
                if row is not None and row.intake_no != values["intake_no"]:
                    refusal = f"已由入库单 {row.intake_no} 重新入库"
                found.append(Delivered(bag_key(bag), bag, refusal))
        return found

    def reverse(self, record_id: str, *, reason: str, bags: Iterable[BagKey] | None = None) -> Saved:
        """Take bags of a delivery back by a linked reversal, without `bags` all; they may then be received again.

        Raises KnownProblem, and Refused naming each bag that may not be taken back.
        """
        if not reason.strip():
            raise KnownProblem("请写明冲红的原因", code="reason-required")
        values = self._delivery(record_id)
        lines = {bag_key(bag): bag for bag in values["bags"]}
        chosen = list(lines) if bags is None else list(dict.fromkeys(bags))
        if not chosen:
            raise KnownProblem("请选择要冲红的血袋", code="no-bags")
        for key in chosen:
            if key not in lines:
                raise KnownProblem(
                    f"{bag_name(key)} 不是入库单 {values['intake_no']} 的血袋", code="not-of-this-intake"
                )
        return self._desk.register(
            "stock_in",
            {
                "supplier": values["supplier"],
                "station_issue_no": values["station_issue_no"],
                "bags": tuple(lines[key] for key in lines if key in set(chosen)),
                "intake_type": "reversal",
                "intake_at": self._desk.clock.now().replace(second=0, microsecond=0),
                "receiver": self._desk.operator,
                "reverses": values["intake_no"],
                "reversal_reason": reason.strip(),
            },
        )

    def _delivery(self, record_id: str) -> Values:
        """Return the values of a delivery that can be reversed. Raises KnownProblem."""
        values = self._desk.view("stock_in", record_id).values
        if values["intake_type"] == "reversal":
            raise KnownProblem("冲红记录本身不能再冲红，请重新登记入库", code="reversal-of-reversal")
        return values


def _expected(tx: Transaction, place: str, now: datetime) -> Mapping[BagKey, StockRow]:
    _, rows = stock_rows.bags(tx, StockQuery(), IN_STOCK, now=now, near={}, limit=1_000_000)
    return {row.key: row for row in rows if not place or row.location == place}


def near_expiry(now: datetime) -> dict[str, datetime]:
    """Return per component until when a bag counts as near its expiry."""
    hours = table("near_expiry")
    components = table("component")
    return {key: now + timedelta(hours=hours.facet(components.facet(key, "rule"), "hours") or 0) for key in components}
