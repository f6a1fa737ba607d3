"""What the stock forbids: an event that a bag's life does not know, and a record that says other than the stock.

The bag's life itself is data (`rules.bag_life`); these rules put its answer into words wherever a record moves bags.
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.codes import product_code
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules import bag_life
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts

_LABEL = {"component": "血液品种", "abo": "ABO 血型", "rhd": "RhD 血型", "expires_at": "失效时间"}


@rule(
    "bag-twice-in-stock",
    Moment.RECEIPT,
    level=Level.BLOCK,
    title="同一袋血不得重复入库",
    source="血站质量管理规范（献血编号唯一）；VistA: same unit number and product",
    says={"duplicate-in-stock": "{bag} 已于 {when}（入库单 {intake}）入库，不能再次入库，请核对实物"},
    hazard=Hazard("一袋血有两份身份，发出后仍有一份显示在库", "同一袋登记两次", "供血机构重复使用献血码与产品码"),
    per_bag=True,
    arriving=True,
)
def enters_once(bag: Values, facts: Facts) -> Iterator[Said]:
    """A bag that is or was here enters again only after a reversal."""
    known = facts.bag(bag_key(bag))
    if known.state not in ("", "reversed"):
        assert known.received_at is not None
        yield said("duplicate-in-stock", "donation_number", when=china_text(known.received_at), intake=known.intake_no)


@rule(
    "reversal-of-intake",
    Moment.REVERSAL,
    level=Level.BLOCK,
    title="冲红只能针对原入库单中仍在库的血袋",
    source="临床输血技术规范第二十条（入出库记录完整）",
    says={
        "not-of-this-intake": "{bag} 不是入库单 {intake} 的血袋",
        "bag-state": "{bag} {why}",
    },
    hazard=Hazard("已发出的血袋从账上消失", "冲红了另一张入库单的血袋或已出库的血袋", "无"),
    tables=("bag_event",),
    arriving=True,
)
def reverses_own_bags(values: Values, facts: Facts) -> Iterator[Said]:
    """A reversal names bags of the intake that it reverses, and only those whose life allows it."""
    for line, bag in enumerate(values["bags"], start=1):
        known = facts.bag(bag_key(bag))
        if known.intake_no != values["reverses"] or not known.state:
            yield said("not-of-this-intake", "donation_number", None, line, intake=values["reverses"])
        elif bag_life.after("reverse", known.state) is None:
            why = bag_life.refusal("reverse", known.state)
            yield said("bag-state", "donation_number", None, line, why=why)


@rule(
    "bag-life",
    Moment.LEAVING,
    level=Level.BLOCK,
    title="血袋状态允许才能出库",
    source="临床输血技术规范第二十、二十七至三十条；发出的血液不得退回（第二十九条）",
    says={"bag-state": "{bag} {why}"},
    hazard=Hazard("隔离、已发出或不在库的血袋被发出", "实物与账上状态不一致时强行登记", "隔离血袋未在本系统登记"),
    per_bag=True,
    tables=("bag_event", "bag_state"),
    arriving=True,
)
def life_allows(bag: Values, facts: Facts) -> Iterator[Said]:
    """What a record does to a bag must stand in the table of events for the state in which the bag is."""
    known = facts.bag(bag_key(bag))
    if bag_life.after(facts.event, known.state) is None:
        yield said("bag-state", "donation_number", why=bag_life.refusal(facts.event, known.state))


@rule(
    "bag-as-stocked",
    Moment.LEAVING,
    level=Level.BLOCK,
    title="出库登记须与入库时的袋签一致",
    source="临床输血技术规范第二十六条（核对血型、有效期）",
    says={
        "contradicts-stock": "{what}与入库时不一致，请核对袋签",
    },
    hazard=Hazard("按错误的血型或品种判断相容", "出库时登记的袋签内容与入库不同", "入库时已登记错误"),
    per_bag=True,
    arriving=True,
)
def as_stocked(bag: Values, facts: Facts) -> Iterator[Said]:
    """What a record says of a bag is what the stock knows of it."""
    known = facts.bag(bag_key(bag))
    if bag_life.after(facts.event, known.state) is None:
        return
    for key, what in _LABEL.items():
        if bag[key] != getattr(known, key):
            yield said("contradicts-stock", key, what=what)
    if f"{bag['amount'].normalize():f}" != known.amount:
        yield said("contradicts-stock", "amount", what="数量")


@rule(
    "issue-reserved",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="为他人预留的血袋不得发出",
    source="VistA LRBLPUS2: assigned to another patient；WS/T 867 库存预留",
    says={"reserved-for-another": "{bag} 已为申请单 {holder} 预留，请先解除预留"},
    hazard=Hazard("已为他人配好的血被发走", "同一袋血被两张申请单选中", "预留后到期未解除"),
    per_bag=True,
)
def reserved_for_this(bag: Values, facts: Facts) -> Iterator[Said]:
    """A reserved bag leaves for the request that it is reserved for."""
    known = facts.bag(bag_key(bag))
    if known.state == "reserved" and known.holder != facts.request_no:
        yield said("reserved-for-another", "donation_number", holder=known.holder)


@rule(
    "issue-expired",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="过期血液不得发出",
    source="临床输血技术规范第二十七条第（八）项；VistA LRBLPUS2",
    says={"expired": "{bag} 已于 {when} 过期，不得发出，请改走报废"},
    hazard=Hazard("输注过期血液", "选血后放置过久，或效期看错", "失效时间本身登记错误"),
    per_bag=True,
)
def in_date(bag: Values, facts: Facts) -> Iterator[Said]:
    """A bag is given before the second of its expiry."""
    if bag["expires_at"] <= facts.now:
        yield said("expired", "donation_number", when=china_text(bag["expires_at"]))


@rule(
    "transfer-expired",
    Moment.REMOVAL,
    level=Level.BLOCK,
    title="过期血液不得调出",
    source="临床输血技术规范第二十七条第（八）项",
    says={"expired": "{bag} 已于 {when} 过期，不能调出，请改走报废"},
    hazard=Hazard("他院输注过期血液", "调拨时未核对效期", "运输途中过期"),
    per_bag=True,
)
def transferred_in_date(bag: Values, facts: Facts) -> Iterator[Said]:
    """What another hospital receives is meant for a patient, as an issue is."""
    if facts.event == "transfer" and bag["expires_at"] <= facts.now:
        yield said("expired", "donation_number", when=china_text(bag["expires_at"]))


@rule(
    "reaction-of-stocked-bag",
    Moment.REACTION,
    level=Level.BLOCK,
    title="仍在库的血袋不可能引起反应",
    source="临床输血技术规范第三十五条",
    says={"still-in-stock": "{bag} 还在库中，没有发出过，不可能引起反应，请核对献血码和产品码"},
    hazard=Hazard("真正引起反应的血袋未被追溯", "登记了错误的献血码", "反应由未登记的外来血袋引起"),
    per_bag=True,
    tables=("bag_state",),
    arriving=True,
)
def left_before(bag: Values, facts: Facts) -> Iterator[Said]:
    """A reaction names bags that left."""
    if bag_life.in_stock(facts.bag(bag_key(bag)).state):
        yield said("still-in-stock", "donation_number")


@rule(
    "issue-expires-before-needed",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="需用时间以前失效的血袋不得发出",
    source="SHOT 2009 p. 55（R34）",
    says={"expires-early": "{bag} 于 {when} 失效，早于需用时间 {needed}，请另选"},
    hazard=Hazard("在病房输注过期血液", "发出时未过期，输注时已过期", "实际输注晚于需用时间"),
)
def lasts_until_needed(values: Values, facts: Facts) -> Iterator[Said]:
    """A bag is still in date at the moment for which it is wanted."""
    for line, bag in enumerate(values["bags"], start=1):
        if facts.now < bag["expires_at"] <= values["needed_at"]:
            when, needed = china_text(bag["expires_at"]), china_text(values["needed_at"])
            yield said("expires-early", "expires_at", None, line, when=when, needed=needed)


@rule(
    "issue-restricted",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="限定给某患者的血袋不得给他人",
    source="VistA LRBLPUS（R12）；ISBT 128 ST-001 表7（自体、定向采集类型）",
    says={
        "restricted-to-another": "{bag} 限定给病案号 {number} 的患者，不得给他人",
        "restricted-unnamed": "{bag} 的产品码注明仅限自体或定向使用，入库时没有写明给谁，不得发出",
    },
    hazard=Hazard("自体或定向血液给了他人，未经完整检测", "选血时不知血袋有限定", "限定只写在纸上"),
)
def meant_for_this_patient(values: Values, facts: Facts) -> Iterator[Said]:
    """Autologous and directed blood goes to its patient under any number of hers, and to nobody else."""
    for line, bag in enumerate(values["bags"], start=1):
        only = facts.bag(bag_key(bag)).restricted_to
        if only and only not in facts.patient.numbers | {values["medical_record_no"]}:
            yield said("restricted-to-another", "donation_number", None, line, number=only)
        elif not only and product_code.is_restricted(bag["product_code"]):
            yield said("restricted-unnamed", "product_code", None, line)
