"""What the platform refused for good is ended by a person, in the platform's favour, and nothing that was meant is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.storage import verify
from bloodbank_desktop.training.server import TrainingServer
from tests import samples
from tests.sync.kit import engine_of, http_platform, profile, states


def _sync(opened: object, server: TrainingServer) -> None:
    platform = http_platform(opened, server.url)  # type: ignore[arg-type]
    assert engine_of(opened, platform).run_once(lambda _: None).success  # type: ignore[arg-type]


def test_a_refused_amendment_ends_in_the_platforms_favour(tmp_path: Path) -> None:
    """An order that was accepted while our change waited offline shows the accepted order again, with our change in its
    history, and the queue is empty."""
    with TrainingServer(tmp_path / "server.db") as server, profile(tmp_path / "p") as mine:
        saved = mine.desk.register("blood_order", samples.values("blood_order", 1))
        _sync(mine, server)
        before = mine.desk.view("blood_order", saved.record_id).values
        server.platform.answer(saved.record_id, {"state": "accepted"})
        mine.desk.amend("blood_order", saved.record_id, {**before, "phone": "021-00000099"})
        _sync(mine, server)
        (refused,) = mine.desk.queue.rows()
        assert refused.state == "rejected" and "受理" in refused.last_error
        mine.desk.queue.settle(refused.dseq, reason="血站已受理")
        shown = mine.desk.view("blood_order", saved.record_id)
        assert shown.values == before
        assert mine.desk.queue.rows() == [] and states(mine)["withdrawn"] == 1
        assert "血站已受理" in [one.reason for one in shown.history], shown.history
        assert verify.problems(mine.store) == []


def test_a_refused_deletion_brings_the_record_back(tmp_path: Path) -> None:
    """A record that we deleted offline and the platform keeps is a living record again."""
    with TrainingServer(tmp_path / "server.db") as server, profile(tmp_path / "p") as mine:
        saved = mine.desk.register("blood_order", samples.values("blood_order", 2))
        _sync(mine, server)
        server.platform.answer(saved.record_id, {"state": "accepted"})
        mine.desk.delete("blood_order", saved.record_id, reason="不要了")
        _sync(mine, server)
        (refused,) = mine.desk.queue.rows()
        mine.desk.queue.settle(refused.dseq, reason="血站已受理")
        assert mine.desk.view("blood_order", saved.record_id).deleted_at is None
        assert verify.problems(mine.store) == []


def test_only_what_was_refused_is_settled_and_only_with_a_reason(tmp_path: Path) -> None:
    """An operation that waits for the network is not settled, and nothing is without a reason."""
    with profile(tmp_path / "p") as mine:
        saved = mine.desk.register("blood_order", samples.values("blood_order", 3))
        assert saved.dseq is not None
        with pytest.raises(KnownProblem, match="请写明"):
            mine.desk.queue.settle(saved.dseq, reason=" ")
        with pytest.raises(KnownProblem, match="没有等待人工处理"):
            mine.desk.queue.settle(saved.dseq, reason="试")
        assert states(mine) == {"pending": 1}
