"""The command line: the same operations, rules and verbs as the window, for scripts, tests and the IT department.

JSON on stdout, problems on stderr as JSON [{"field", "line", "code", "message"}]; exit 0 = yes, 1 = the answer is no,
2 = wrong call. Without a word the program itself starts.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from bloodbank_desktop.clock import utc_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.training import command

if TYPE_CHECKING:
    from bloodbank_desktop.operations.opening import Profile
    from bloodbank_desktop.operations.results import Saved
    from bloodbank_desktop.records.declare import RecordType

YES, NO, WRONG_CALL = 0, 1, 2
#: In the order of the floors; each brings along what it stands on.
_NEED_NO_QT = (
    "concurrent.futures.thread",
    "unicodedata",
    "bloodbank_desktop.logs",
    "bloodbank_desktop.settings",
    "bloodbank_desktop.locks",
    "bloodbank_desktop.paths",
    "bloodbank_desktop.records.catalogue",
    "bloodbank_desktop.records.wire",
    "bloodbank_desktop.operations.first_look",
    "bloodbank_desktop.forms.contract",
    "bloodbank_desktop.forms.burst",
    "bloodbank_desktop.forms.roles",
)
_WRONG = {"unknown-module", "no-such-file", "wrong-act"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one word and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or pipe of another code page must not turn Chinese into an exception.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # Not as defaults of the parser: those of a word would take the place of what was given before the word.
    nothing_given = argparse.Namespace(data_dir=None, training=False, operator_given="")
    options, words = _everywhere().parse_known_args(arguments, nothing_given)
    if words:
        options = _parser().parse_args(arguments, options)
    else:
        # Most starts: the window, which does not wait for the grammar of every word.
        options.run = _window
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except Refused as refused:
        return _no(refused.problems)
    except KnownProblem as problem:
        _no([Problem("", problem.code, problem.message)])
        return WRONG_CALL if problem.code in _WRONG else NO
    except BrokenPipeError:
        # The reader went away, as `| head` does; Python must not complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> str:
    return utc_text(value) if isinstance(value, datetime) else str(value)


def _no(problems: Iterable[Problem]) -> int:
    sys.stderr.write(json.dumps([problem.as_json() for problem in problems], ensure_ascii=False, indent=2) + "\n")
    return NO


@contextmanager
def _profile(options: argparse.Namespace) -> Iterator[Profile]:
    from bloodbank_desktop.operations.opening import open_profile
    from bloodbank_desktop.paths import profile_dir

    profile = open_profile(profile_dir(options.data_dir, options.training), training=options.training)
    profile.desk.operator = options.operator_given or "命令行"
    try:
        yield profile
    finally:
        profile.close()


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise KnownProblem(f"读不到文件 {path}（{problem.strerror}），请核对文件名", code="no-such-file") from problem
    except UnicodeDecodeError as problem:
        raise KnownProblem(f"{path} 不是 UTF-8 文字，请另存为 UTF-8 后再试", code="not-utf-8") from problem
    try:
        return json.loads(text, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError) as problem:
        raise KnownProblem(f"{path} 不是正确的 JSON（{problem}），请改正后再试", code="not-json") from problem


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        raise ValueError("同一个字段写了两次")
    return whole


# -- words ---------------------------------------------------------------------------------------------------------


def load_what_needs_no_qt() -> None:
    """Load what the window stands on before Qt is loaded.

    PySide reads through the source of every module that is loaded after it, to find out whether it uses Qt; that
    would be a fifth of the time until the window is on the screen. The collector rests meanwhile, since loading makes
    no garbage; the window has one of its own (ui.garbage).
    """
    gc.disable()
    for name in _NEED_NO_QT:
        importlib.import_module(name)


def _window(options: argparse.Namespace) -> int:
    load_what_needs_no_qt()
    from bloodbank_desktop.app import run

    gc.enable()
    return run(options.data_dir, training=options.training, operator=options.operator_given, lively=True)


def _tour(options: argparse.Namespace) -> int:
    from bloodbank_desktop.tour import run

    return run(options.folder, scale=options.scale, dark=options.dark, act=options.act)


def _decode(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.codes.profiles import built_in
    from bloodbank_desktop.records.codes.scan import read, scan_as_json

    if options.profile not in built_in():
        known = "、".join(built_in())
        _no([Problem("", "unknown-profile", f"没有袋码规则“{options.profile}”；可用：{known}")])
        return WRONG_CALL
    scan = read(options.text, profile=options.profile)
    whole = scan_as_json(scan)
    # Exactly the promised keys: what else a scan knows is for the dialog.
    _say(
        {
            "ok": whole["ok"],
            "structures": [{key: one[key] for key in ("number", "name", "fields")} for one in whole["structures"]],
            "problems": [{key: one[key] for key in ("code", "message")} for one in whole["problems"]],
            "raw": whole["raw"],
        }
    )
    return YES if scan.ok else NO


def _register(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import from_json

    declared = record_type(options.kind)
    picked: list[Path] = []
    values, unread = from_json(declared, _with_files(declared, options.file, picked))
    if unread:
        return _no(unread)
    with _profile(options) as profile:
        for path in picked:
            profile.desk.add_file(path)
        _say(_saved(profile.desk.register(options.kind, values)))
    return YES


def _amend(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.declare import Verb
    from bloodbank_desktop.records.wire import from_json

    declared = record_type(options.kind)
    with _profile(options) as profile:
        profile.desk.allowed(options.kind, Verb.AMEND)
        picked: list[Path] = []
        values, unread = from_json(declared, _with_files(declared, options.file, picked))
        if unread:
            return _no(unread)
        for path in picked:
            profile.desk.add_file(path)
        before = profile.desk.view(options.kind, options.id)
        # What the file does not name stays as it is; null empties a field.
        whole = {**before.values, **values}
        saved = profile.desk.amend(options.kind, options.id, whole, revision=before.revision, reason=options.reason)
        _say(_saved(saved))
    return YES


def _with_files(declared: RecordType, file: Path, picked: list[Path]) -> Any:
    """Return the JSON of a file in which {"path": …}, from its own folder on, names a file; those go to `picked`."""
    from bloodbank_desktop.operations.files import entry_of, read_content, with_files_of

    def add(path: Path) -> dict[str, Any]:
        picked.append(path)
        return entry_of(read_content(path), path.name)

    return with_files_of(declared, _read(file), file.parent, add)


def _file(options: argparse.Namespace) -> int:
    with _profile(options) as profile:
        content = profile.desk.read_file(options.sha256)
    try:
        with options.out.open("xb") as opened:
            opened.write(content)
    except FileExistsError as problem:
        raise KnownProblem(f"{options.out} 已经存在，没有覆盖；请换一个文件名", code="file-exists") from problem
    except OSError as problem:
        raise KnownProblem(f"写不出 {options.out}（{problem.strerror}）", code="cannot-write") from problem
    _say({"file": str(options.out), "size": len(content)})
    return YES


def _delete(options: argparse.Namespace) -> int:
    with _profile(options) as profile:
        _say(_saved(profile.desk.delete(options.kind, options.id, reason=options.reason)))
    return YES


def _saved(saved: Saved) -> dict[str, Any]:
    return {
        "kind": saved.kind,
        "id": saved.record_id,
        "name": saved.name,
        "revision": saved.revision,
        "queue_number": saved.dseq,
        "at": saved.at,
    }


def _list(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.storage.lists import ListQuery

    declared = record_type(options.kind)
    with _profile(options) as profile:
        listing = profile.desk.open_list(ListQuery(options.kind, search=options.search))
        rows = profile.desk.page(listing, 0, options.limit)
        found = [
            {
                "id": row.record_id,
                "revision": row.revision,
                "upload": row.upload,
                "values": {f.key: f.kind.to_wire(row.values[f.key]) for f in declared.columns},
                "lines": dict(row.lines),
            }
            for row in rows
        ]
        _say({"total": listing.total, "rows": found})
    return YES


def _show(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import to_json

    declared = record_type(options.kind)
    with _profile(options) as profile:
        shown = profile.desk.view(options.kind, options.id)
    _say(
        {
            "kind": shown.kind,
            "id": shown.record_id,
            "revision": shown.revision,
            "values": to_json(declared, shown.values),
            "created_at": shown.created_at,
            "created_by": shown.created_by,
            "updated_at": shown.updated_at,
            "updated_by": shown.updated_by,
            "deleted_at": shown.deleted_at,
            "upload": shown.upload,
            "refusals": [problem.as_json() for problem in shown.refusals],
            "answer": dict(shown.answer),
            "history": [
                {
                    "revision": one.revision,
                    "values": to_json(declared, one.values),
                    "until": one.at,
                    "changed_by": one.actor,
                    "reason": one.reason,
                }
                for one in shown.history
            ],
        }
    )
    return YES


def _template(options: argparse.Namespace) -> int:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import template

    declared = record_type(options.kind)
    if options.xlsx is None:
        _say(template(declared))
        return YES
    from bloodbank_desktop.exchange.template import write_template

    write_template(declared, options.xlsx)
    _say({"file": str(options.xlsx)})
    return YES


def _export(options: argparse.Namespace) -> int:
    from bloodbank_desktop.exchange.writing import export
    from bloodbank_desktop.storage.lists import ListQuery

    with _profile(options) as profile:
        _say({"rows": export(profile.desk, ListQuery(options.kind, search=options.search), options.file)})
    return YES


def _import(options: argparse.Namespace) -> int:
    from bloodbank_desktop.exchange import importing
    from bloodbank_desktop.operations import batches

    with _profile(options) as profile:
        desk = profile.desk
        batches.importable(desk, options.kind)
        if options.undo:
            undone = batches.undo(desk, options.undo, leave_changed=options.good_only)
            _say({"deleted": undone.deleted, "left": list(undone.left)})
            return YES
        found = importing.examine(desk, options.kind, options.file, keep=not options.dry_run)
        answer = found.as_json()
        refused = bool(found.problems) and not options.good_only
        if not options.dry_run and not refused and found.good:
            answer["batch"] = importing.save(desk, found, good_only=options.good_only).batch_id
        _say(answer)
    return NO if refused or not found.good else YES


def _sync(options: argparse.Namespace) -> int:
    from bloodbank_desktop.wiring import NetworkLane

    with _profile(options) as profile:
        lane = NetworkLane(profile)
        try:
            lane.connect(options.platform)
            report = lane.engine.run_once()
        finally:
            lane.close()
        profile.dispatch.note_trouble("" if report.success else report.error)
    _say({**asdict(report), "success": report.success})
    if not report.success:
        return _no([Problem("", report.code or "sync", report.error or "同步没有完成，请稍后再试")])
    return YES


def _queue(options: argparse.Namespace) -> int:
    from bloodbank_desktop.storage.outbox import STATE_WORDS

    with _profile(options) as profile:
        summary = profile.desk.queue_summary()
        rows = profile.desk.queue(open_only=not options.all, limit=options.limit)
        now = profile.desk.clock.now()
    _say(
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

    with _profile(options) as profile:
        found = problems(profile.store)
        try:
            waiting = profile.desk.queue_summary().waiting
        except KnownProblem:
            waiting = None  # unreadable, which stands among the problems
    checked = ["file", "triggers", "outbox", "records", "files", "ledger", "audit"]
    _say({"ok": not found, "checked": checked, "waiting": waiting, "problems": [p.as_json() for p in found]})
    return _no(found) if found else YES


def _training_serve(options: argparse.Namespace) -> int:
    from bloodbank_desktop.training.server import serve

    serve(options.port, options.db, while_stdin=options.while_stdin, lively=options.lively)
    return YES


def _training_act(options: argparse.Namespace) -> int:
    from bloodbank_desktop.training.command import run

    _say(run(options))
    return YES


# -- grammar -------------------------------------------------------------------------------------------------------


def _limit(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1_000_000:
        raise ValueError(text)
    return number


class _Parser(argparse.ArgumentParser):
    """Says a wrong call in the form of every other problem; the parsers of the words are of this class too."""

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        _no([Problem("", "wrong-call", f"命令写法不对，请按此改正：{usage}（{message}）")])
        sys.exit(WRONG_CALL)


def _everywhere() -> _Parser:
    everywhere = _Parser(prog="bloodbank_desktop", add_help=False, argument_default=argparse.SUPPRESS)
    everywhere.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of the data instead of the user's own")
    everywhere.add_argument("--training", action="store_true", help="the training profile with synthetic data")
    everywhere.add_argument("--operator", dest="operator_given", metavar="NAME", help="who acts; stands in the audit")
    return everywhere


def _parser() -> _Parser:
    everywhere = _everywhere()
    parser = _Parser(
        prog="bloodbank_desktop",
        description="输血科工作站. JSON on stdout, problems on stderr; exit 0 = yes, 1 = no, 2 = wrong call.",
        parents=[everywhere],
    )
    parser.set_defaults(run=_window)
    words = parser.add_subparsers(metavar="WORD", title="words (none = the program)")

    def word(
        name: str, run: Callable[[argparse.Namespace], int], help_: str, *arguments: str
    ) -> argparse.ArgumentParser:
        made = words.add_parser(name, help=help_, description=help_, parents=[everywhere])
        for argument in arguments:
            made.add_argument(argument, type=Path if argument in ("file", "folder", "out") else str, metavar=argument.upper())
        made.set_defaults(run=run)
        return made

    decode = word("decode", _decode, "say what a scanned or typed code is", "text")
    decode.add_argument("--profile", default="cn-tolerant", help="rules of the bag codes (default: %(default)s)")
    word("register", _register, "save a new record from a JSON file", "kind", "file")
    for made in (
        word("amend", _amend, "change a record: fields of the file replace, null empties", "kind", "id", "file"),
        word("delete", _delete, "delete a record; it stays in the file, marked", "kind", "id"),
    ):
        made.add_argument("--reason", default="", help="why, for the audit")
    listing = word("list", _list, "list records, the newest first", "kind")
    listing.add_argument("--search", default="", metavar="TEXT")
    listing.add_argument("--limit", type=_limit, default=100, metavar="N")
    word("file", _file, "write a file that a record names, such as a scanned paper", "sha256", "out")
    word("show", _show, "show a record with its answers and history", "kind", "id")
    made = word("template", _template, "print an empty example of the JSON of register, or write an Excel template", "kind")
    made.add_argument("--xlsx", type=Path, metavar="FILE", help="write the Excel template of import there")
    made = word("export", _export, "write the records of a list into an Excel file", "kind", "file")
    made.add_argument("--search", default="", metavar="TEXT")
    made = word("import", _import, "save the records of an Excel file, all or none", "kind")
    files = made.add_mutually_exclusive_group(required=True)
    files.add_argument("file", type=Path, nargs="?", metavar="FILE")
    files.add_argument("--undo", default="", metavar="BATCH", help="delete the records of an earlier import instead")
    made.add_argument("--dry-run", action="store_true", help="only look; save nothing")
    made.add_argument("--good-only", action="store_true", help="leave out what is wrong (--undo: what changed since)")
    sync = word("sync", _sync, "send and receive until nothing is due")
    sync.add_argument("--once", action="store_true", required=True, help="one run, then end")
    sync.add_argument("--platform", default="", metavar="URL", help="instead of the address of the settings")
    queue = word("queue", _queue, "show what waits for the platform, with state, age and reason")
    queue.add_argument("--all", action="store_true", help="finished operations too")
    queue.add_argument("--limit", type=_limit, default=1000, metavar="N")
    word("verify", _verify, "prove file integrity, ledger, outbox numbers and audit chain")
    tour = word("tour", _tour, "play the main job in a real window and write pictures and tour.json", "folder")
    tour.add_argument("--scale", type=float, default=1.0, help="interface scale, 1 to 2")
    tour.add_argument("--dark", action="store_true", help="dark colours")
    # The tour plays in processes of its own, one of which is killed; with this word it starts them.
    tour.add_argument("--act", default="", help=argparse.SUPPRESS)

    training = words.add_parser("training", help="the training platform", parents=[everywhere])
    training_words = training.add_subparsers(required=True, metavar="WORD")
    serve = training_words.add_parser("serve", parents=[everywhere])
    serve.add_argument("--port", type=int, required=True, metavar="N", help="0 = any free port")
    serve.add_argument("--db", type=Path, required=True, metavar="FILE")
    serve.add_argument("--while-stdin", action="store_true", help="end when stdin is closed")
    serve.add_argument("--lively", action="store_true", help="the other side answers by itself after some seconds")
    serve.set_defaults(run=_training_serve)
    acts = training_words.add_parser("act", help="play centre, office or laboratory", parents=[everywhere])
    command.add_arguments(acts)
    acts.set_defaults(run=_training_act)
    return parser
