"""What all words share: how they answer, refuse, open the file and read a JSON file."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from bloodbank_desktop.clock import utc_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.problems import Problem

if TYPE_CHECKING:
    from bloodbank_desktop.operations.opening import Profile
    from bloodbank_desktop.operations.results import Saved
    from bloodbank_desktop.rules.persons import Signature

Run = Callable[[argparse.Namespace], int]
"""What a word does; returns the exit code."""

YES, NO, WRONG_CALL = 0, 1, 2
#: Codes of problems that say that the call cannot be meant, as opposed to an answer that is no.
WRONG = {"unknown-module", "no-such-file", "wrong-act", "no-such-deed", "no-such-followup", "wrong-bag", "unknown-code"}
WRONG |= {"unknown-check", "unknown-table"}


class AddWord(Protocol):
    """Adds a word with its plain arguments to the grammar and gives its parser for options."""

    def __call__(self, name: str, run: Run, help_: str, *arguments: str) -> argparse.ArgumentParser: ...


def say(answer: Any) -> None:
    """Print the answer."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> str:
    return utc_text(value) if isinstance(value, datetime) else str(value)


def no(problems: Iterable[Problem]) -> int:
    """Print problems and return the exit code of a no."""
    sys.stderr.write(json.dumps([problem.as_json() for problem in problems], ensure_ascii=False, indent=2) + "\n")
    return NO


@contextmanager
def profile(options: argparse.Namespace) -> Iterator[Profile]:
    """Open the profile that the options name, in the name of who acts."""
    from bloodbank_desktop.operations.opening import open_profile
    from bloodbank_desktop.paths import profile_dir

    profile = open_profile(profile_dir(options.data_dir, options.training), training=options.training)
    try:
        sit_down(profile, options)
        yield profile
    finally:
        profile.close()


def sit_down(profile: Profile, options: argparse.Namespace) -> None:
    """Let the person act whom the options name; in training the trainer if nobody is named, else nobody.

    Raises KnownProblem for a wrong password.
    """
    login = options.operator_given
    if login and profile.training:
        profile.desk.person = profile.persons.step_in(login)
    elif login:
        profile.desk.person = profile.persons.sign_in(login, password(options, login))


def second(profile: Profile, options: argparse.Namespace, purpose: str) -> Signature | None:
    """Return the signature of the second person whom the options name, None if they name nobody.

    Her password is asked for once, whatever she signs. Raises KnownProblem.
    """
    login = options.second_given
    if not login:
        return None
    if profile.training:
        return profile.persons.vouch(login, purpose, first=profile.desk.person)
    if options.second_password is None:
        options.second_password = os.environ.get("BLOODBANK_SECOND_PASSWORD") or _prompted(login)
    return profile.persons.countersign(login, options.second_password, purpose, first=profile.desk.person)


def password(options: argparse.Namespace, login: str) -> str:
    """Return the password of who acts, asked for once: from standard input, the environment or a prompt.

    Raises KnownProblem when there is none and nobody to ask.
    """
    if options.password_given is None:
        if options.password_stdin:
            options.password_given = sys.stdin.readline().rstrip("\r\n")
        else:
            options.password_given = os.environ.get("BLOODBANK_PASSWORD") or _prompted(login)
    return str(options.password_given)


def new_password(options: argparse.Namespace, login: str) -> str:
    """Return a password to be set: the next line of the input, the environment, or typed twice. Raises KnownProblem."""
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get("BLOODBANK_NEW_PASSWORD"):
        return given
    one = _prompted(login, "的新密码：")
    if one != _prompted(login, "的新密码，再输一次："):
        raise KnownProblem("两次输入的新密码不同，请重新输入", code="passwords-differ")
    return one


def _prompted(login: str, words: str = "的密码：") -> str:
    if not sys.stdin.isatty():
        raise KnownProblem(
            f"没有 {login} {words.rstrip('：')}；请设环境变量 BLOODBANK_PASSWORD（第二人 BLOODBANK_SECOND_PASSWORD，"
            "新密码 BLOODBANK_NEW_PASSWORD），或用 --password-stdin",
            code="no-password",
        )
    import getpass

    return getpass.getpass(f"{login} {words}", stream=sys.stderr)


def read(path: Path) -> Any:
    """Return what a JSON file says. Raises KnownProblem."""
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


def saved(one: Saved) -> dict[str, Any]:
    """Return a saved record as it is printed."""
    return {
        "kind": one.kind,
        "id": one.record_id,
        "name": one.name,
        "revision": one.revision,
        "queue_number": one.dseq,
        "at": one.at,
    }


def limit(text: str) -> int:
    """Return how many rows are wanted. Raises ValueError."""
    number = int(text)
    if not 0 <= number <= 1_000_000:
        raise ValueError(text)
    return number


class Parser(argparse.ArgumentParser):
    """Says a wrong call in the form of every other problem; the parsers of the words are of this class too."""

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        no([Problem("", "wrong-call", f"命令写法不对，请按此改正：{usage}（{message}）")])
        sys.exit(WRONG_CALL)


def everywhere() -> Parser:
    """Return the parser of the options that may stand before and after any word."""
    everywhere = Parser(prog="bloodbank_desktop", add_help=False, argument_default=argparse.SUPPRESS)
    everywhere.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of the data instead of the user's own")
    everywhere.add_argument("--training", action="store_true", help="the training profile with synthetic data")
    everywhere.add_argument("--operator", dest="operator_given", metavar="LOGIN", help="who acts, by login")
    everywhere.add_argument(
        "--password-stdin", action="store_true", help="the password is the first line of the standard input"
    )
    everywhere.add_argument("--second", dest="second_given", metavar="LOGIN", help="who signs as the second person")
    return everywhere
