"""Asks about one mutant: first the vectors of the self-check, then, of what they let pass, the tests of the rules."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bloodbank_desktop.operations.trying import ask
from bloodbank_desktop.rules import vectors
from bloodbank_desktop.rules.catalogue import RULES
from bloodbank_desktop.rules.described import Described, describe
from tests.mutation.applied import Mutant, applied

TESTS = Path(__file__).parents[1] / "rules"
#: Rules whose tests stand with what asks them: a scan is judged where it arrives.
_ELSEWHERE = dict.fromkeys(("scanning", "scan_labels"), (TESTS.parent / "forms" / "test_scan_router.py",))
#: A mutant may loop for ever.
SECONDS = 300.0
#: So many test files are tried before all others.
_LIKELY = 2
SELFCHECK, TESTED, SURVIVED = "self-check", "tests", "survived"


@dataclass(frozen=True)
class Result:
    """What happened to a mutant: noticed by the self-check, by the tests, or survived; `by` is what noticed it."""

    mutant: Mutant
    outcome: str
    by: str = ""


@cache
def prepared() -> dict[str, list[tuple[vectors.Vector, Described]]]:
    """Return the vectors of each rule with their cases read; those that fail without any mutant are a mistake."""
    found: dict[str, list[tuple[vectors.Vector, Described]]] = {}
    for file in vectors.files():
        known = vectors.load(file)
        found[known.rule] = [(one, describe(one.case)) for one in known.vectors]
        for vector, case in found[known.rule]:
            if why := vector.differs(ask(RULES[known.rule], case, {}), case.declared):
                raise ValueError(f"{known.rule}: {vector.name} fails without a mutant: {why}")
    return found


def noticed_by_selfcheck(mutant: Mutant) -> str:
    """Return the vector that notices a mutant, "" for none."""
    known = prepared()
    try:
        with applied(mutant):
            trying = importlib.import_module("bloodbank_desktop.operations.trying")
            rules = importlib.import_module("bloodbank_desktop.rules.catalogue").RULES
            for rule_id in mutant.rules:
                for vector, case in known.get(rule_id, ()):
                    try:
                        if vector.differs(trying.ask(rules[rule_id], case, {}), case.declared):
                            return f"{rule_id}: {vector.name}"
                    except Exception as problem:  # Whatever a broken rule raises, somebody sees it.
                        return f"{rule_id}: {vector.name}: {type(problem).__name__}"
    except Exception as problem:
        return f"cannot be loaded: {type(problem).__name__}"
    return ""


def tests_for(mutant: Mutant) -> list[str]:
    """Return every test file of the rules, and of who asks them, the ones that speak most of what was changed first."""
    words = [*(mutant.rules if len(mutant.rules) < 5 else ()), mutant.module]
    words += [mutant.data.table] if mutant.data is not None else []
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words if word))

    def relevance(file: Path) -> int:
        own = file.name in (f"test_{mutant.module}.py", *(f"test_{rule}.py" for rule in _rooms(mutant)))
        return -len(pattern.findall(file.read_text(encoding="utf-8"))) - (1000 if own else 0)

    files = [*TESTS.glob("test_*.py"), *_ELSEWHERE.get(mutant.module, ())]
    return [str(file) for file in sorted(files, key=lambda file: (relevance(file), file.name))]


def _rooms(mutant: Mutant) -> set[str]:
    """Return the modules in which the rules of a mutant stand, as far as it is not a mutant of all of them."""
    if len(mutant.rules) == len(RULES):
        return set()
    return {RULES[one].find.__module__.rpartition(".")[2] for one in mutant.rules}


def _tested(mutant: Mutant, files: list[str]) -> None:
    """Run the tests with the mutant in force; the exit code says whether they noticed it."""
    import pytest

    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "out").open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        arguments = ["-x", "-q", "--no-header", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
        try:
            with applied(mutant):
                # The likely ones first, so that the others are not even collected.
                code = int(pytest.main([*arguments, *files[:_LIKELY]])) or int(
                    pytest.main([*arguments, *files[_LIKELY:]])
                )
        except Exception:
            code = 1
    # Not sys.exit: whatever the tests left running must not keep this process.
    os._exit(code)


def noticed_by_tests(mutant: Mutant) -> bool:
    """Return whether the tests of the rules notice a mutant, run in a process of their own."""
    context: Any = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    process = context.Process(target=_tested, args=(mutant, tests_for(mutant)))
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    return bool(process.exitcode)


def tried(mutant: Mutant, with_tests: bool = True) -> Result:
    """Return what happened to a mutant."""
    if by := noticed_by_selfcheck(mutant):
        return Result(mutant, SELFCHECK, by)
    if with_tests and noticed_by_tests(mutant):
        return Result(mutant, TESTED)
    return Result(mutant, SURVIVED)


def start() -> None:
    """Prepare a worker."""
    sys.dont_write_bytecode = True
    # Loaded once here and not in every process that runs tests; plug-ins of other tests would be loaded each time.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in ("pytest", "hypothesis", "hypothesis.strategies"):
        importlib.import_module(name)
    prepared()
