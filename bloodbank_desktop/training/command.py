"""`training act WHAT`: an act from the command line, by the running server at --url or in the platform's file at --db.

Both are safe at once: an act is one transaction of the file, whoever makes it. Nothing heavy is imported to build the
grammar, because every start of the program builds it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem

#: Options of all acts; the acts themselves say which of them they take.
ONE = (
    "no",
    "id",
    *("planned_arrival", "remark", "replied_by", "lacking", "rejection", "conclusion", "advice"),
    *("reported_by", "reviewed_by", "acknowledged_by", "reason", "supplier", "amount"),
    *("component", "abo", "rhd", "quota", "valid_until", "donor_name", "beneficiary", "relation"),
)
SEVERAL = {
    "line": "1=full | 2=partly:3 | 3=substituted:2:RBC-S | 4=refused",
    "bag": "DIN [PRODUCT]",
    "result": "TEST=TEXT",
}
_PREFIX = "act_"
_SECONDS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the grammar of `training act`."""
    parser.add_argument("what", nargs="+", metavar="WHAT", help="list = all acts; “order accept” = “order-accept”")
    parser.add_argument("--url", help="act through the server that listens here")
    parser.add_argument("--db", type=Path, metavar="FILE", help="act in this file of a training platform")
    for name in ONE:
        metavar = "RECORD_NO" if name == "no" else "TEXT"
        parser.add_argument(f"--{name.replace('_', '-')}", dest=_PREFIX + name, metavar=metavar)
    for name, form in SEVERAL.items():
        parser.add_argument(f"--{name}", dest=_PREFIX + name, action="append", metavar=name.upper(), help=form)


def run(options: argparse.Namespace) -> Any:
    """Do what was asked and return what is to be printed. Raises KnownProblem."""
    from bloodbank_desktop.training.acting import WRONG
    from bloodbank_desktop.training.acts import ACTS, act

    what = "-".join(options.what)
    if what == "list":
        return [{"what": one.what, "sentence": one.sentence, "options": list(one.options)} for one in ACTS.values()]
    act(what)
    given = {name: getattr(options, _PREFIX + name) for name in (*ONE, *SEVERAL)}
    stated = {name: value for name, value in given.items() if value is not None}
    if (options.url is None) == (options.db is None):
        message = "请写明由哪个训练平台来做：--url 正在运行的地址，或 --db 平台文件，二者选一"
        raise KnownProblem(message, code=WRONG)
    return _at_server(options.url, what, stated) if options.url is not None else _in_file(options.db, what, stated)


def _in_file(file: Path, what: str, stated: dict[str, Any]) -> Any:
    from sqlalchemy.exc import DBAPIError

    from bloodbank_desktop.training.acts import perform
    from bloodbank_desktop.training.platform import Platform

    _is_platform(file)
    try:
        platform = Platform(file)
        try:
            return perform(platform, what, stated)
        finally:
            platform.close()
    except DBAPIError as problem:
        raise KnownProblem(
            f"训练平台文件 {file} 现在不能写入（{problem.orig}），请稍后再试", code="platform-file"
        ) from problem


def _is_platform(file: Path) -> None:
    """A file that is none must not become one. Raises KnownProblem."""
    from contextlib import closing

    from sqlcipher3 import dbapi2

    if not file.is_file():
        raise KnownProblem(f"没有训练平台文件 {file}，请核对文件名", code="no-such-file")
    try:
        with closing(dbapi2.connect(str(file), timeout=30)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except dbapi2.Error:
        names = set()
    if not {"record", "change", "outcome"} <= names:
        raise KnownProblem(f"{file} 不是训练平台的文件，请核对文件名", code="no-such-file")


def _at_server(url: str, what: str, stated: dict[str, Any]) -> Any:
    import http.client
    from urllib.parse import urlsplit

    from bloodbank_desktop.training.acting import WRONG
    from bloodbank_desktop.training.application import TOKEN

    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme != "http" or host not in ("127.0.0.1", "localhost"):
        raise KnownProblem("训练平台只在本机运行，--url 应如 http://127.0.0.1:8080", code=WRONG)
    connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    try:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        content = json.dumps({"what": what, **stated}).encode()
        connection.request("POST", "/training/acts", content, headers)
        reply = connection.getresponse()
        document = json.loads(reply.read())
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise KnownProblem(f"连不上训练平台 {url}，请确认它正在运行", code="platform-unreachable") from problem
    finally:
        connection.close()
    if reply.status == 409:
        raise KnownProblem(str(document["message"]), code=str(document["code"]))
    if reply.status != 200:
        raise KnownProblem(f"训练平台没有照做：{document.get('detail', reply.status)}", code="platform")
    return document
