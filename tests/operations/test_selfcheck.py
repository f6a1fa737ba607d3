"""The self-check finds every way in which an installed copy can be wrong, and what fails closes issuing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.judging import Stopped
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.selfcheck import Report, SelfCheck, cells_of, examine
from bloodbank_desktop.rules import vectors
from bloodbank_desktop.rules.catalogue import RULES
from bloodbank_desktop.rules.decisions import Decision, decision_names, watched
from bloodbank_desktop.rules.switches import SWITCHES
from bloodbank_desktop.storage import audit
from bloodbank_desktop.storage.tables import audit as audit_table
from tests import samples
from tests.samples import NOW
from tests.support import nobody, seat

REASON = "已核对例题，是例题本身有误"


def failures(report: Report) -> list[str]:
    """Return everything that failed, to be read in the output of the test."""
    lines = [f"{one.rule.id}: {bad.vector}: {bad.why}" for one in report.rules for bad in one.failed]
    lines += [f"{one.rule.id}: no vectors" for one in report.rules if not one.total]
    lines += [f"{one.rule.id}: never asked {cell}" for one in report.rules for cell in one.uncovered[:5]]
    return lines + [f"{one.vector}: {one.why}" for one in report.broken]


def _sites() -> Iterator[dict[str, str]]:
    choices = [[(key, value) for value in SWITCHES.facet(key, "values")] for key in SWITCHES]
    for one in product(*choices):
        yield dict(one)


def test_every_rule_holds_whatever_a_hospital_switched() -> None:
    """Each rule has vectors, all pass, each cell of its decision tables is asked – with every setting of the switches."""
    for site in [{}, *_sites()]:
        report = examine(site, NOW)
        assert failures(report) == [], site
        assert report.passed


def test_a_rule_reads_only_the_decision_tables_that_it_names() -> None:
    """What a rule decides by stands in its `tables`, or the self-check would not know which cells to ask."""
    for rule in RULES.values():
        assert {name for name, _ in cells_of(rule)} == set(rule.tables) & set(decision_names())


def test_asked_cells_are_known() -> None:
    """A cell counts as tried when its table was asked for it while somebody watched, and not otherwise."""
    one = Decision("t", "", "", "", {"a": ("x", "y")}, {"yes": "是"}, {("x",): "yes", ("y",): "yes"})
    one.outcome("y")
    with watched() as cells:
        one.outcome("x")
    one.outcome("y")
    assert cells == {("t", ("x",))}


def put(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, whole: Any) -> None:
    """Let the installed copy hold one file of vectors more."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    real = [one for one in vectors.files() if one.name != file.name]
    monkeypatch.setattr(vectors, "files", lambda: iter([*real, file]))


def vector(rule: str, **more: Any) -> dict[str, Any]:
    """Return a file with one vector that says that an expired bag may be issued."""
    changes = {"bags.1.expires_at": "2026-11-23T08:59:00+08:00"}
    one = {"name": "过期也可发出", "case": "issue", "changes": changes, "expect": "pass", **more}
    return {"rule": rule, "source": "无", "vectors": [one]}


def test_a_wrong_answer_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A vector that is answered otherwise is told with rule, vector and difference."""
    put(monkeypatch, tmp_path, "issue-expired", vector("issue-expired"))
    report = examine({}, NOW)
    assert not report.passed
    assert report.failed_rules == ("issue-expired",)
    (line,) = failures(report)
    assert "过期也可发出" in line
    assert "多出：禁止（expired）第 1 袋" in line


@pytest.mark.parametrize(
    ("name", "whole", "words"),
    [
        ("no-such-rule", vector("no-such-rule"), "不在规则目录中"),
        ("issue-expired", {"rule": "issue-expired"}, "不能使用"),
        ("issue-expired", vector("issue-reserved"), "holds the vectors of issue-reserved"),
        ("issue-expired", vector("issue-expired", changes={"nix": 1}), "nix"),
        ("issue-expired", {"rule": "issue-expired", "source": "", "vectors": []}, "no vectors"),
    ],
)
def test_vectors_that_prove_nothing_are_failures(
    name: str, whole: Any, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file of no rule, a file that cannot be read, a case that is misspelt and a rule without vectors all fail."""
    put(monkeypatch, tmp_path, name, whole)
    report = examine({}, NOW)
    assert not report.passed
    assert any(words in line for line in failures(report))


def test_a_rule_that_breaks_is_told_and_the_rest_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside a rule is a failed vector, not the end of the self-check."""

    def broken(values: Any, facts: Any) -> Any:
        raise ZeroDivisionError("nix")

    with monkeypatch.context() as patched:
        patched.setitem(RULES, "issue-expired", replace(RULES["issue-expired"], find=broken))
        report = examine({}, NOW)
    assert report.failed_rules == ("issue-expired",)
    assert "规则出错：ZeroDivisionError: nix" in failures(report)[0]
    assert sum(one.total for one in report.rules) == sum(one.total for one in examine({}, NOW).rules)


def test_the_report_says_what_is_installed() -> None:
    """Versions, editions of the tables, and the digest of every file that decides stand in the report."""
    whole = examine({"solo_duty": "allowed"}, NOW, "训练甲").as_json()
    assert whole["passed"] is True
    assert whole["by"] == "训练甲"
    assert whole["counts"]["rules"] == len(RULES)
    assert whole["counts"]["failed"] == 0
    assert all(whole["versions"].values())
    assert whole["tables"]["tables/product"] == "training-1"
    assert {"resources/tables/limit.json", "resources/selfcheck/cases.json", "rules/receipt.py"} <= set(
        whole["digests"]
    )
    assert all(len(digest) == 64 for digest in whole["digests"].values())
    assert whole["switches"] == [
        {"key": "solo_duty", "word": "单人值班", "value": "允许，事后他人补核", "default": "不允许"}
    ]


def test_progress_goes_through_every_rule() -> None:
    """A person sees which rule is being tried."""
    seen: list[tuple[int, int, str]] = []
    examine({}, NOW, progress=lambda done, of, what: seen.append((done, of, what)))
    assert [one[0] for one in seen] == list(range(len(RULES)))
    assert {one[1] for one in seen} == {len(RULES)}


# -- what it means for issuing ------------------------------------------------------------------------------------------


def deliver(profile: Profile) -> dict[str, Any]:
    """Let one bag be here and return the issue of it."""
    issue = samples.issue_values(seed=1)
    profile.desk.register("transfusion_request", samples.request_for(issue))
    profile.desk.register("stock_in", samples.delivery_of(issue["bags"], 1))
    return issue


def actions(profile: Profile) -> list[str]:
    """Return the actions of the audit; its seals hold."""
    with profile.store.read() as tx:
        assert audit.first_break(tx, profile.store.audit_key) is None
        return [row.action for row in tx.execute(audit_table.select().order_by(audit_table.c.seq))]


def test_a_failed_check_closes_issuing_until_somebody_answers_for_it(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After a failure nothing is issued, by whomever; a reviewer opens issuing in writing, and the audit says so."""
    check, issue = SelfCheck(profile.desk), deliver(profile)
    assert check.latest() is None
    put(monkeypatch, tmp_path, "issue-expired", vector("issue-expired"))
    assert not check.run().passed
    outcome = check.latest()
    assert outcome is not None
    assert (outcome.closes, outcome.failed) == (True, ("issue-expired",))
    with pytest.raises(Stopped) as caught:
        profile.desk.register("clinical_issue", issue)
    assert "issuing-closed" in {one.rule for one in caught.value.settled.stopping}
    assert "自检有 1 项未通过（issue-expired）" in str(caught.value)

    seat(profile, "训练甲", "technician")
    with pytest.raises(KnownProblem) as role:
        check.reopen(REASON)
    assert role.value.code == "role-missing"
    reviewer = seat(profile, "训练乙", "reviewer")
    with pytest.raises(KnownProblem) as reason:
        check.reopen(" 例 题 有 误 ")
    assert reason.value.code == "reason-required"
    outcome = check.reopen(REASON)
    assert (outcome.closes, outcome.reopened_by, outcome.reason) == (False, reviewer.actor, REASON)
    assert actions(profile)[-1] == "reopen-issuing"
    seat(profile)
    profile.desk.register("clinical_issue", issue)
    with pytest.raises(KnownProblem) as again:
        check.reopen(REASON)
    assert again.value.code == "not-closed"

    assert not check.run().passed
    again_closed = check.latest()
    assert again_closed is not None
    assert again_closed.closes


def test_a_later_check_that_passes_opens_issuing_by_itself(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once the cause is mended and the check passes, nobody has to open anything."""
    check, issue = SelfCheck(profile.desk), deliver(profile)
    with monkeypatch.context() as patched:
        put(patched, tmp_path, "issue-expired", vector("issue-expired"))
        check.run()
    assert check.run().passed
    assert actions(profile)[-2:] == ["selfcheck", "selfcheck"]
    outcome = check.latest()
    assert outcome is not None
    assert not outcome.closes
    profile.desk.register("clinical_issue", issue)


def test_other_work_goes_on_while_issuing_is_closed(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Receipt and disposal do not wait for a self-check: blood that arrives must be registered."""
    put(monkeypatch, tmp_path, "issue-expired", vector("issue-expired"))
    SelfCheck(profile.desk).run()
    issue = deliver(profile)
    profile.desk.register("other_stock_out", samples.removal_values(seed=1, bags=issue["bags"]))


def test_who_may_run_it(profile: Profile) -> None:
    """A viewer and nobody at all do not run it; what was refused changes nothing."""
    check = SelfCheck(profile.desk)
    seat(profile, "训练戊", "viewer")
    with pytest.raises(KnownProblem) as viewer:
        check.run()
    nobody(profile)
    with pytest.raises(KnownProblem) as none:
        check.run()
    assert (viewer.value.code, none.value.code) == ("role-missing", "not-signed-in")
    assert check.latest() is None
