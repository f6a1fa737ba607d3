"""The words about alerts, exceptions, duties and near misses, as an unattended script calls them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from bloodbank_desktop.clock import SystemClock, china_day
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.storage import alert_rows
from tests import samples
from tests.faults.words import Said, word
from tests.operations.test_alerts import ALERT


def written(folder: Path, *alerts: alert_rows.Alert) -> None:
    """Let alerts have been given in the training profile of a folder."""
    opened = open_profile(profile_dir(folder, True), training=True)
    with opened.store.write() as tx:
        alert_rows.add(tx, alerts)
    opened.close()


def test_alerts_are_counted_and_listed(tmp_path: Path) -> None:
    """`alerts` counts per rule in a period, `--rule` lists in pages, `near-miss` begins a draft from a number."""
    today = SystemClock().now()
    old = today - timedelta(days=60)
    written(tmp_path, *(alert_rows.Alert(**{**vars(ALERT), "at": at}) for at in (today, today, old)))
    counted = word(tmp_path, "alerts").answer
    assert (counted["issues"], [(one["rule"], one["overridden"], one["total"]) for one in counted["rules"]]) == (
        0, [(ALERT.rule, 2, 2)],
    )  # fmt: skip
    assert word(tmp_path, "alerts", "--since", china_day(old).isoformat()).answer["rules"][0]["total"] == 3
    listed = word(tmp_path, "alerts", "--rule", ALERT.rule, "--limit", "1").answer
    assert (listed["total"], [one["number"] for one in listed["alerts"]]) == (2, [2])
    begun = word(tmp_path, "near-miss", "2").answer
    assert begun["kind"] == "near_miss" and begun["draft"]
    assert refused(word(tmp_path, "near-miss", "99")) == ["no-such-alert"]
    assert refused(word(tmp_path, "near-miss", "x")) == ["not-a-number"]
    assert refused(word(tmp_path, "alerts", "--since", "昨天")) == ["not-a-day"]
    assert refused(word(tmp_path, "alerts", "--until", "9999-12-31")) == ["year"]


def test_exceptions_are_signed(tmp_path: Path) -> None:
    """`exceptions` lists what waits, `exceptions sign` signs it with words, `--all` shows who signed."""
    written(tmp_path, alert_rows.Alert(**{**vars(ALERT), "actor": "别人（bie）"}))
    assert word(tmp_path, "exceptions").answer["total"] == 1
    assert refused(word(tmp_path, "exceptions", "sign")) == ["comment-required"]
    assert word(tmp_path, "exceptions", "sign", "--comment", "已逐项核对病历").answer == {"signed": 1, "own": 0}
    assert word(tmp_path, "exceptions").answer == {"total": 0, "exceptions": []}
    (one,) = word(tmp_path, "exceptions", "--all").answer["exceptions"]
    assert one["signed"]["comment"] == "已逐项核对病历"


def test_duties_are_closed(tmp_path: Path) -> None:
    """`duties` lists what is open, `duties close` closes it with words, and says so when that cannot be."""
    from bloodbank_desktop.records import wire
    from bloodbank_desktop.records.catalogue import record_type

    values = samples.values("near_miss", 1, harm="no_harm") | {"reporter": None}
    file = tmp_path / "险兆.json"
    file.write_text(json.dumps(wire.to_json(record_type("near_miss"), values)), encoding="utf-8")
    saved = word(tmp_path, "register", "near_miss", str(file))
    assert (saved.code, saved.answer["queue_number"]) == (0, None)
    (duty,) = word(tmp_path, "duties").answer
    assert (duty["what"], duty["kind"], duty["record_id"]) == ("near_miss_inform", "near_miss", saved.answer["id"])
    assert word(tmp_path, "duties", "close").code == 2
    closed = word(tmp_path, "duties", "close", duty["id"], "--comment", "已电话告知经治医师").answer
    assert closed["comment"] == "已电话告知经治医师"
    assert word(tmp_path, "duties").answer == []


def refused(said: Said) -> list[str]:
    """Return the codes of a refusal."""
    assert said.code == 1, said
    return said.codes
