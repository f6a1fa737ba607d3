"""The state of the workstation at a glance: every statement in words, with a shape, and as of now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.storage.outbox import QueueSummary
from bloodbank_desktop.sync.status import Phase, SyncStatus
from bloodbank_desktop.ui.status_area import StatusArea
from tests.ui.fakes import NOW, FixedClock


@pytest.fixture
def area(qapp: QApplication) -> Iterator[StatusArea]:
    """The status area on the screen."""
    made = StatusArea(FixedClock(), training=False)
    made.show()
    yield made
    made.hide()
    made.deleteLater()


def summary(waiting: int = 0, minutes: int = 0, attention: int = 0) -> QueueSummary:
    oldest = NOW - timedelta(minutes=minutes) if waiting else None
    return QueueSummary(waiting, oldest, attention, {}, NOW - timedelta(minutes=2))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (SyncStatus(True, Phase.IDLE, "已连接平台"), "● 在线"),
        (SyncStatus(False, Phase.WAITING, "网络不通", "unreachable"), "○ 离线，照常工作"),
        (SyncStatus(None, Phase.CONNECTING, "正在连接平台…"), "◇ 正在连接平台…"),
        (SyncStatus(True, Phase.STOPPED, "登录已失效", "not-signed-in"), "● 在线，登录已失效"),
    ],
)
def test_online_and_offline_in_words(area: StatusArea, status: SyncStatus, words: str) -> None:
    """The link is told by shape and word, the sentence of the network lane stands in the tip or beside it."""
    area.show_status(status)
    assert area.link.text() == words and area.link.accessibleName() == words
    assert area.link.toolTip() == status.sentence


def test_waiting_has_a_count_and_an_age(area: StatusArea) -> None:
    """What waits is counted, and the age of the oldest stands beside it; nothing waiting is said in words."""
    area.show_summary(summary())
    assert area.waiting.text() == "✓ 全部已报送" and not area.attention.isVisible()
    area.show_summary(summary(12, 95, 3))
    assert area.waiting.text() == "○ 待报送 12 项，最久 1 小时 35 分"
    assert area.attention.isVisible() and area.attention.text() == "× 需处理 3 项"
    assert area.success.text() == "上次报送成功 09:03"


def test_the_age_grows_without_news(area: StatusArea) -> None:
    """A timer says the age anew although nothing was read."""
    area.show_summary(summary(1, 5))
    clock = area._clock
    assert isinstance(clock, FixedClock)
    clock.moment += timedelta(minutes=10)
    area._ticks.timeout.emit()
    assert area.waiting.text().endswith("最久 15 分钟")


def test_nobody_signed_on_is_a_warning(area: StatusArea) -> None:
    """Without an operator the area asks for one; with one it names the person."""
    assert area.operator.text() == "！请登录"
    area.show_operator("训练甲")
    assert area.operator.text() == "操作员：训练甲"


def test_a_save_is_confirmed_for_a_while(area: StatusArea) -> None:
    """已保存 is shown at once and goes away by itself."""
    area.confirm("✓ 已保存 RK1")
    assert area.said.isVisible() and area.said.text() == "✓ 已保存 RK1"
    area._silence.timeout.emit()
    assert not area.said.isVisible()
