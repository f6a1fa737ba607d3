"""Words about the rules themselves: check a described case, run the self-check, open issuing again."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bloodbank_desktop.cli.calling import NO, YES, AddWord, profile, read, say
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.operations.selfcheck import Report

#: What can be checked, and the module whose record it describes.
CHECKED = {
    "issue": "clinical_issue",
    "receipt": "stock_in",
    "request": "transfusion_request",
    "removal": "other_stock_out",
    "reaction": "adverse_reaction",
    "certificate": "entitlement_review",
}


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    word("check", _check, f"ask the rules about a described case ({', '.join(CHECKED)}); saves nothing", "what", "file")
    word("classify", _classify, "weigh the classes of a reaction against the facts of a JSON file", "file")
    made = word("selfcheck", _selfcheck, "run the vectors of every rule on this installation")
    made.add_argument("--report", type=Path, metavar="FILE.pdf", help="write the report as PDF, too")
    made.add_argument("--reopen", action="store_true", help="open issuing although the self-check failed")
    made.add_argument("--reason", default="", metavar="TEXT", help="why, with --reopen")


def _check(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.trying import check

    if options.what not in CHECKED:
        raise KnownProblem(f"没有“{options.what}”这种核对；可用：{'、'.join(CHECKED)}", code="unknown-check")
    verdict = check(read(options.file), CHECKED[options.what], _switches(options))
    say(verdict.as_json())
    return YES if verdict.word in ("ok", "warn") else NO


def _classify(options: argparse.Namespace) -> int:
    """Any part of a reaction may be there; what is not known is no met criterion."""
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.problems import Refused
    from bloodbank_desktop.records.wire import from_json
    from bloodbank_desktop.rules.reaction_classes import classify

    values, problems = from_json(record_type("adverse_reaction"), read(options.file))
    if problems:
        raise Refused(problems)
    say({"classes": [one.as_json() for one in classify(values)]})
    return YES


def _switches(options: argparse.Namespace) -> Mapping[str, str]:
    """Return the switches of the data file that the options name, none where they name no file."""
    named = options.training or options.data_dir is not None
    if not named or not _has_file(options):
        return {}
    from bloodbank_desktop.operations.selfcheck import SelfCheck

    with profile(options) as opened:
        return SelfCheck(opened.desk).switches()


def _has_file(options: argparse.Namespace) -> bool:
    from bloodbank_desktop.paths import profile_dir
    from bloodbank_desktop.storage.connection import FILE_NAME

    return (profile_dir(options.data_dir, options.training) / FILE_NAME).exists()


def _selfcheck(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.selfcheck import SelfCheck

    if options.reopen:
        with profile(options) as opened:
            outcome = SelfCheck(opened.desk).reopen(options.reason)
        say({"reopened": outcome.reopened_at, "by": outcome.reopened_by, "failed": list(outcome.failed)})
        return YES
    report, *place = _examine(options)
    if options.report is not None:
        _write(report, options.report, *place)
    say(report.as_json())
    return YES if report.passed else NO


def _examine(options: argparse.Namespace) -> tuple[Report, str, str]:
    """Return the report with hospital and workstation; without a data file, of the program alone, and none is made."""
    from bloodbank_desktop.clock import SystemClock
    from bloodbank_desktop.operations.selfcheck import SelfCheck, examine

    if not _has_file(options):
        # Right after the installation there are no persons yet either.
        return examine({}, SystemClock().now(), options.operator_given), "", ""
    with profile(options) as opened:
        report = SelfCheck(opened.desk).run()
        return report, opened.settings.hospital_name, opened.settings.workstation


def _write(report: Report, file: Path, hospital: str, workstation: str) -> None:
    from bloodbank_desktop.exchange.selfcheck_page import selfcheck_page
    from bloodbank_desktop.ui.paper import write_pdf

    write_pdf(selfcheck_page(report, hospital, workstation), file)
