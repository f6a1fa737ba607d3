"""Words about the other side and the file itself: sync, queue, verify, the tour and the training platform."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bloodbank_desktop.cli.calling import YES, AddWord, everywhere, limit, no, profile, say
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.training import command


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    sync = word("sync", _sync, "send and receive until nothing is due")
    sync.add_argument("--once", action="store_true", required=True, help="one run, then end")
    sync.add_argument("--platform", default="", metavar="URL", help="instead of the address of the settings")
    queue = word("queue", _queue, "show what waits for the platform, with state, age and reason")
    queue.add_argument("--all", action="store_true", help="finished operations too")
    queue.add_argument("--limit", type=limit, default=1000, metavar="N")
    word("verify", _verify, "prove file integrity, ledger, outbox numbers and audit chain")
    tour = word("tour", _tour, "play the main job in a real window and write pictures and tour.json", "folder")
    tour.add_argument("--scale", type=float, default=1.0, help="interface scale, 1 to 2")
    tour.add_argument("--dark", action="store_true", help="dark colours")
    # The tour plays in processes of its own, one of which is killed; with this word it starts them.
    tour.add_argument("--act", default="", help=argparse.SUPPRESS)


def add_training(words: Any) -> None:
    """Add the words of the training platform, which have words of their own."""
    training = words.add_parser("training", help="the training platform", parents=[everywhere()])
    training_words = training.add_subparsers(required=True, metavar="WORD")
    serve = training_words.add_parser("serve", parents=[everywhere()])
    serve.add_argument("--port", type=int, required=True, metavar="N", help="0 = any free port")
    serve.add_argument("--db", type=Path, required=True, metavar="FILE")
    serve.add_argument("--while-stdin", action="store_true", help="end when stdin is closed")
    serve.add_argument("--lively", action="store_true", help="the other side answers by itself after some seconds")
    serve.set_defaults(run=_training_serve)
    acts = training_words.add_parser("act", help="play centre, office or laboratory", parents=[everywhere()])
    command.add_arguments(acts)
    acts.set_defaults(run=_training_act)


def _tour(options: argparse.Namespace) -> int:
    from bloodbank_desktop.tour import run

    return run(options.folder, scale=options.scale, dark=options.dark, act=options.act)


def _sync(options: argparse.Namespace) -> int:
    from bloodbank_desktop.wiring import NetworkLane

    with profile(options) as opened:
        lane = NetworkLane(opened)
        try:
            lane.connect(options.platform)
            report = lane.engine.run_once()
        finally:
            lane.close()
        opened.dispatch.note_trouble("" if report.success else report.error)
    say({**asdict(report), "success": report.success})
    if not report.success:
        return no([Problem("", report.code or "sync", report.error or "同步没有完成，请稍后再试")])
    return YES


def _queue(options: argparse.Namespace) -> int:
    from bloodbank_desktop.storage.outbox import STATE_WORDS

    with profile(options) as opened:
        summary = opened.desk.queue.summary()
        rows = opened.desk.queue.rows(open_only=not options.all, limit=options.limit)
        now = opened.desk.clock.now()
    say(
        {
            "waiting": summary.waiting,
            "attention": summary.attention,
            "oldest": summary.oldest,
            "last_success": summary.last_success,
            "trouble": summary.trouble,
            "by_state": summary.by_state,
            "rows": [
                {
                    "number": row.dseq,
                    "key": row.key,
                    "kind": row.kind,
                    "id": row.record_id,
                    "name": row.name,
                    "operation": row.op,
                    "state": row.state,
                    "state_word": STATE_WORDS[row.state],
                    "age_seconds": int((now - row.occurred_at).total_seconds()),
                    "attempts": row.attempts,
                    "next_try": row.next_at,
                    # What keeps everything from travelling was not said of this row alone.
                    "reason": row.last_error or (summary.trouble if row.state in ("pending", "sending") else ""),
                    "problem": row.problem,
                }
                for row in rows
            ],
        }
    )
    return YES


def _verify(options: argparse.Namespace) -> int:
    from bloodbank_desktop.storage.verify import problems

    with profile(options) as opened:
        found = problems(opened.store)
        try:
            waiting = opened.desk.queue.summary().waiting
        except KnownProblem:
            waiting = None  # unreadable, which stands among the problems
    checked = ["file", "triggers", "outbox", "records", "files", "ledger", "audit"]
    say({"ok": not found, "checked": checked, "waiting": waiting, "problems": [p.as_json() for p in found]})
    return no(found) if found else YES


def _training_serve(options: argparse.Namespace) -> int:
    from bloodbank_desktop.training.server import serve

    serve(options.port, options.db, while_stdin=options.while_stdin, lively=options.lively)
    return YES


def _training_act(options: argparse.Namespace) -> int:
    from bloodbank_desktop.training.command import run

    say(run(options))
    return YES
