"""A scan finds its bag by itself: each code goes to the bag that is being scanned, in any order, or nowhere.

A scan is taken whole or refused whole, and a refusal changes nothing and says what was seen and what to do. What a line
already holds is never overwritten, because the second code is then the label of another bag. The danger is the mixed
bag: the number of one and the group of the other. Only a code that carries the donation number can prove that two
labels belong together; separate labels are trusted to be scanned bag by bag.
Sources: ICCBBA ST-001 v6.2.2; 临床输血技术规范第十九条; the product dictionary of the supplier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.forms.contract import StockRow
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.verdicts import RefusedScan, Step, Verdict, refused
from bloodbank_desktop.records.bag import BagKey, bag_name
from bloodbank_desktop.records.codes.scan import Scan
from bloodbank_desktop.records.declare import LineType, Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import scan_labels as labels
from bloodbank_desktop.rules import scanning
from bloodbank_desktop.rules.catalogue import Said

#: What a screen and a count of refused scans call several refusals that are one thing to a person.
_SLUGS = {"control-label": "wrong-label", "no-antigen": "wrong-label", "two-bags": "other-bag"}
_TONES = {"wrong-label": Tone.WRONG_LABEL, "other-bag": Tone.OTHER_BAG, "check-character": Tone.DAMAGED}


class Router:
    """The bags of one delivery while they are scanned; `lines` holds their stored values, an incomplete one too."""

    #: What the bags are scanned for, as it stands in sentences.
    purpose = "入库"
    #: Whether a bag that is refused as a whole takes with it what was scanned of it. Not at a delivery: its half line
    #: is the evidence of a bag that stands there, until a person has looked at it.
    turns_away = False

    def __init__(
        self, of: LineType, now: Callable[[], datetime], lines: Iterable[Values] = (), *, most: int = 400
    ) -> None:
        self._of = of
        self._now = now
        self._most = most
        self.lines: list[dict[str, Any]] = []
        self._current: int | None = None
        #: Since the last code of this bag a code of another one was scanned.
        self._doubted = False
        #: The last bag was turned away: only a number can tell which bag comes next.
        self._turned_away = False
        self.load(lines)

    # -- where it stands ------------------------------------------------------------------------------------------

    @property
    def current(self) -> int | None:
        """The index of the bag that is being scanned, None between two bags."""
        return self._current

    def lacking(self, line: Values) -> tuple[str, ...]:
        """Return the names of the codes that a line still lacks; () for a complete one."""
        return missing(line)

    def load(self, lines: Iterable[Values]) -> None:
        """Stand where these lines leave off."""
        self.lines = [dict(line) for line in lines]
        self._current = next((i for i, line in enumerate(self.lines) if self.lacking(line)), None)
        self._doubted = False

    def fill_in(self, index: int, values: Values) -> dict[str, Any]:
        """Note what a person says of a bag and no label does; return its line."""
        self.lines[index] = {**self.lines[index], **values}
        return self.lines[index]

    def expected(self) -> tuple[str, ...]:
        """Return the names of the codes that the next scans should bring."""
        current = self.current
        return self.lacking({}) if current is None else self.lacking(self.lines[current])

    # -- scans ----------------------------------------------------------------------------------------------------

    def accept(self, scan: Scan, in_stock: Callable[[BagKey], StockRow | None] = lambda key: None) -> Verdict:
        """Weigh and take a scan at once, where the stock can be asked at once."""
        step = self.weigh(scan)
        return self.take(step, in_stock(step.ask) if step.ask is not None else None)

    def weigh(self, scan: Scan) -> Step:
        """Return what would become of a scan; nothing is changed."""
        try:
            return self._weigh(scan)
        except RefusedScan as refusal:
            return refusal.step

    def weigh_typed(self, typed: Values) -> Step:
        """Return what would become of a whole bag typed by hand, with `entry` and its proof; nothing is changed."""
        try:
            index, line = self._line_for_typed(typed)
            return self._step(index, {**line, **typed}, typed, ())
        except RefusedScan as refusal:
            return refusal.step

    def take(self, step: Step, in_stock: StockRow | None = None) -> Verdict:
        """Carry out a step, unless the stock already knows the bag; return the final verdict."""
        final = self.settle(step, in_stock)
        if final.line is not None:
            self.lines[final.index : final.index + 1] = [final.line]
            self._current = final.index if self.lacking(final.line) else None
            self._turned_away = False
        elif final.turned_away:
            self.load(self.lines[: final.index] + self.lines[final.index + 1 :])
            self._turned_away = True
        return final.verdict

    def settle(self, step: Step, in_stock: StockRow | None) -> Step:
        """Return the step as it stands when the stock has answered, without a line if it refuses; nothing is changed."""
        if step.line is None or in_stock is None or step.ask is None:
            return step
        if in_stock.state in (table("bag_event").facet("receive", "moves") or {}):
            # Taken out of the books by a reversal: it may come in again.
            return step
        since = f"{china_text(in_stock.received_at)} 入库（入库单 {in_stock.intake_no}）"
        message = f"{bag_name(step.ask)} 已于 {since}，不能再次入库。请把此袋放在一边核对，按 Ctrl+Del 删除本行"
        return Step(refused("duplicate-in-stock", message, line=step.index + 1, tone=Tone.IN_STOCK))

    def remove(self, index: int) -> Verdict:
        """Take a bag out of the delivery."""
        name = self.bag_at(index)
        self.load(self.lines[:index] + self.lines[index + 1 :])
        return Verdict("removed", f"已删除第 {index + 1} 袋 {name}".rstrip(), Tone.ACCEPTED, Role.INFO)

    def bag_at(self, index: int) -> str:
        """Return the bag of a line as a person reads it, as far as it was scanned; "" where there is no line."""
        if index >= len(self.lines):
            return ""
        line = self.lines[index]
        return bag_name((line.get("donation_number") or "", line.get("product_code") or "", line.get("split") or ""))

    # -- weighing -------------------------------------------------------------------------------------------------

    def _weigh(self, scan: Scan) -> Step:
        brought = self._brought(scan)
        index, line = self._line_for(brought)
        # Nothing with a control character in its middle is ever read, so the ends are all there is to clean.
        raw = scan.raw.strip()
        candidate = {**line, **brought, "entry": "scanned"}
        candidate["scans"] = "\n".join(part for part in (line.get("scans"), raw) if part)
        said = tuple(p.message for p in (*scan.problems, *scan.repairs) if p.code in labels.WORTH_SAYING)
        return self._step(index, candidate, brought, said)

    def _brought(self, scan: Scan) -> dict[str, Any]:
        """Return the stored values that this scan brings. Raises for a label that is none of a bag's."""
        kept = labels.BAG_CODES | labels.TESTED if "antigens_positive" in self._of.fields else labels.BAG_CODES
        found = scanning.brought(scan, kept, f"{self.purpose}要扫的血袋码", self._ask_for())
        if not isinstance(found, Said):
            return found
        message = scanning.sentence("scan-code", found)
        if found.code == "lost-zero":
            raise RefusedScan(Verdict("lost-zero", message, Tone.WRONG_LABEL, Role.ATTENTION, None, scan.suggestion))
        slug = _SLUGS.get(found.code, found.code)
        raise RefusedScan(refused(slug, message, tone=_TONES.get(slug, Tone.REFUSED)))

    def _ask_for(self) -> str:
        current = self.current
        bag = f"第 {len(self.lines) + 1 if current is None else current + 1} 袋"
        return f"请扫{bag}的{'、'.join(self.expected())}"

    def _line_for(self, brought: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the place and the present values of the line that these values belong to."""
        current = self.current
        if current is None:
            if self._turned_away and "donation_number" not in brought:
                message = (
                    f"上一袋没有列入，不能断定这个{labels.named(brought)}属于哪一袋，没有采用。请先扫下一袋的献血码"
                )
                raise RefusedScan(refused("needs-number", message, tone=Tone.OTHER_BAG))
            if self.lines and _holds(self.lines[-1], brought):
                raise self._again(len(self.lines), brought)
            if not brought.keys() & {"donation_number", "product_code", "abo", "expires_at"}:
                message = f"{labels.named(brought)}要在一袋扫到一半时扫：请先扫下一袋的献血码。刚扫齐的袋没有改动"
                raise RefusedScan(refused("needs-bag", message, tone=Tone.WRONG_LABEL))
            if len(self.lines) >= self._most:
                message = f"一张{self.purpose}单最多 {self._most} 袋，请先按 Ctrl+S 登记，再开一张新单"
                raise RefusedScan(refused("too-many-bags", message))
            return len(self.lines), {}
        line = self.lines[current]
        number = brought.get("donation_number")
        if number is not None and line.get("donation_number") in (None, number):
            self._doubted = False
        if _holds(line, brought):
            raise self._again(current + 1, brought)
        other = scanning.differing(line, brought)
        if other:
            # Whoever has begun the next bag may scan its next code, too: that one must not complete this bag.
            self._doubted = True
            found = scanning.another_bag("、".join(self.lacking(line)), other)
            message = f"第 {current + 1} 袋{scanning.sentence('scan-one-bag', found)}"
            raise RefusedScan(refused("other-bag", message, line=current + 1, tone=Tone.OTHER_BAG))
        if self._doubted:
            message = (
                f"刚才扫过另一袋的码，不能断定这个{labels.named(brought)}属于第 {current + 1} 袋，没有采用。"
                f"请重扫第 {current + 1} 袋的献血码再接着扫，或按 Ctrl+Del 删除该行"
            )
            raise RefusedScan(refused("in-doubt", message, line=current + 1, tone=Tone.OTHER_BAG))
        return current, line

    def _again(self, line: int, brought: Mapping[str, Any]) -> RefusedScan:
        message = f"已扫过：第 {line} 袋的{labels.named(brought)}。{self._ask_for()}"
        if self.current is None and "donation_number" not in brought:
            # The next bag may bear the same code, or the scanner has read this one twice: only a number can tell.
            message = f"已扫过：第 {line} 袋的{labels.named(brought)}。如是下一袋的，请先扫它的献血码"
        return RefusedScan(refused("again", message, line=line, tone=Tone.DUPLICATE, role=Role.INFO))

    def _line_for_typed(self, typed: Values) -> tuple[int, dict[str, Any]]:
        current = self.current
        if current is None:
            if len(self.lines) >= self._most:
                raise RefusedScan(refused("too-many-bags", f"一张{self.purpose}单最多 {self._most} 袋，请先登记"))
            return len(self.lines), {}
        line = self.lines[current]
        other = {key: typed[key] for key in labels.FACTS if line.get(key) is not None and typed.get(key) != line[key]}
        if other:
            message = (
                f"手工录入的{labels.named(other)}与第 {current + 1} 袋扫到的不一致，没有采用。"
                "请对照袋签；如是另一袋，请先扫齐或删除（Ctrl+Del）该行"
            )
            raise RefusedScan(refused("contradicts-scan", message, line=current + 1))
        # The raw scans stay as evidence where the record may keep them.
        kept = {"scans": line["scans"]} if typed["entry"] == "check_character" and line.get("scans") else {}
        return current, {key: value for key, value in line.items() if key == "location"} | kept

    # -- what a line must fulfil ----------------------------------------------------------------------------------

    def _step(self, index: int, line: dict[str, Any], brought: Values, said: tuple[str, ...]) -> Step:
        self._describe(line, brought)
        self._storable(index, line, brought)
        self._in_time(index, line)
        self._one_donation_one_group(index, line)
        before = self.lines[index] if index < len(self.lines) else {}
        key = _key(line)
        ask = key if key is not None and key != _key(before) else None
        if ask is not None:
            self._once(index, ask)
        return Step(self._taken(index, line, brought, said), index, line, ask)

    def _describe(self, line: dict[str, Any], brought: Values) -> None:
        if "product_code" not in brought:
            return
        products = table("product")
        description = str(brought["product_code"])[:5]
        if description not in products:
            message = f"产品字典中没有 {brought['product_code']}，不能入库。请隔离此袋，联系管理员补充产品字典"
            raise RefusedScan(refused("unknown-product", message, tone=Tone.UNKNOWN_PRODUCT))
        if products.retired(description):
            message = f"产品码 {brought['product_code']}（{products.word(description)}）已停用，不能入库。请隔离此袋，联系管理员"
            raise RefusedScan(refused("retired-product", message, tone=Tone.UNKNOWN_PRODUCT))
        line["component"] = products.facet(description, "component")
        line["amount"] = Decimal(products.facet(description, "amount"))

    def _storable(self, index: int, line: Values, brought: Values) -> None:
        """What the record could not hold is refused at the scan and not at the end of the delivery."""
        for key in brought:
            for slug, message in self._of.fields[key].kind.check(line[key]):
                name = labels.named({key: None})
                raise RefusedScan(refused(slug, f"{name} {line[key]} 不能登记：{message}", line=index + 1))
        split, product = line.get("split"), line.get("product_code")
        if split and product and not labels.divided(product):
            message = f"产品码 {product} 没有另外的分袋码，分袋码 {split} 不属于这一袋。请核对袋签"
            raise RefusedScan(refused("other-bag", message, line=index + 1, tone=Tone.OTHER_BAG))

    def _in_time(self, index: int, line: Values) -> None:
        expires, collected = line.get("expires_at"), line.get("collected_at")
        if expires is not None and expires <= self._now():
            message = f"第 {index + 1} 袋已于 {china_text(expires)} 过期，不能入库。请隔离此袋并退回供血机构"
            raise RefusedScan(refused("expired", message, line=index + 1, tone=Tone.EXPIRED))
        if expires is not None and collected is not None and collected >= expires:
            times = f"采血时间 {china_text(collected)} 不早于失效时间 {china_text(expires)}"
            message = f"{times}，不可能是同一袋。请核对袋签"
            raise RefusedScan(refused("time-order", message, line=index + 1))

    def _one_donation_one_group(self, index: int, line: Values) -> None:
        for number, other in enumerate(self.lines, start=1):
            if number - 1 == index or line.get("donation_number") != other.get("donation_number"):
                continue
            if None in (line.get("donation_number"), line.get("abo"), other.get("abo")):
                continue
            if (line["abo"], line["rhd"]) != (other["abo"], other["rhd"]):
                message = f"与第 {number} 袋献血码相同而血型不同，至少有一张标签贴错。请停止入库，两袋都放在一边核对"
                raise RefusedScan(refused("group-contradiction", message, line=number))

    def _once(self, index: int, key: BagKey) -> None:
        for number, other in enumerate(self.lines, start=1):
            if number - 1 != index and _key(other) == key:
                message = f"本单第 {number} 袋就是 {bag_name(key)}，同一袋不能{self.purpose}两次"
                if self.turns_away:
                    message += "，没有再列入"
                elif index < len(self.lines):
                    message += "。这一行请按 Ctrl+Del 删除"
                verdict = refused("duplicate-in-delivery", message, line=number, tone=Tone.DUPLICATE)
                raise RefusedScan(verdict, index if self.turns_away else None)

    def _taken(self, index: int, line: Values, brought: Values, said: tuple[str, ...]) -> Verdict:
        lacking = self.lacking(line)
        role = Role.ATTENTION if said else Role.GOOD
        more = "".join(f"。{text.rstrip('。')}" for text in said)
        if lacking:
            message = f"第 {index + 1} 袋：{labels.told(brought)}；还缺{'、'.join(lacking)}{more}"
            return Verdict("accepted", message, Tone.ACCEPTED, role, index + 1)
        if line.get("label_message"):
            role, more = Role.ATTENTION, f"{more}。袋签声明须隔离，登记后不能发出"
        facts = {key: line[key] for key in ("donation_number", "abo", "product_code", "expires_at")}
        message = f"第 {index + 1} 袋已齐：{labels.told(facts | {'rhd': line['rhd']})}{more}"
        return Verdict("complete", message, Tone.DONE, role, index + 1)


def missing(line: Values) -> tuple[str, ...]:
    """Return the names of the codes that a bag still lacks; () for a complete one."""
    wanted = [("donation_number", "献血码"), ("abo", "血型码"), ("product_code", "产品码"), ("expires_at", "失效码")]
    if labels.divided(line.get("product_code") or ""):
        wanted.append(("split", "分袋码"))
    return tuple(name for key, name in wanted if line.get(key) is None)


def _holds(line: Values, brought: Mapping[str, Any]) -> bool:
    return all(line.get(key) == value for key, value in brought.items())


def _key(line: Values) -> BagKey | None:
    """Return what identifies the bag of a line, None as long as a part of it is missing."""
    donation, product, split = line.get("donation_number"), line.get("product_code"), line.get("split")
    if donation is None or product is None or (labels.divided(product) and not split):
        return None
    return donation, product, split or ""
