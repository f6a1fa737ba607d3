"""A bag that leaves is scanned by number and product; everything else is what the stock knows of it.

A scanned group or expiry that contradicts the stock refuses the bag: one of the two labels is wrong. The danger is a
bag that is taken for the one beside it; so number and product are both scanned, and the stock is asked for that bag.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.forms.contract import StockRow
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.scan_router import Router
from bloodbank_desktop.forms.verdicts import Step, Verdict, refused
from bloodbank_desktop.records.bag import bag_name
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import scan_labels as labels

_FACTS = ("component", "abo", "rhd", "expires_at")
_WANTED = (("donation_number", "献血码"), ("product_code", "产品码"))


class HeldRouter(Router):
    """Bags that are in stock and leave it. `event` is what will happen to them, a key of the table "bag_event"."""

    purpose = "出库"
    event = ""
    turns_away = True
    #: Whether a bag may have expired; what is discarded or returned mostly has.
    expired_allowed = False
    #: Fields of a line that follow from its component, by field.
    fills: Mapping[str, Any] = {}

    def lacking(self, line: Values) -> tuple[str, ...]:
        wanted = [name for key, name in _WANTED if line.get(key) is None]
        if labels.divided(line.get("product_code") or "") and line.get("split") is None:
            wanted.append("分袋码")
        return tuple(wanted)

    def settle(self, step: Step, in_stock: StockRow | None) -> Step:
        if step.line is None:
            return step
        if step.ask is None:
            # The bag was known before; a further label of it must agree with what is there.
            return step
        name = bag_name(step.ask)
        if in_stock is None:
            message = f"{name} 不在库存中，不能{self.purpose}，没有列入。请核对袋签，或先登记入库"
            return _no(step, "not-in-stock", message, Tone.WRONG_LABEL)
        if self.event and in_stock.state not in (table("bag_event").facet(self.event, "moves") or {}):
            word = table("bag_state").word(in_stock.state)
            message = f"{name} 当前{word}，不能{self.purpose}，没有列入。请把此袋放在一边核对"
            return _no(step, "bag-state", message, Tone.REFUSED)
        if not self.expired_allowed and in_stock.expires_at <= self._now():
            when = china_text(in_stock.expires_at)
            message = f"{name} 已于 {when} 过期，不得发出，没有列入。请改走报废"
            return _no(step, "expired", message, Tone.EXPIRED)
        for key in _FACTS:
            if step.line.get(key) is not None and step.line[key] != getattr(in_stock, key):
                what = labels.named({key: None}) or "袋签"
                message = f"{name} 的{what}与入库时不一致，至少有一处错误，没有列入。请停止操作，两方核对"
                return _no(step, "contradicts-stock", message, Tone.OTHER_BAG)
        line = {**step.line, **{key: getattr(in_stock, key) for key in _FACTS}, "amount": Decimal(in_stock.amount)}
        line |= {key: value for key, value in self.filled(line).items() if line.get(key) is None}
        facts = {key: line[key] for key in ("donation_number", "abo", "rhd", "product_code", "expires_at")}
        number = step.index + 1
        verdict = Verdict("complete", f"第 {number} 袋：{labels.told(facts)}", Tone.DONE, Role.GOOD, number)
        # Settled: nothing is left to be asked of the stock when the line is taken.
        return Step(verdict, step.index, line)

    def filled(self, line: Values) -> dict[str, Any]:
        """Return the fields of a line that follow from what the bag is."""
        return {}

    def _describe(self, line: dict[str, Any], brought: Values) -> None:
        """The component is what the stock says, not what a product dictionary says today."""

    def _in_time(self, index: int, line: Values) -> None:
        """Whether a bag is in date is asked of the stock."""

    def _taken(self, index: int, line: Values, brought: Values, said: tuple[str, ...]) -> Verdict:
        lacking = self.lacking(line)
        more = f"；还缺{'、'.join(lacking)}" if lacking else ""
        return Verdict(
            "accepted", f"第 {index + 1} 袋：{labels.told(brought)}{more}", Tone.ACCEPTED, Role.GOOD, index + 1
        )


def _no(step: Step, code: str, message: str, tone: Tone) -> Step:
    """A bag that the stock turns away leaves no half line that the next scan could complete."""
    return Step(refused(code, message, tone=tone), step.index, turned_away=True)


class IssueRouter(HeldRouter):
    """Bags for a patient."""

    purpose = "发血"
    event = "issue"

    def filled(self, line: Values) -> dict[str, Any]:
        needs = table("component").facet(line["component"], "crossmatch")
        return {} if needs else {"crossmatch_result": "not_required"}


class RemovalRouter(HeldRouter):
    """Bags for another end; which one is said by the head, so the operation judges the state."""

    expired_allowed = True
