"""The papers of validation say what the catalogue says now, and leave no rule and no requirement unanswered."""

from __future__ import annotations

from bloodbank_desktop.rules.catalogue import RULES
from tests.validation import __main__ as tool
from tests.validation.evidence import ROOT, spoken_of, vectors_of
from tests.validation.papers import PAPERS, requirements


def test_papers_are_in_step() -> None:
    """Whoever changes a rule, a table, a vector or a test that the papers name writes them anew (dev.py papers)."""
    assert tool.drifted() == []


def test_every_rule_stands_in_every_paper_that_is_about_rules() -> None:
    """Hazards, warnings and the matrix name each rule; the warnings hold each of its sentences word by word."""
    for name in ("hazards.md", "warnings.md", "traceability.md"):
        whole = PAPERS[name]()
        assert all(f"`{rule_id}`" in whole for rule_id in RULES), name
    whole = PAPERS["warnings.md"]()
    assert all(text in whole for rule in RULES.values() for text in rule.says.values())


def test_requirements_are_written_once_and_have_a_source() -> None:
    """A requirement has a number of its own, words, a source and an answer; evidence that is named exists."""
    whole = requirements()
    assert len({one["id"] for one in whole}) == len(whole)
    for one in whole:
        assert one["words"] and one["source"] and (one["rules"] or one["evidence"]), one["id"]
        assert all((ROOT / path).exists() for path in one["evidence"]), one["id"]


def test_every_rule_has_vectors_and_tests_are_found() -> None:
    """Each rule has vectors; scanning finds tests by the rule's id and by its own codes."""
    assert all(vectors_of().values())
    assert "tests/rules/test_receipt.py" in spoken_of()["receipt-product"]
