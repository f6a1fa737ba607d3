"""The platform over HTTP: whatever arrives, the answer is JSON or problem+json of a documented type, never HTML.

A page of HTML in place of an answer is how a workstation recognises a captive portal; so no error of the library may
ever show through here, and content is measured before it is unpacked and again while it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Request, Response

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.kinds.files import MOST_BYTES as MOST_FILE_BYTES
from bloodbank_desktop.records.kinds.files import SHA256, SUFFIXES, TYPE_WORDS
from bloodbank_desktop.training.acts import perform
from bloodbank_desktop.training.envelope import KEY, MOST_BYTES, NAME, UUID, Shape, matching, read_batch
from bloodbank_desktop.training.faults import (
    AFTER,
    BEFORE,
    JSON,
    PROBLEM,
    Faults,
    falsified,
    from_json,
    instead,
    spoilt,
)
from bloodbank_desktop.training.feed import FEED, MOST_CHANGES, MOST_SNAPSHOT, sums
from bloodbank_desktop.training.platform import PROTOCOL, Platform, module_exists
from bloodbank_desktop.training.problems import BY_STATUS, Refusal, error

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = "training"
#: Below the platform's limit for a page; a parameter longer than this is no cursor of ours.
MOST_PARAMETER = 500
BUCKET = "^[0-9]{4}-(0[1-9]|1[0-2])$"

_log = logging.getLogger(__name__)
_ROUTES = Map(
    [
        Rule("/v1/hello", endpoint="hello", methods=["GET"]),
        Rule("/v1/ops:batch", endpoint="batch", methods=["POST"]),
        Rule("/v1/ops/<string:key>", endpoint="outcome", methods=["GET"]),
        Rule("/v1/files/<string:sha256>", endpoint="file", methods=["GET", "PUT"]),
        Rule("/v1/changes", endpoint="changes", methods=["GET"]),
        Rule("/v1/snapshots", endpoint="snapshots", methods=["POST"]),
        Rule("/v1/snapshots/<string:snapshot>", endpoint="snapshot", methods=["GET"]),
        Rule("/v1/digests", endpoint="digests", methods=["GET"]),
        Rule("/training/faults", endpoint="faults", methods=["GET", "POST"]),
        Rule("/training/acts", endpoint="acts", methods=["POST"]),
    ],
    merge_slashes=False,
).bind(FEED)


class Application:
    """The WSGI application over a platform."""

    def __init__(self, platform: Platform, faults: Faults | None = None, token: str = TOKEN) -> None:
        self.platform = platform
        self.faults = faults or Faults()
        self.token = token
        self._steps: dict[str, Callable[..., Response]] = {
            "hello": self._hello,
            "batch": self._batch,
            "outcome": self._outcome,
            "file": self._file,
            "changes": self._changes,
            "snapshots": self._snapshots,
            "snapshot": self._snapshot,
            "digests": self._digests,
            "faults": self._faults,
            "acts": self._acts,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Raises DroppedReply, for which the server closes the connection, and nothing else."""
        request = Request(environ)
        reply = self._answer(request)
        reply.headers["Cache-Control"] = "no-store"
        reply.headers["X-Content-Type-Options"] = "nosniff"
        if not request.path.startswith("/training/") and (fault := self.faults.take(AFTER, request.path)):
            reply = spoilt(fault, reply, self.faults)
        return reply(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            if fault := self.faults.take(("delay",), request.path):
                self.faults.wait(fault.seconds)
            endpoint, arguments = _ROUTES.match(request.path, request.method)
            if fault := self.faults.take(BEFORE.keys() - {"item-error"}, request.path):
                return instead(fault)
            self._authorise(request)
            if endpoint not in ("hello", "faults", "acts"):
                _protocol(request)
            return self._steps[endpoint](request, **arguments)
        except Refusal as refusal:
            return _refused(refusal)
        except RequestRedirect:
            return _refused(Refusal("not-found", "没有此路径"))
        except MethodNotAllowed as problem:
            allowed = ", ".join(sorted(problem.valid_methods or ()))
            return _refused(Refusal("method", "此路径不支持该方法", headers=[("Allow", allowed)]))
        except HTTPException as problem:
            slug = BY_STATUS.get(problem.code or 400, "malformed")
            return _refused(Refusal(slug, "请求无法处理"))
        except Exception:
            _log.exception("a request failed")
            return _refused(Refusal("internal", "平台内部错误，请稍后重试"))

    def _authorise(self, request: Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self.token.encode()):
            challenge = ("WWW-Authenticate", 'Bearer realm="platform"')
            raise Refusal("unauthorized", "访问令牌缺失或无效", headers=[challenge])

    def _hello(self, request: Request) -> Response:
        return _json(self.platform.hello())

    def _batch(self, request: Request) -> Response:
        device = _header(request, "X-Device", NAME)
        incarnation = _header(request, "X-Incarnation", NAME)
        batch_key = _header(request, "Idempotency-Key", UUID)
        content = _content(request, digest_required=True)
        batch = read_batch(_parse(content), device, incarnation)
        if batch.batch_id != batch_key:
            wrong = error("/batch_id", "key-mismatch", "与请求头 Idempotency-Key 不一致")
            raise Refusal("malformed", "Idempotency-Key 与 batch_id 不一致", [wrong])
        ids = [op.id for op in batch.ops]
        if fault := self.faults.take(("item-error",), request.path, ids):
            return instead(fault)
        held = self.faults.take(("item-retry",), request.path, ids)
        pattern = re.compile(held.match) if held else None
        document = self.platform.submit(batch, lambda op: pattern is not None and bool(pattern.search(op.id)))
        if fault := self.faults.take(("wrong-batch", "missing-key", "extra-key", "duplicate-key"), request.path):
            document = falsified(fault, document)
        return _json(document)

    def _outcome(self, request: Request, key: str) -> Response:
        if not matching(KEY).holds(key):
            raise Refusal("not-found", "平台没有此操作的结果")
        return _json(self.platform.outcome(key))

    def _file(self, request: Request, sha256: str) -> Response:
        if not matching(SHA256).holds(sha256):
            raise Refusal("malformed", "路径中应为 64 位小写十六进制的 SHA-256")
        if request.method in ("GET", "HEAD"):
            media_type, kept = self.platform.file(sha256)
            return Response(kept, headers={"Content-Digest": _digest(kept)}, mimetype=media_type)
        if request.mimetype not in SUFFIXES or request.headers.get("Content-Encoding", "identity") != "identity":
            raise Refusal("media-type", f"文件应为 {TYPE_WORDS}，不压缩")
        content = _bytes(request, MOST_FILE_BYTES, f"文件超过 {MOST_FILE_BYTES} 字节")
        _check_digest(request.headers.get("Content-Digest"), content, True)
        return _json(self.platform.put_file(sha256, request.mimetype, content))

    def _changes(self, request: Request) -> Response:
        if _parameter(request, "feed", FEED) != FEED:
            raise Refusal("malformed", f"feed 只有 {FEED}")
        return _json(self.platform.reader.changes(_parameter(request, "cursor"), _limit(request, MOST_CHANGES)))

    def _snapshots(self, request: Request) -> Response:
        document = _parse(_content(request, digest_required=False))
        module = document.get("module") if isinstance(document, dict) else None
        if not isinstance(module, str) or not module_exists(module):
            raise Refusal("malformed", "没有此模块", [error("/module", "unknown-module", "没有此模块")])
        begun = self.platform.reader.begin_snapshot(module)
        return _json(begun, 201, {"Location": f"/v1/snapshots/{begun['id']}"})

    def _snapshot(self, request: Request, snapshot: str) -> Response:
        after = _parameter(request, "after", shape=matching(UUID))
        if not matching(UUID).holds(snapshot):
            raise Refusal("not-found", "没有此快照，请重新开始")
        return _json(self.platform.reader.snapshot_page(snapshot, after, _limit(request, MOST_SNAPSHOT)))

    def _digests(self, request: Request) -> Response:
        module = _parameter(request, "module")
        if not module_exists(module):
            raise Refusal("malformed", "没有此模块", [error("", "unknown-module", "module：没有此模块")])
        bucket = _parameter(request, "bucket", shape=matching(BUCKET))
        found = self.platform.reader.digests(module)
        if bucket:
            return _json({"module": module, **found.get(bucket, {"bucket": bucket, **sums(0, 0)})})
        return _json({"module": module, "buckets": list(found.values())})

    def _faults(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.faults.set(*from_json(_parse(_content(request, digest_required=False))))
            except (ValueError, re.error) as problem:
                raise Refusal("malformed", str(problem)) from problem
        return _json({"faults": self.faults.shown()})

    def _acts(self, request: Request) -> Response:
        document = _parse(_content(request, digest_required=False))
        if not isinstance(document, dict) or not isinstance(document.get("what"), str):
            raise Refusal("malformed", "应为一个动作：what 与它的选项")
        try:
            return _json(perform(self.platform, document.pop("what"), document))
        except KnownProblem as problem:
            return _json({"code": problem.code, "message": problem.message}, 409)


def _json(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # Escaped, because a text from outside may hold half a surrogate pair, which UTF-8 cannot carry.
    return Response(json.dumps(document, separators=(",", ":")), status, headers, mimetype=JSON)


def _refused(refusal: Refusal) -> Response:
    return Response(json.dumps(refusal.document), refusal.status, refusal.headers, mimetype=PROBLEM)


def _protocol(request: Request) -> None:
    stated = _header(request, "X-Protocol", "^[1-9][0-9]{0,3}$")
    if stated != str(PROTOCOL):
        raise Refusal("protocol", f"本平台支持协议版本 {PROTOCOL}，请升级程序")


def _header(request: Request, name: str, pattern: str) -> str:
    value = request.headers.get(name)
    if not matching(pattern).holds(value):
        raise Refusal("malformed", f"请求头 {name} 缺失或格式有误")
    return str(value)


def _parameter(request: Request, name: str, default: str = "", shape: Shape | None = None) -> str:
    """Return a parameter of the query, `default` when it is not there. Raises Refusal when it has not its form."""
    value = request.args.get(name)
    if value is None:
        return default
    if len(value) > MOST_PARAMETER or (shape is not None and not shape.holds(value)):
        raise Refusal("malformed", f"参数 {name} 格式有误：{quote(value[:40])}")
    return value


def _limit(request: Request, most: int) -> int:
    text = _parameter(request, "limit", str(most), matching("^[1-9][0-9]{0,4}$"))
    if int(text) > most:
        raise Refusal("malformed", f"参数 limit 应为 1 至 {most}")
    return int(text)


def _content(request: Request, *, digest_required: bool) -> bytes:
    """Return the unpacked content. Raises Refusal for its type, size, coding or digest."""
    if request.mimetype != JSON or request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refusal("media-type", "请求内容应为 application/json（UTF-8）")
    coding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise Refusal("media-type", "Content-Encoding 只支持 gzip")
    words = f"请求内容超过 {MOST_BYTES} 字节，请分批发送"
    content = _bytes(request, MOST_BYTES, words)
    _check_digest(request.headers.get("Content-Digest"), content, digest_required)
    if coding == "gzip":
        try:
            unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
            content = unpacker.decompress(content, MOST_BYTES + 1)
        except zlib.error as problem:
            raise Refusal("malformed", "gzip 内容无法解压") from problem
        if len(content) > MOST_BYTES:
            raise Refusal("too-large", words)
        if not unpacker.eof or unpacker.unused_data:
            raise Refusal("malformed", "gzip 内容不完整")
    return content


def _bytes(request: Request, most: int, words: str) -> bytes:
    """Return the content as it travelled. Raises Refusal "too-large" with these words for more than `most` bytes."""
    if (request.content_length or 0) > most:
        raise Refusal("too-large", words)
    content = request.stream.read(most + 1)
    if len(content) > most:
        raise Refusal("too-large", words)
    return content


def _check_digest(stated: str | None, content: bytes, required: bool) -> None:
    """Compare the SHA-256 of the content as it travelled (RFC 9530)."""
    if stated is None and not required:
        return
    found = re.search(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]+={0,2}):\s*(?:,|$)", stated or "")
    if found is None or f"sha-256=:{found[1]}:" != _digest(content):
        raise Refusal("content-digest", "Content-Digest 缺失或与内容不符，请重新发送")


def _digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise Refusal("malformed", "请求内容不是 JSON（UTF-8）") from problem


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
