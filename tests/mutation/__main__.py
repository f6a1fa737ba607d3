"""Make the rules wrong in every small way, one at a time, and report what nothing notices (dev.py mutate-rules)."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import bloodbank_desktop.rules.everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import RULES, Level
from tests.mutation import data, syntax, trial
from tests.mutation.applied import Mutant
from tests.mutation.reach import HOME, rules_through, top_level
from tests.mutation.trial import SURVIVED, Result

EQUIVALENT = Path(__file__).with_name("equivalent.json")
#: They describe cases and facts and decide nothing.
_NOT_RULES = frozenset({"__init__", "everything", "described", "vectors", "facts"})


def every_mutant() -> Iterator[Mutant]:
    """Yield every mutant of the rules and of their data."""
    for file in sorted(HOME.glob("*.py")):
        if file.stem in _NOT_RULES:
            continue
        for one in syntax.mutants(file.read_text(encoding="utf-8")):
            rules = rules_through(file.stem, top_level(file.stem, one.line))
            yield Mutant(f"rules/{file.name} {one.name}", rules, _level(rules), one.line, file.stem, one)
    for changed in data.mutants():
        readers = tuple(rule.id for rule in RULES.values() if changed.table in rule.tables)
        # A limit or a facet may be read by rules that do not name its table.
        rules = (*readers, *(one for one in RULES if one not in readers))
        level = _level(readers or rules)
        yield Mutant(f"{changed.folder}/{changed.table} {changed.name}", rules, level, 0, data=changed)


def _level(rules: Sequence[str]) -> str:
    return max((RULES[one].level for one in rules), key=lambda level: level.weight).value


def run(mutants: Sequence[Mutant], *, jobs: int, with_tests: bool) -> Iterator[Result]:
    """Yield what happened to each mutant, as it becomes known."""
    ask = partial(trial.tried, with_tests=with_tests)
    if jobs == 1:
        trial.start()
        yield from map(ask, mutants)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=trial.start) as pool:
        yield from pool.map(ask, mutants, chunksize=4)


def _chosen(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py mutate-rules", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there")
    parser.add_argument("--only", default="", metavar="RULE", help="only mutants that may change this rule's answer")
    parser.add_argument("--match", default="", metavar="TEXT", help="only mutants whose name contains this")
    parser.add_argument("--again", type=Path, metavar="REPORT", help="only the mutants that survived in this report")
    parser.add_argument("--no-tests", action="store_true", help="ask the self-check alone")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), metavar="N")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; return 1 if a mutant of a block rule survives or the list of equivalent ones is out of date."""
    chosen = _chosen(arguments)
    began = time.monotonic()
    reasons = {one["mutant"]: one["reason"] for one in json.loads(EQUIVALENT.read_text(encoding="utf-8"))}
    mutants = list(every_mutant())
    stale = sorted(reasons.keys() - {one.id for one in mutants})
    if chosen.only:
        mutants = [one for one in mutants if chosen.only in one.rules]
    mutants = [one for one in mutants if chosen.match in one.id]
    if chosen.again is not None:
        before = {one["mutant"] for one in json.loads(chosen.again.read_text(encoding="utf-8"))["survived"]}
        mutants = [one for one in mutants if one.id in before]
    tried = [one for one in mutants if one.id not in reasons]
    results = []
    for number, result in enumerate(run(tried, jobs=chosen.jobs, with_tests=not chosen.no_tests), start=1):
        results.append(result)
        if result.outcome == SURVIVED:
            print(f"survived [{result.mutant.level}] {result.mutant.id} ({result.mutant.line})", flush=True)
        if number % 500 == 0:
            print(f"{number} of {len(tried)} mutants, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    report = _report(results, len(mutants) - len(tried), time.monotonic() - began)
    report["stale"] = stale
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _say(report)
    blocking = [one for one in report["survived"] if one["level"] == Level.BLOCK]
    return 1 if blocking or stale else 0


def _report(results: Sequence[Result], equivalent: int, seconds: float) -> dict[str, Any]:
    counts = Counter(one.outcome for one in results)
    per_rule: dict[str, Counter[str]] = {}
    for one in results:
        for rule in one.mutant.rules if len(one.mutant.rules) < len(RULES) else ("*",):
            per_rule.setdefault(rule, Counter())[one.outcome] += 1
    survived = [one.mutant for one in results if one.outcome == SURVIVED]
    return {
        "mutants": len(results) + equivalent,
        "killed_by_selfcheck": counts[trial.SELFCHECK],
        "killed_by_tests": counts[trial.TESTED],
        "equivalent": equivalent,
        "survived": [
            {"mutant": one.id, "level": one.level, "line": one.line, "rules": list(one.rules)[:5]} for one in survived
        ],
        "rules": {rule: dict(count) for rule, count in sorted(per_rule.items())},
        "seconds": round(seconds, 1),
    }


def _say(report: dict[str, Any]) -> None:
    print(
        f"{report['mutants']} mutants in {report['seconds']} s: {report['killed_by_selfcheck']} killed by the self-check, "
        f"{report['killed_by_tests']} by the tests, {report['equivalent']} equivalent, {len(report['survived'])} survived"
    )
    for one in report["stale"]:
        print(f"listed as equivalent, but there is no such mutant: {one}")


if __name__ == "__main__":
    sys.exit(main())
