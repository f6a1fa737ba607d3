"""Every refusal of the platform has one type, one status and one title; client, contract and tests read them here.

A refusal that is only a sentence would be matched by its words one day, and fail with the next translation. The form is
RFC 9457 with the extension `errors`: JSON pointers (RFC 6901) into the request or into the item's body, in wire names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PREFIX = "urn:bloodbank-desktop:problem:"
MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A documented kind of refusal; `item` tells whether it concerns one operation and not the whole request."""

    slug: str
    status: int
    title: str
    meaning: str
    item: bool = False

    @property
    def uri(self) -> str:
        """The URI that stands in `type`."""
        return PREFIX + self.slug


_ALL = (
    ProblemType("malformed", 400, "请求格式有误", "The request does not have the form that the contract describes."),
    ProblemType("content-digest", 400, "内容摘要不符", "Content-Digest is missing or not that of the content."),
    ProblemType("unauthorized", 401, "访问令牌无效", "The bearer token is missing or wrong; retry with a good one."),
    ProblemType("forbidden", 403, "设备已停用", "The platform no longer accepts this device."),
    ProblemType("not-found", 404, "没有此内容", "The path, the key, the file or the snapshot is not known."),
    ProblemType("method", 405, "方法不允许", "The path exists, not with this method; see the header Allow."),
    ProblemType(
        "device-rewound",
        409,
        "设备编号回退",
        "The incarnation's own dseq arrived before with other content: the device lost or copied its database. "
        "Nothing of the batch was done.",
    ),
    ProblemType("cursor-gone", 410, "增量位置已失效", "The cursor is foreign, expired or of another epoch."),
    ProblemType("snapshot-gone", 410, "快照已失效", "The snapshot was begun in another epoch: begin a new one."),
    ProblemType("too-large", 413, "内容过大", "The content, also after decompression, is above the limit: send less."),
    ProblemType(
        "media-type", 415, "内容类型不支持", "Only application/json in UTF-8, plain or gzip; for a file its own type."
    ),
    ProblemType("file-digest", 422, "文件指纹不符", "The SHA-256 of the content is not the one in the path."),
    ProblemType(
        "file-type", 422, "文件类型不符", "The content is empty or is not of the type that Content-Type states."
    ),
    ProblemType("protocol", 426, "协议版本不支持", "X-Protocol is outside the range that GET /v1/hello states."),
    ProblemType("too-many", 429, "请求过于频繁", "Wait as long as Retry-After says."),
    ProblemType("header", 431, "请求头过大", "The request header is above the limit."),
    ProblemType("internal", 500, "平台内部错误", "A fault of the platform; nothing was stored. Try again."),
    ProblemType("method-unknown", 501, "方法未实现", "The method or transfer coding is not implemented."),
    ProblemType("unavailable", 503, "平台暂停服务", "Wait as long as Retry-After says."),
    ProblemType("unknown-module", 422, "没有此模块", "No module of that key is declared.", item=True),
    ProblemType("verb-not-allowed", 422, "此模块不允许该操作", "The module declares no such operation.", item=True),
    ProblemType("invalid-body", 422, "内容未通过校验", "`errors` says what is wrong in which field.", item=True),
    ProblemType("body-digest", 422, "内容指纹不符", "sha256 is not the hash of the body's canonical JSON.", item=True),
    ProblemType("key-reused", 422, "操作编号重复使用", "The key was used before for something else.", item=True),
    ProblemType("bag-known", 422, "血袋已被登记", "Another record already holds the bag.", item=True),
    ProblemType("bag-gone", 422, "血袋不在库", "The bag never came or has left, by another record.", item=True),
    ProblemType("locked", 422, "记录已锁定", "What the platform said of the record closes it to changes.", item=True),
    ProblemType("activated-already", 409, "已经激活", "The plan was activated before.", item=True),
    ProblemType("already-registered", 409, "记录已登记", "A record of this id exists already.", item=True),
    ProblemType("version-conflict", 409, "版本冲突", "base_version is not the record's version.", item=True),
    ProblemType("deleted", 409, "记录已删除", "The record was deleted before.", item=True),
    ProblemType("need-unknown", 424, "等待前一操作", "An operation in `needs` has not arrived yet.", item=True),
    ProblemType("need-refused", 424, "前一操作未被接受", "An operation in `needs` was refused.", item=True),
    ProblemType("record-unknown", 424, "等待记录登记", "The record has not been registered here yet.", item=True),
    ProblemType(
        "file-unknown", 424, "等待文件", "The body names a file that the platform does not have: send it.", item=True
    ),
    ProblemType("try-again", 503, "请稍后重试", "The item met a transient fault; nothing of it was stored.", item=True),
)
TYPES = {kind.slug: kind for kind in _ALL}
BY_STATUS = {kind.status: kind.slug for kind in reversed(_ALL) if not kind.item}


def error(pointer: str, code: str, detail: str) -> dict[str, str]:
    """Return one member of `errors`."""
    return {"pointer": pointer, "code": code, "detail": detail}


def pointer(*parts: str | int) -> str:
    """Return the JSON pointer to a place, "" for the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def problem(slug: str, detail: str, errors: Iterable[dict[str, str]] = ()) -> dict[str, Any]:
    """Return the problem document of a documented type. Raises KeyError for an undocumented one."""
    kind = TYPES[slug]
    return {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "errors": list(errors)[:MOST_ERRORS],
    }


class Refusal(Exception):
    """The whole request is refused; `document` is the problem, `headers` go into the reply."""

    def __init__(
        self, slug: str, detail: str, errors: Iterable[dict[str, str]] = (), headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        super().__init__(detail)
        self.document = problem(slug, detail, errors)
        self.status = TYPES[slug].status
        self.headers = list(headers)
