"""A report on A4: no row is cut by a page, a table that goes on repeats its head, and the file is a PDF."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QPdfWriter
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange.paper import Paper, Piece, heading, rows
from bloodbank_desktop.exchange.selfcheck_page import selfcheck_page
from bloodbank_desktop.operations.selfcheck import Failure, Report, examine
from bloodbank_desktop.ui.paper import pages, write_pdf
from tests.samples import NOW

WIDTH, HEIGHT = 650.0, 900.0


def failed() -> Report:
    """Return a report in which one rule failed in many ways."""
    report = examine({}, NOW, "训练甲 <b>")
    bad = tuple(Failure(f"例题 {n} <script>", "应有而没有：禁止（expired）" * 6) for n in range(60))
    return replace(report, rules=(replace(report.rules[0], failed=bad), *report.rules[1:]))


def test_no_piece_is_cut_and_no_heading_is_left_alone(qapp: QApplication) -> None:
    """Each piece ends above the foot of its page, in order, and the last of a page is no heading."""
    paper = selfcheck_page(failed())
    made = pages(paper, QImage(10, 10, QImage.Format.Format_RGB32), WIDTH, HEIGHT)
    assert len(made) > 3
    for page in made:
        assert all(one.bottom <= HEIGHT for one in page)
        assert all(one.bottom <= after.top + 0.01 for one, after in pairwise(page))
    texts = [[one.document.toPlainText() for one in page] for page in made]
    assert all(page[-1] not in ("规则与例题", "文件摘要（SHA-256）") for page in texts)


def test_the_head_of_a_table_is_repeated(qapp: QApplication) -> None:
    """A table over three pages has its head on each of them, and no row twice."""
    table = rows(("行", "内容"), (20, 80), [(str(n), "字" * 20) for n in range(120)])
    paper = Paper("", "", (heading("表"), *table))
    made = pages(paper, QImage(10, 10, QImage.Format.Format_RGB32), WIDTH, HEIGHT)
    assert len(made) >= 3
    texts = [one.document.toPlainText().split() for page in made for one in page]
    assert sum(words == ["行", "内容"] for words in texts) == len(made)
    assert [words[0] for words in texts if words[0].isdecimal()] == [str(n) for n in range(120)]


def test_what_is_longer_than_a_page_still_stands_on_one(qapp: QApplication) -> None:
    """A piece that fits nowhere begins a page of its own and loses nothing before it."""
    paper = Paper("", "", (Piece("<p>前</p>"), Piece("<p>" + "很长 " * 9000 + "</p>"), Piece("<p>后</p>")))
    made = pages(paper, QImage(10, 10, QImage.Format.Format_RGB32), WIDTH, HEIGHT)
    assert [len(page) for page in made] == [1, 1, 1]


def test_the_report_says_everything(qapp: QApplication) -> None:
    """Outcome, failures, rules, switches, versions, digests and the place for signatures; words never become markup."""
    report = failed()
    text = selfcheck_page(report, "训练医院", "一号工作站").html
    for words in ("✕ 未通过：1 项", "训练医院", "一号工作站", "测试人", "复核人", "日期", report.installed.digest):
        assert words in text
    assert all(one.rule.title in text and one.rule.id in text for one in report.rules)
    assert all(digest in text for digest in report.installed.digests.values())
    assert "例题 59 &lt;script&gt;" in text
    assert "训练甲 &lt;b&gt;" in text
    assert "✓ 全部通过" in selfcheck_page(examine({}, NOW)).html


def test_a_pdf_is_written(qapp: QApplication, tmp_path: Path) -> None:
    """The file is a PDF with as many pages as were laid out; a file that is there is replaced."""
    file = tmp_path / "自检 报告.pdf"
    file.write_text("旧", encoding="utf-8")
    paper = selfcheck_page(failed())
    write_pdf(paper, file)
    content = file.read_bytes()
    assert content.startswith(b"%PDF-")
    writer = QPdfWriter(str(tmp_path / "other.pdf"))
    writer.setResolution(96)
    count = len(re.findall(rb"/Type /Page\b", content))
    assert abs(count - len(pages(paper, writer, 657.0, 956.0))) <= 1
    assert count > 3


def test_a_place_that_takes_no_file(qapp: QApplication, tmp_path: Path) -> None:
    """A folder that is not there is a sentence, not a silent nothing."""
    with pytest.raises(KnownProblem) as caught:
        write_pdf(selfcheck_page(examine({}, NOW)), tmp_path / "没有" / "a.pdf")
    assert caught.value.code == "cannot-write"
