"""The page of a chain: everything that was found, nothing that a text can turn into markup, and one sheet of paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.exchange.trace_page import trace_page
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.trace import trace, trace_bag
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.ui.trace_window import TraceWindow
from tests import samples
from tests.derived.examples import arrive
from tests.operations.bag_deeds import Bags
from tests.samples import NOW, bag_values
from tests.support import open_store, seat

WICKED = "<b>&\"'</table><img src=x onerror=alert(1)>"


def ordinary(profile: Profile, **request: Any) -> Bags:
    """Let a patient be given two bags of an order, one of which made her ill and was recalled."""
    desk, bags = profile.desk, Bags(profile)
    whole = [bag_values(1000), bag_values(1001)]
    desk.register("blood_order", samples.order_values(1))
    desk.register("transfusion_request", samples.request_for(samples.issue_values(seed=1, bags=whole), **request))
    arrive(profile, record_type("dispatch_note"), samples.dispatch_note_values(seed=1, bags=whole))
    desk.register("stock_in", samples.delivery_of(whole, 1))
    bags.stock.do("relocate", [bag_key(whole[0])], place="9号冰箱")
    bags.stock.do("reserve", [bag_key(bag) for bag in whole], holder="SQS00000001")
    desk.register("clinical_issue", samples.issue_values(seed=1, bags=whole))
    desk.register("adverse_reaction", samples.reaction_values(seed=1, bags=whole[:1]))
    arrive(profile, record_type("recall_notice"), samples.recall_values(seed=1, bags=whole[:1]))
    return bags


def words(html: str) -> str:
    """Return the text of a page."""
    return re.sub(r"<[^>]*>", " ", html)


def test_the_page_says_everything(profile: Profile) -> None:
    """Bag, label, state, every event with time and person, every record with its number: all of it stands on the page."""
    ordinary(profile)
    key = bag_key(bag_values(1000))
    page = trace_page(trace_bag(profile.desk, key), NOW, "训练甲")
    text = words(page)
    label = ("去白细胞悬浮红细胞 2 U", "B型 RhD 阳性", "已发出（SQS00000001）", "2027-01-01 23:59")
    events = ("入库并核对", "移位", "9号冰箱", "配血预留", "发出", "血站召回", "2026-11-23 09:00", "训练甲")
    papers = tuple(f"{prefix}00000001" for prefix in ("YDS", "FX", "RKS", "SQS", "FXS", "FYS", "ZHS"))
    for said in (bag_name(key), *label, *events, *papers, "输血不良反应"):
        assert said in text, said
    assert "断链" not in text and "没有全部列出" not in text


def test_a_broken_chain_comes_first(profile: Profile) -> None:
    """What is missing stands above everything else, in words."""
    Bags(profile).receive(bag_values(0), station_issue_no="FX404")
    text = words(trace_page(trace_bag(profile.desk, bag_key(bag_values(0))), NOW, ""))
    assert text.index("断链") < text.index("FX404") < text.index("血袋 ")
    assert "（未登记操作员）" in text


def test_no_text_becomes_markup(profile: Profile) -> None:
    """Whatever a person typed or a scanner sent stands on the page as it is; the tags of the page are its own."""
    bags = Bags(profile)
    bag = bag_values(1000, location="<i>1")
    bags.receive(bag, station_issue_no="<u>&", intake_no="<b>RK")
    bags.stock.do("quarantine", [bag_key(bag)], reason=WICKED)
    assert "&lt;i&gt;1" in trace_page(trace_bag(profile.desk, bag_key(bag)), NOW, "")
    seat(profile, WICKED)
    bags.remove("discard", bag, out_no="<s>QC")
    page = trace_page(trace_bag(profile.desk, bag_key(bag)), NOW, WICKED)
    assert set(re.findall(r"</?([a-zA-Z0-9]+)", page)) <= {
        "html", "head", "style", "body", "h1", "h2", "p", "table", "tr", "td", "th", "b", "br",
    }  # fmt: skip
    for part in ("&lt;b&gt;&amp;", "&lt;u&gt;&amp;", "&lt;b&gt;RK", "&lt;s&gt;QC"):
        assert part in page, part
    asked = trace(profile.desk, "<s>QC")
    assert "&lt;s&gt;QC" in trace_page(asked, NOW, "") and "<s>" not in trace_page(asked, NOW, "")


@pytest.mark.parametrize("asked", ["bag", "request"])
def test_an_ordinary_chain_is_one_sheet(asked: str, tmp_path: Path, qapp: QApplication) -> None:
    """The whole story of a bag, and of a request with two bags, fits one A4 page; a hundred bags do not."""
    profile = open_store(tmp_path)
    try:
        ordinary(profile)
        whole = asked == "request"
        key = bag_key(bag_values(1000))
        chain = trace(profile.desk, "SQS00000001") if whole else trace_bag(profile.desk, key)
        many = [bag_values(5000 + n) for n in range(100)]
        profile.desk.register("stock_in", samples.delivery_of(many, 7))
        long = trace(profile.desk, "RKS00000007")
    finally:
        profile.close()
    for found, one in ((chain, True), (long, False)):
        window = TraceWindow(found.asked, trace_page(found, NOW, "训练甲"))
        window.save_pdf(tmp_path / "page.pdf")
        window.deleteLater()
        pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes()))
        assert (pages == 1) is one, pages
        assert pages >= 1
