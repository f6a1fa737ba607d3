"""The last look before blood leaves the hands of the blood bank: the bag itself, and who gives it to whom.

临床输血技术规范第二十六条、第二十七条: both sides check and both sign; a bag with any of eight defects does not leave.
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts


@rule(
    "issue-inspection",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="每袋外观八项逐项检查，有一项缺陷即不得发出",
    source="临床输血技术规范第二十七条",
    says={
        "not-inspected": "{bag} 外观八项尚未检查，请逐项检查后勾选",
        "visual-defect": "{bag} 外观有缺陷（{defects}），不得发出，请改走报废",
    },
    hazard=Hazard("输注溶血、污染或渗漏的血液", "外观未检查或带缺陷发出", "肉眼看不出的污染"),
    per_bag=True,
    tables=("visual_defect",),
)
def inspected(bag: Values, facts: Facts) -> Iterator[Said]:
    """Each bag was looked at for all eight defects, and shows none."""
    if defects := bag.get("visual_defects"):
        words = "、".join(table("visual_defect").word(key) for key in defects)
        yield said("visual-defect", "visual_defects", defects=words)
    elif bag.get("inspected") is not True:
        yield said("not-inspected", "inspected")


@rule(
    "handover-persons",
    Moment.HANDOVER,
    level=Level.BLOCK,
    title="发血者、取血者、复核者各为一人",
    source="临床输血技术规范第二十六条",
    says={
        "collector-is-issuer": "取血者与发血者是同一人，请另一人取血",
        "checker-is-issuer": "复核者与发血者是同一人，请另一人复核",
    },
    hazard=Hazard("血液发给错误的患者", "交接时无人核对", "两人核对同一份错误的单据"),
)
def three_persons(values: Values, facts: Facts) -> Iterator[Said]:
    """Who issues does not receive, and does not check herself."""
    if values["collector"] == values["issuer"]:
        yield said("collector-is-issuer", "collector")
    if values.get("checker") == values["issuer"]:
        yield said("checker-is-issuer", "checker")
