"""盘点: scan every bag of a refrigerator; what is missing, what does not belong and what has expired is said in one pass.

A scan that cannot be read changes nothing and is named; a bag scanned twice is counted once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.forms.wedge import Wedge
from bloodbank_desktop.records.bag import BagKey, bag_name
from bloodbank_desktop.records.codes import scan
from bloodbank_desktop.ui import theme

if TYPE_CHECKING:
    from bloodbank_desktop.operations.stock_desk import StockTake
    from bloodbank_desktop.storage.ledger import StockRow

#: On a label: this donation was not divided (ICCBBA ST-001, data structure 003).
_UNDIVIDED = "00"


class ScannedBags:
    """Bags from scans of donation number and product code, in any order, one bag after the other."""

    def __init__(self, known: Callable[[str], list[BagKey]]) -> None:
        self._known = known
        self.keys: dict[BagKey, None] = {}
        self._half: dict[str, str] = {}
        # Counted by its number alone: the product code of its label may follow, and belongs to no other bag.
        self._by_number: BagKey | None = None

    def take(self, text: str) -> str:
        """Take a scan; return what to say: the bag counted, what is still wanted, or what was wrong."""
        read = scan.read(text)
        facts: dict[str, str] = {}
        for structure in read.structures:
            facts |= {
                key: str(structure.fields[key])
                for key in ("donation_number", "product_code", "division")
                if structure.fields.get(key)
            }
        if facts.get("division") == _UNDIVIDED:
            facts["division"] = ""
        if not read.ok or not facts:
            words = read.problems[0].message if read.problems else "这不是血袋的献血码或产品码"
            return f"✕ 没有计入：{words}"
        last, self._by_number = self._by_number, None
        if last is not None and "donation_number" not in facts:
            return self._also(last, facts)
        if set(facts) & set(self._half):
            self._half.clear()
        self._half |= facts
        donation, product = self._half.get("donation_number"), self._half.get("product_code")
        if donation is None:
            return "◇ 请扫这一袋的献血码"
        here = [key for key in self._known(donation) if product in (None, key[1])]
        split = self._half.get("division")
        if split is not None:
            here = [key for key in here if key[2] == split] or here
        if product is None and len(here) != 1:
            return "◇ 请再扫这一袋的产品码"
        if len(here) > 1:
            return "◇ 请再扫这一袋的分袋码"
        key = here[0] if here else (donation, product or "", split or "")
        self._half.clear()
        self._by_number = key if product is None else None
        if key in self.keys:
            return f"○ 已经计过：{bag_name(key)}"
        self.keys[key] = None
        return f"✓ 第 {len(self.keys)} 袋：{bag_name(key)}"

    def _also(self, last: BagKey, facts: dict[str, str]) -> str:
        """A further code of the bag just counted, which must agree with it."""
        _, product, split = last
        # A product code states a division even where nothing was divided.
        if facts.get("product_code", product) == product and (not split or facts.get("division", split) == split):
            self._by_number = last
            return f"○ 已经计过：{bag_name(last)}"
        self.keys.pop(last, None)
        return f"✕ 产品码与库存不符，刚才的 {bag_name(last)} 不再计入；请核对袋签，把这一袋的献血码和产品码重扫一遍"


class StockTakeWindow(QDialog):
    """Counts bags; `finish` compares them with the stock and calls back with the result."""

    def __init__(
        self,
        places: list[str],
        known: Callable[[str], list[BagKey]],
        finish: Callable[[list[BagKey], str, Callable[[StockTake], None]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.stock_take")
        self.setWindowTitle("盘点")
        self.setAccessibleName("盘点")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.bags = ScannedBags(known)
        self._finish = finish
        self.place = QComboBox(self)
        self.place.setObjectName("place")
        self.place.setAccessibleName("储存位置")
        self.place.addItem("全部储存位置", "")
        for place in places:
            self.place.addItem(place, place)
        self.said = QLabel("逐袋扫描献血码；同一献血码有几袋时再扫产品码。", self)
        self.said.setObjectName("said")
        self.said.setWordWrap(True)
        self.list = QListWidget(self)
        self.list.setObjectName("list.counted")
        self.list.setAccessibleName("已扫到的血袋")
        self.report = QTextBrowser(self)
        self.report.setObjectName("report")
        self.report.setAccessibleName("盘点结果")
        self.report.hide()
        self.buttons = QDialogButtonBox(self)
        self.compare = self.buttons.addButton("核对（Ctrl+S）", QDialogButtonBox.ButtonRole.ActionRole)
        self.compare.setObjectName("action.compare")
        self.compare.setShortcut("Ctrl+S")
        self.compare.setAutoDefault(False)
        close = self.buttons.addButton("关闭（Esc）", QDialogButtonBox.ButtonRole.RejectRole)
        close.setObjectName("action.close")
        close.setAutoDefault(False)
        self.compare.clicked.connect(self._compare)
        self.buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        for widget in (self.place, self.said):
            box.addWidget(widget)
        box.addWidget(self.list, 2)
        box.addWidget(self.report, 3)
        box.addWidget(self.buttons)
        self.resize(theme.em(self, 44), theme.em(self, 40))
        self.wedge = Wedge(self, self.scanned, lambda: self.said.setText("✕ 输入法打开着，这次扫描没有计入，请重扫"))
        self.wedge.start()
        self.finished.connect(lambda _result: self.wedge.stop())
        self.list.setFocus()

    def scanned(self, text: str) -> None:
        """A scanner sent this text."""
        before = len(self.bags.keys)
        self.said.setText(self.bags.take(text))
        if len(self.bags.keys) > before:
            self.list.insertItem(0, bag_name(list(self.bags.keys)[-1]))
        elif len(self.bags.keys) < before:
            self.list.takeItem(0)

    def _compare(self) -> None:
        self._finish(list(self.bags.keys), str(self.place.currentData()), self._show)

    def _show(self, taken: StockTake) -> None:
        self.report.setHtml(result_html(taken))
        self.report.show()
        self.said.setText("✓ 账实相符" if taken.clean else "▲ 有不符之处，见下；请逐袋处理后再盘一次")


def result_html(taken: StockTake) -> str:
    """Return the result of a stock-take in words."""
    from html import escape

    def bags(rows: tuple[StockRow, ...]) -> list[str]:
        return [f"{bag_name(row.key)}　{row.location}" for row in rows]

    parts = [
        ("✕ 账上有、没有扫到", bags(taken.missing)),
        ("✕ 扫到、但账上不在这里", [f"{bag_name(row.key)}（{row.location or '无位置'}）" for row in taken.elsewhere]),
        ("✕ 扫到、但从未入库", [bag_name(key) for key in taken.unknown]),
        ("▲ 已过期", bags(taken.expired)),
    ]
    found = [f"<p>账实相符 {len(taken.present)} 袋。</p>"]
    for words, lines in parts:
        if lines:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            found.append(f"<p><b>{words}（{len(lines)} 袋）</b></p><ul>{items}</ul>")
    return "".join(found)
