"""Rules in the command line, as whole processes: a described case is judged, the copy checks itself, issuing opens again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.cli.rule_words import CHECKED
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.rules.catalogue import RULES
from bloodbank_desktop.rules.described import cases
from bloodbank_desktop.storage import selfcheck_rows, site_rows
from bloodbank_desktop.storage.selfcheck_rows import Outcome
from bloodbank_desktop.storage.site_rows import Switched
from tests.faults.words import Said, program, run, word
from tests.samples import NOW
from tests.validation.examples import EXAMPLES, README

EXPIRED = {"bags.1.expires_at": "2026-11-23T08:59:00+08:00"}


def check(folder: Path, what: str, whole: Any) -> Said:
    """Ask about a described case, without any data file."""
    file = folder / "情形.json"
    file.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return run(program("check", what, str(file)))


@pytest.mark.parametrize("what", CHECKED)
def test_a_case_that_passes_everything(what: str, tmp_path: Path) -> None:
    """Each module that can be checked has a base case of which no rule says anything that stops it."""
    said = check(tmp_path, what, {"case": what})
    assert (said.code, said.answer["verdict"]) == (0, "ok"), said
    assert cases()[what]["record"] == CHECKED[what]


def test_a_case_that_is_blocked(tmp_path: Path) -> None:
    """The verdict is the gravest finding; each finding says rule, level, sentence and source, and the exit code is no."""
    said = check(tmp_path, "issue", {"case": "issue", "changes": EXPIRED})
    assert (said.code, said.answer["verdict"]) == (1, "block")
    found = {one["rule"]: one for one in said.answer["findings"]}
    assert list(found["issue-expired"]) == ["rule", "level", "message", "source"]
    assert found["issue-expired"]["level"] == "block"
    assert "已于 2026-11-23 08:59 过期" in found["issue-expired"]["message"]
    assert found["issue-expired"]["source"] == RULES["issue-expired"].source


def test_a_whole_description_is_read_like_a_base_case(tmp_path: Path) -> None:
    """Values and facts written out say the same as the name of the case, and nothing is filled in for them."""
    base = cases()["receipt"]
    assert check(tmp_path, "receipt", {"values": base["values"], "facts": base["facts"]}).answer["verdict"] == "ok"
    bare = check(tmp_path, "receipt", {"values": base["values"], "facts": {}})
    assert (bare.code, bare.codes) == (1, ["required"])
    wrong = check(tmp_path, "receipt", {"values": {**base["values"], "receiver": None}, "facts": base["facts"]})
    assert [problem["field"] for problem in wrong.problems] == ["receiver"]


@pytest.mark.parametrize("what", EXAMPLES)
def test_the_examples_of_the_readme(what: str, tmp_path: Path) -> None:
    """What the README shows as complete can be asked as it stands, and passes."""
    text = README.read_text(encoding="utf-8")
    found = re.search(rf"<!-- example: {what} -->\n```json\n(.*?)```", text, re.DOTALL)
    assert found is not None
    said = check(tmp_path, what, json.loads(found[1]))
    assert (said.code, said.answer["verdict"]) == (0, "ok"), said


def test_what_cannot_be_checked(tmp_path: Path) -> None:
    """An unknown subject and a missing file are wrong calls; another module's case is refused."""
    assert check(tmp_path, "nix", {"case": "issue"}).code == 2
    assert run(program("check", "issue", str(tmp_path / "nix.json"))).code == 2
    assert check(tmp_path, "issue", {"case": "receipt"}).codes == ["other-record"]
    late = {"case": "issue", "facts": {"now": "9999-12-31T12:00:00+08:00"}}
    assert check(tmp_path, "issue", late).codes[0] == "year"


def test_nothing_is_made_by_asking(tmp_path: Path) -> None:
    """Neither a check nor a self-check without a data file makes one."""
    file = tmp_path / "情形.json"
    file.write_text('{"case": "issue"}', encoding="utf-8")
    assert word(tmp_path / "资料", "check", "issue", file).answer["verdict"] == "ok"
    said = word(tmp_path / "资料", "selfcheck")
    assert (said.code, said.answer["passed"]) == (0, True)
    assert not [path for path in (tmp_path / "资料").rglob("*") if path.is_file()]


def test_the_switches_of_the_site_are_in_the_report(tmp_path: Path) -> None:
    """A self-check of a data file runs with its switches and names those that differ."""
    profile = open_profile(profile_dir(tmp_path, True), training=True)
    with profile.store.write() as tx:
        site_rows.switch(tx, Switched("solo_duty", "allowed", "夜班一人", NOW, "训练甲"))
    profile.close()
    said = word(tmp_path, "selfcheck", "--operator", "yi")
    assert said.code == 0
    assert [one["key"] for one in said.answer["switches"]] == ["solo_duty"]


def test_the_report_is_written_as_pdf(tmp_path: Path) -> None:
    """--report writes a PDF; a place where nothing can be written is a sentence."""
    file = tmp_path / "自检报告.pdf"
    assert word(tmp_path, "selfcheck", "--report", file).code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    said = word(tmp_path, "selfcheck", "--report", tmp_path / "没有" / "自检报告.pdf")
    assert (said.code, said.answer, said.codes) == (1, None, ["cannot-write"])


def test_issuing_is_opened_by_a_person_only(tmp_path: Path) -> None:
    """Without the role issuing stays closed; without a closed issuing there is nothing to open."""
    profile = open_profile(profile_dir(tmp_path, True), training=True)
    with profile.store.write() as tx:
        selfcheck_rows.put(tx, Outcome("2026-11-23T01:00:00.000Z", "训练甲", "0", False, ("issue-expired",)))
    profile.close()
    reopen = ("selfcheck", "--reopen", "--reason", "已核对例题，是例题本身有误", "--operator")
    said = word(tmp_path, *reopen, "jia")
    assert (said.code, said.codes) == (1, ["role-missing"])
    said = word(tmp_path, *reopen, "yi")
    assert (said.code, said.answer["failed"]) == (0, ["issue-expired"])
    assert (word(tmp_path, *reopen, "yi").codes) == ["not-closed"]


def classify(folder: Path, whole: Any) -> Said:
    """Weigh what is known of a reaction, without any data file."""
    file = folder / "反应.json"
    file.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return run(program("classify", str(file)))


def test_a_reaction_is_classified(tmp_path: Path) -> None:
    """Any part of a report is weighed: the class that fits first, each with what is met and what is missing."""
    known = {"symptoms": ["rash", "shock"], "temperature": "38.2", "temperature_before": "37.5"}
    said = classify(tmp_path, known)
    assert said.code == 0, said
    first, *others = said.answer["classes"]
    assert (first["type"], first["fits"], first["missing"], first["in_time"]) == ("anaphylactic", True, [], None)
    assert first["met"] == ["皮疹/荨麻疹", "休克"]
    allergic = next(one for one in others if one["type"] == "allergic")
    assert (allergic["fits"], allergic["against"]) == (False, ["休克"])
    assert "febrile" not in [one["type"] for one in said.answer["classes"]]
    assert classify(tmp_path, {}).answer == {"classes": []}


def test_what_cannot_be_classified_is_named(tmp_path: Path) -> None:
    """A misspelt field or symptom is a problem, never a criterion that is not met."""
    said = classify(tmp_path, {"symptoms": ["rush"], "temprature": "39"})
    assert (said.code, said.answer) == (1, None)
    assert {one["field"] for one in said.problems} == {"symptoms", "temprature"}
