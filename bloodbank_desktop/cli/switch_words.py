"""Words about the switches of this hospital."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.cli.calling import YES, AddWord, profile, say
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.operations.switching import SwitchState


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    made = word("switch", _switch, "list what the law leaves to the hospital; with KEY and VALUE, switch it")
    made.add_argument("key", nargs="?", default="", metavar="KEY")
    made.add_argument("value", nargs="?", default="", metavar="VALUE")
    made.add_argument("--reason", default="", metavar="TEXT", help="why, for the audit")


def _switch(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.switching import states, switch

    if options.key and not options.value:
        raise KnownProblem("请写明设为什么：switch KEY VALUE --reason TEXT", code="wrong-act")
    with profile(options) as opened:
        if options.key:
            say(_shown(switch(opened.desk, options.key, options.value, reason=options.reason)))
        else:
            say([_shown(one) for one in states(opened.desk)])
    return YES


def _shown(one: SwitchState) -> dict[str, Any]:
    return {
        "key": one.key,
        "word": one.word,
        "value": one.value,
        "default": one.default,
        "values": one.values,
        "room": one.room,
        "history": [
            {"value": past.value, "reason": past.reason, "at": past.at, "by": past.actor} for past in one.history
        ],
    }
