"""其它血袋出库 is done with the scanner: number and product of each bag, the stock tells the rest."""

from __future__ import annotations

from bloodbank_desktop.forms.bag_scanning import BagScanning
from bloodbank_desktop.forms.behaviours import behaves
from bloodbank_desktop.forms.held_router import RemovalRouter


@behaves("other_stock_out")
class RemovalScanning(BagScanning):
    """Scanning for a removal."""

    router_type = RemovalRouter
    by_hand = ("remark",)
    keys = "F3 手工录入　Ctrl+Del 删除一袋　Enter 看一袋　F6 中文输入　Ctrl+S 登记"
    intro = "可以开始扫描；每袋扫献血码和产品码，其余按库存"
