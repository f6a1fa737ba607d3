"""Issuing as a whole is closed while the installed rules are not known to hold: no rule speaks for a bag then."""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts


@rule(
    "issuing-closed",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="自检未通过时停止发血",
    source="ISBT 2010 信息系统验证指南；21 CFR 864.9165；本院自检",
    says={
        "closed": "发血已关闭：{why}。请打开“菜单 › 自检”查看未通过的项目并联系信息科；"
        "须继续发血时，由审核或主任写明原因重新开放"
    },
    hazard=Hazard(
        "程序或数据已损坏，仍按错误的规则放行血袋", "程序文件、代码表或决策表被改动或损坏", "自检例题没有覆盖的错误"
    ),
)
def issuing_is_open(values: Values, facts: Facts) -> Iterator[Said]:
    """Nothing is issued while the last self-check failed and nobody answered for it."""
    if facts.issuing_closed:
        yield said("closed", "", why=facts.issuing_closed)
