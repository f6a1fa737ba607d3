"""The network goes and comes back, and nobody has to do anything about it; the window says at any time how it stands."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.sync.status import Phase, SyncStatus
from bloodbank_desktop.training.server import TrainingServer
from bloodbank_desktop.wiring import TRAINING_FILE
from tests.faults.checker import server_changes
from tests.faults.proxy import FaultProxy
from tests.forms.bags import label_scans
from tests.journeys.conftest import CTRL, PATIENCE, Workstation
from tests.support import allow_solo_duty
from tests.waiting import wait_until


def _register_a_bag(station: Workstation, index: int) -> None:
    assert station.program.profile is not None
    allow_solo_duty(station.program.profile)
    station.press(Qt.Key.Key_N, CTRL)
    dialog = station.dialog()
    assert "已齐" in station.scan(dialog, *label_scans(index, now=SystemClock().now()))
    dialog.form.editors["solo_duty"].show_text("是")
    station.press(Qt.Key.Key_S, CTRL)
    station.closed()


def _upload_word(station: Workstation) -> str:
    model = station.page("stock_in").model
    assert model is not None
    texts = [str(model.index(0, column).data() or "") for column in range(model.columnCount())]
    return next(text for text in texts if "待报送" in text or "已报送" in text or "报送" in text)


def test_uploading_starts_by_itself(station: Workstation, network: FaultProxy, platform: TrainingServer) -> None:
    """A record saved offline goes up when the network is back, without a key or a click, and every word follows."""
    network.down()
    station.start()
    wait_until(lambda: station.status.link.text() == "○ 离线，照常工作", PATIENCE)
    _register_a_bag(station, 0)
    wait_until(lambda: station.status.waiting.text().startswith("○ 待报送 1 项"), PATIENCE)
    wait_until(lambda: "待报送" in _upload_word(station), PATIENCE)
    assert not station.status.success.isVisible()
    network.up()
    wait_until(lambda: station.status.link.text() == "● 在线", PATIENCE)
    wait_until(lambda: station.status.waiting.text() == "✓ 全部已报送", PATIENCE)
    wait_until(lambda: station.status.success.text().startswith("上次报送成功"), PATIENCE)
    wait_until(lambda: "已报送" in _upload_word(station), PATIENCE)
    assert len(server_changes(platform.platform)) == 1

    network.down()
    _register_a_bag(station, 1)
    wait_until(lambda: station.status.link.text() == "○ 离线，照常工作", PATIENCE)
    assert station.status.waiting.text().startswith("○ 待报送 1 项")
    network.up()
    wait_until(lambda: station.status.waiting.text() == "✓ 全部已报送", PATIENCE)
    wait_until(lambda: station.status.link.text() == "● 在线", PATIENCE)
    assert len(server_changes(platform.platform)) == 2


def test_in_training_the_lane_connects_at_once(station: Workstation) -> None:
    """Without an address the training platform is started; that it connects is said before that, and is said on time."""
    program = station.start(url="", attached=False)
    said: list[tuple[SyncStatus, bool]] = []

    def note(status: SyncStatus) -> None:
        said.append((status, program.lane is not None))

    # On the lane itself, so that what is noted beside it is of the same moment.
    program.window.sync_status.connect(note, Qt.ConnectionType.DirectConnection)
    wait_until(lambda: station.status.link.text() == "● 在线", PATIENCE)
    first, lane_was_there = said[0]
    assert (first.online, first.phase, lane_was_there) == (None, Phase.CONNECTING, False)
    assert all(status.phase is not Phase.UNSET for status, _ in said)


def test_a_training_platform_that_does_not_start_is_said(station: Workstation) -> None:
    """Where its platform cannot start, the window says offline and why, and work goes on."""
    obstacle: Path = station.folder / TRAINING_FILE
    obstacle.mkdir()
    program = station.start(url="")
    wait_until(lambda: station.status.link.text() == "○ 离线，照常工作", PATIENCE)
    wait_until(lambda: "训练平台没有启动" in program.window.messages.text, PATIENCE)
    _register_a_bag(station, 0)
    wait_until(lambda: station.status.waiting.text().startswith("○ 待报送 1 项"), PATIENCE)
