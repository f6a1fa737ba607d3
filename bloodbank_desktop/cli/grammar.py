"""The grammar of all words. Nothing heavy is imported to build it: every call of a word builds it."""

from __future__ import annotations

import argparse
from pathlib import Path

from bloodbank_desktop.cli import (
    alert_words,
    exchange_words,
    file_words,
    person_words,
    platform_words,
    record_words,
    rule_words,
    stock_words,
    switch_words,
    table_words,
)
from bloodbank_desktop.cli.calling import Parser, Run, everywhere


def parser(window: Run) -> Parser:
    """Return the parser of the whole command line; `window` is what runs without a word."""
    made = Parser(
        prog="bloodbank_desktop",
        description="输血科工作站. JSON on stdout, problems on stderr; exit 0 = yes, 1 = no, 2 = wrong call.",
        parents=[everywhere()],
    )
    made.set_defaults(run=window)
    words = made.add_subparsers(metavar="WORD", title="words (none = the program)")

    def word(name: str, run: Run, help_: str, *arguments: str) -> argparse.ArgumentParser:
        one = words.add_parser(name, help=help_, description=help_, parents=[everywhere()])
        for argument in arguments:
            kind = Path if argument in ("file", "folder", "out") else str
            one.add_argument(argument, type=kind, metavar=argument.upper())
        one.set_defaults(run=run)
        return one

    for subject in (
        record_words,
        file_words,
        exchange_words,
        stock_words,
        rule_words,
        switch_words,
        alert_words,
        person_words,
        platform_words,
    ):
        subject.add(word)
    table_words.add_tables(words)
    platform_words.add_training(words)
    return made
