"""Evidence through the command line: a path in the JSON is read and kept, and what is kept is written out again."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.clock import SystemClock, china_day
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.wire import to_json
from bloodbank_desktop.training.server import TrainingServer
from tests import papers, samples
from tests.faults.words import Said, word

REVIEW = "entitlement_review"


def _saved(
    folder: Path, tmp_path: Path, *files: Any, verb: tuple[str, ...] = ("register", REVIEW), **changes: Any
) -> Said:
    """Run register or amend on an application with these files as they stand in its JSON."""
    whole = to_json(record_type(REVIEW), samples.values(REVIEW, 0, now=SystemClock().now()))
    whole["evidence"][0] = {"evidence_kind": whole["evidence"][0]["evidence_kind"], "files": list(files)}
    whole |= changes
    (tmp_path / "申请.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return word(folder, *verb, tmp_path / "申请.json")


def test_a_path_is_read_kept_shown_and_written_out(tmp_path: Path) -> None:
    """A path counts from the folder of the JSON; the record shows name and hash; `file` gives the same bytes back, once."""
    folder, scan = tmp_path / "资料", papers.written(tmp_path, "扫描 1.png")
    saved = _saved(folder, tmp_path, {"path": scan.name})
    assert saved.code == 0, saved
    (entry,) = word(folder, "show", REVIEW, saved.answer["id"]).answer["values"]["evidence"][0]["files"]
    sha256 = hashlib.sha256(scan.read_bytes()).hexdigest()
    assert entry == {"name": scan.name, "media_type": "image/png", "size": scan.stat().st_size, "sha256": sha256}
    out = tmp_path / "out.png"
    assert word(folder, "file", sha256, out).answer == {"file": str(out), "size": entry["size"]}
    assert out.read_bytes() == scan.read_bytes()
    assert word(folder, "file", sha256, out).codes == ["file-exists"]
    assert word(folder, "file", "0" * 64, tmp_path / "none").codes == ["file-not-here"]
    # What is known by its hash needs no path any more.
    more = papers.written(tmp_path, "二.pdf")
    verb = ("amend", REVIEW, saved.answer["id"])
    assert _saved(folder, tmp_path, entry, {"path": str(more)}, verb=verb).code == 0
    checked = word(folder, "verify")
    assert (checked.code, "files" in checked.answer["checked"]) == (0, True)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"path": "没有.pdf"}, "file-unreadable"),
        ({"path": "申请.json"}, "file-type"),
        ({"path": 7}, "type"),
        ({"path": "a.pdf", "name": "b"}, "type"),
        (papers.entry(), "file-not-here"),
    ],
)
def test_a_file_that_cannot_be_taken_is_a_no(tmp_path: Path, entry: Any, code: str) -> None:
    """Each has its sentence and nothing is saved."""
    said = _saved(tmp_path / "资料", tmp_path, entry)
    assert (said.code, said.codes) == (1, [code])
    assert word(tmp_path / "资料", "list", REVIEW).answer["total"] == 0


def test_a_file_of_another_workstation_is_written_out(tmp_path: Path) -> None:
    """`file` asks the platform for what is not here; without the network it says why, and then it is here for ever."""
    one, two, scan = tmp_path / "甲", tmp_path / "乙", papers.written(tmp_path, "扫描.png")
    then = SystemClock().now() - timedelta(days=40)
    old: dict[str, Any] = {"applied_at": then.isoformat(), "notice_on": china_day(then).isoformat()}
    with TrainingServer(tmp_path / "platform.db") as server:
        assert _saved(one, tmp_path, {"path": scan.name}, **old).code == 0
        for folder in (one, two):
            assert word(folder, "sync", "--once", "--platform", server.url).code == 0
        sha256 = hashlib.sha256(scan.read_bytes()).hexdigest()
        gone = word(two, "file", sha256, tmp_path / "none.png", "--platform", "http://127.0.0.1:1")
        assert (gone.code, gone.codes) == (1, ["file-not-now"])
        assert "取不到" in gone.words and not (tmp_path / "none.png").exists()
        out = tmp_path / "out.png"
        assert word(two, "file", sha256, out, "--platform", server.url).code == 0
    assert out.read_bytes() == scan.read_bytes()
    assert word(two, "file", sha256, tmp_path / "again.png").code == 0
