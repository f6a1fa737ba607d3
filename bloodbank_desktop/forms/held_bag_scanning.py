"""临床用血出库 and 其它血袋出库 are done with the scanner: number and product of each bag, the stock tells the rest."""

from __future__ import annotations

from typing import Any

from bloodbank_desktop.forms.bag_scanning import BagScanning
from bloodbank_desktop.forms.behaviours import behaves
from bloodbank_desktop.forms.held_router import IssueRouter, RemovalRouter
from bloodbank_desktop.forms.roles import Role

_CROSSMATCH = (
    "crossmatch_result",
    "crossmatch_method",
    "major_side",
    "minor_side",
    "crossmatched_by",
    "crossmatch_reviewer",
    "crossmatched_at",
)


@behaves("clinical_issue")
class IssueScanning(BagScanning):
    """Scanning for an issue."""

    router_type = IssueRouter
    by_hand = (*_CROSSMATCH, "visual_defects", "started_at", "ended_at")
    keys = "F3 手工录入　Ctrl+Del 删除一袋　Enter 填配血结果、外观　F6 中文输入　Ctrl+S 登记"
    intro = "可以开始扫描；每袋扫献血码和产品码，其余按库存"

    def status(self, line: dict[str, Any]) -> tuple[str, Role]:
        words, role = super().status(line)
        if role is Role.GOOD and line.get("crossmatch_result") is None:
            return f"{words}，缺配血结论（Enter 填写）", Role.ATTENTION
        return words, role


@behaves("other_stock_out")
class RemovalScanning(BagScanning):
    """Scanning for a removal."""

    router_type = RemovalRouter
    by_hand = ("remark",)
    keys = "F3 手工录入　Ctrl+Del 删除一袋　Enter 看一袋　F6 中文输入　Ctrl+S 登记"
    intro = "可以开始扫描；每袋扫献血码和产品码，其余按库存"
