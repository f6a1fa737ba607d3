"""Code tables in the command line, as whole processes, and on their way to a platform that never heard of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.wire import to_json
from bloodbank_desktop.wiring import TRAINING_FILE, TrainingPlatform
from tests.faults.words import word
from tests.samples import request_values
from tests.test_cli_stock import refused

KIND = "transfusion_request"
WHO = "训练员（xl）"
WHY = ("--reason", "输血管理委员会决定")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that is made by the first word."""
    return tmp_path / "数据"


def paper(folder: Path, **changes: object) -> Path:
    """Return a request as a JSON file; the values are not changed on the way, so that any key can stand in it."""
    now = SystemClock().now().replace(second=0, microsecond=0)
    whole = {**to_json(record_type(KIND), request_values(now=now)), **changes}
    file = folder / "paper.json"
    file.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return file


def test_words_about_tables(data: Path) -> None:
    """Tables are listed and shown; entries are added, set, retired and reverted, each with its number in the answer."""
    listed = word(data, "table", "list").answer["tables"]
    purpose = next(one for one in listed if one["name"] == "purpose")
    assert (purpose["changeable"], purpose["changed"], purpose["version"]) == ("entries", 0, "2026-11")
    assert next(one for one in listed if one["name"] == "abo")["changeable"] == "nothing"
    said = word(data, "table", "add", "purpose", "trial", "--word", "临床试验", "--place", "2", *WHY)
    assert (said.code, said.answer["number"], said.answer["act"]) == (0, 1, "add")
    assert word(data, "table", "set", "purpose", "rescue", "--word", "急救", *WHY).answer["number"] == 2
    assert word(data, "table", "retire", "purpose", "other", *WHY).answer["number"] == 3
    assert word(data, "table", "revert", "purpose", "2", *WHY).answer["reverts"] == 2
    shown = word(data, "table", "show", "purpose").answer
    entries = {one["key"]: one for one in shown["entries"]}
    assert list(entries)[1] == "trial"
    assert (entries["rescue"]["word"], entries["other"]["retired"]) == ("抢救", True)
    assert [(one["number"], one["act"], one["actor"]) for one in shown["changes"]] == [
        (1, "add", WHO), (2, "set", WHO), (3, "retire", WHO), (4, "revert", WHO),
    ]  # fmt: skip
    added = ("--word", "红细胞 1U", "--facet", "component=悬浮红细胞", "--facet", "amount=1")
    assert word(data, "table", "add", "product", "P7777", *added, *WHY).answer["facets"] == {
        "component": "RBC-S", "amount": "1",
    }  # fmt: skip
    assert word(data, "verify").answer["ok"]


def test_what_words_about_tables_refuse(data: Path) -> None:
    """A standard's table is not changed, a wrong call is one, a missing reason too."""
    refused(word(data, "table", "set", "abo", "A", "--word", "甲型", *WHY), 1, "not-changeable")
    refused(word(data, "table", "show", "no_such"), 2, "unknown-table")
    refused(word(data, "table", "set", "purpose", "no_such", "--word", "x", *WHY), 2, "unknown-code")
    refused(word(data, "table", "add", "product", "P7777", "--word", "x", "--facet", "amount", *WHY), 1, "wrong-facet")
    assert word(data, "table", "retire", "purpose", "other").code == 2
    assert word(data, "table", "revert", "purpose", "two", *WHY).code == 2


def test_an_added_key_reaches_the_platform_and_another_workstation(data: Path, tmp_path: Path) -> None:
    """The platform takes a record with a key of this site because its word comes along; the next workstation reads it."""
    assert word(data, "table", "add", "purpose", "trial", "--word", "临床试验", *WHY).code == 0
    saved = word(data, "register", KIND, paper(tmp_path, purpose="trial"))
    assert saved.code == 0, saved
    second = tmp_path / "第二台"
    with TrainingPlatform(tmp_path / TRAINING_FILE) as platform:
        sent = word(data, "sync", "--once", "--platform", platform.url)
        assert (sent.code, word(data, "queue").answer["waiting"]) == (0, 0), sent
        assert word(second, "sync", "--once", "--platform", platform.url).code == 0
    assert word(second, "show", KIND, saved.answer["id"]).answer["values"]["purpose"] == "trial"
    learned = {one["key"]: one for one in word(second, "table", "show", "purpose").answer["entries"]}["trial"]
    assert (learned["word"], learned["retired"]) == ("临床试验", True)
    refused(word(second, "register", KIND, paper(tmp_path, request_no="SQ-2", purpose="trial")), 1, "retired")
    assert word(second, "verify").answer["ok"]
