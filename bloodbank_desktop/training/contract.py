"""The published contract of the platform, made from the declarations and never written by hand: OpenAPI 3.1.

`python -m bloodbank_desktop.training.contract --write` writes resources/contract/platform.openapi.json, `--check` ends
with 1 when the file and the declarations differ. The danger is a contract that promises what no server does; so the
server reads its limits and patterns from the same places, and the tests fuzz it against this document.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.records.declare import Verb
from bloodbank_desktop.records.kinds.files import MOST_BYTES as MOST_FILE_BYTES
from bloodbank_desktop.records.kinds.files import SHA256, SUFFIXES
from bloodbank_desktop.records.wire import schema
from bloodbank_desktop.training.application import BUCKET, MOST_PARAMETER
from bloodbank_desktop.training.contract_text import DESCRIPTION, STATUS_TEXT
from bloodbank_desktop.training.envelope import BATCH, KEY, MOST_BYTES, MOST_NEEDS, MOST_OPS, NAME, OPERATION, UUID
from bloodbank_desktop.training.feed import FEED, MOST_CHANGES, MOST_SNAPSHOT
from bloodbank_desktop.training.platform import OLDEST_CLIENT, PROTOCOL
from bloodbank_desktop.training.problems import TYPES

FILE = ("contract", "platform.openapi.json")
Schema = dict[str, Any]

_TIME = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_UUID = {"type": "string", "pattern": UUID}
_CURSOR = {"type": "string", "maxLength": MOST_PARAMETER, "description": "Opaque; keep it, send it back, read nothing."}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def _object(properties: Schema, optional: tuple[str, ...] = (), **more: Any) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, **more}


def answer_name(key: str) -> str:
    """Return the name of the schema of a module's answer."""
    return f"{key}_answer"


def _schemas() -> dict[str, Schema]:
    bodies = {key: schema(declared) for key, declared in travelling().items()}
    for key, declared in travelling().items():
        bodies[key]["x-verbs"] = sorted(declared.verbs - {Verb.LIST, Verb.VIEW, Verb.IMPORT, Verb.EXPORT})
        if declared.activation:
            bodies[key]["x-activation"] = [declared.fields[name].wire for name in declared.activation]
    # An answer that a client cannot read entirely must not break it: more may be said one day.
    answers = {
        answer_name(key): {**schema(declared.answer), "additionalProperties": True}
        for key, declared in travelling().items()
        if declared.answer is not None
    }
    module = {"type": "string", "enum": list(bodies)}
    operation = _object({name: dict(shape.schema) for name, shape in OPERATION.items()})
    operation["properties"]["body"] = {
        "type": "object",
        "description": "register, amend: the schema of the module; activate: only the fields that x-activation of the "
        "module names; delete: DeleteBody. A body that breaks its schema "
        "refuses this operation only, with pointers into the body.",
        "x-schema-by-module": {key: _ref(key) for key in bodies},
    }
    batch = _object({name: dict(shape.schema) for name, shape in BATCH.items()})
    batch["properties"]["ops"]["items"] = _ref("Operation")
    status = {
        "type": "string",
        "enum": list(STATUS_TEXT),
        "description": "; ".join(map(": ".join, STATUS_TEXT.items())),
    }
    result = {
        "key": {"type": "string", "pattern": KEY},
        "status": status,
        "version": {"type": ["integer", "null"], "minimum": 1},
        "etag": {"type": ["string", "null"]},
        "problem": _or_null(_ref("Problem")),
        "current": _or_null(_ref("Change")),
    }
    change = {
        "module": module,
        "id": _UUID,
        "version": {"type": "integer", "minimum": 1},
        "deleted": {"type": "boolean"},
        "body": {"anyOf": [*map(_ref, bodies), {"type": "object", "maxProperties": 0}]},
        "answer": {
            "anyOf": [_ref(name) for name in answers],
            "description": "What the platform says of the record, in the form of its module.",
            "x-schema-by-module": {key: _ref(answer_name(key)) for key in bodies},
        },
        "answer_no": {**_COUNT, "description": "Grows whenever the platform says more of the same version."},
        "key": {"type": "string", "pattern": KEY, "description": "The operation that made this version."},
    }
    bucket = {
        "bucket": {"type": "string", "pattern": BUCKET},
        "n": _COUNT,
        "digest": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    }
    return {
        **bodies,
        **answers,
        "DeleteBody": _object({"reason": {"type": "string", "maxLength": 2000}}, additionalProperties=False),
        "Operation": operation,
        "Batch": batch,
        "Result": _object(result),
        "Reply": _object(
            {
                "batch_id": _UUID,
                "epoch": _UUID,
                "server_time": _TIME,
                "acked_through": _COUNT,
                "results": {"type": "array", "items": _ref("Result"), "minItems": 1, "maxItems": MOST_OPS},
            }
        ),
        "Change": _object(change),
        "Page": _object(
            {
                "epoch": _UUID,
                "changes": {"type": "array", "items": _ref("Change"), "maxItems": MOST_CHANGES},
                "next_cursor": _CURSOR,
                "more": {"type": "boolean"},
                "as_of": _TIME,
            }
        ),
        "SnapshotRequest": _object({"module": module}),
        "Snapshot": _object({"id": _UUID, "epoch": _UUID, "cursor": _CURSOR, "module": module}),
        "SnapshotPage": _object(
            {
                "changes": {"type": "array", "items": _ref("Change"), "maxItems": MOST_SNAPSHOT},
                "next": _or_null(_UUID),
                "cursor": _CURSOR,
            }
        ),
        "Digest": _object({"module": module, **bucket}),
        "Digests": _object({"module": module, "buckets": {"type": "array", "items": _object(bucket)}}),
        "StoredFile": _object(
            {
                "sha256": {"type": "string", "pattern": SHA256},
                "size": {"type": "integer", "minimum": 1, "maximum": MOST_FILE_BYTES},
            }
        ),
        "Hello": _object(
            {
                "protocol": _object({"min": _COUNT, "max": _COUNT}),
                "epoch": _UUID,
                "server_time": _TIME,
                "min_client": {"type": "string", "examples": [OLDEST_CLIENT]},
                "name": {"type": "string"},
            }
        ),
        "Problem": _object(
            {
                "type": {"type": "string", "enum": [kind.uri for kind in TYPES.values()]},
                "title": {"type": "string"},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {"type": "string", "description": "One sentence for people, Chinese."},
                "errors": {"type": "array", "items": _ref("Error")},
            }
        ),
        "Error": _object(
            {
                "pointer": {"type": "string", "description": "RFC 6901, into the request or the item's body."},
                "code": {"type": "string"},
                "detail": {"type": "string"},
            }
        ),
    }


def _parameter(place: str, name: str, of: Schema, text: str, required: bool = False) -> Schema:
    return {"in": place, "name": name, "required": required, "schema": of, "description": text}


_PROTOCOL = _parameter(
    "header", "X-Protocol", {"const": str(PROTOCOL), "type": "string"}, "Version of the contract.", True
)
_MODULE = _parameter("query", "module", {"type": "string", "enum": list(travelling())}, "Key of a module.", True)
_DIGEST = "RFC 9530 over the content as it travels (after gzip): `sha-256=:<base64>:`."


def _limit(most: int) -> Schema:
    return _parameter("query", "limit", {"type": "integer", "minimum": 1, "maximum": most}, "Most items of the page.")


def _call(summary: str, answer: str, slugs: str, *parameters: Schema, body: str = "", status: int = 200) -> Schema:
    """One operation; every call may also be refused for its token, its pace or a fault of the platform."""
    responses: dict[str, Any] = {
        str(status): {"description": "Done.", "content": {"application/json": {"schema": _ref(answer)}}}
    }
    by_status: dict[int, list[str]] = {}
    for slug in (*slugs.split(), "unauthorized", "forbidden", "header", "too-many", "internal", "unavailable"):
        by_status.setdefault(TYPES[slug].status, []).append(slug)
    for code, found in sorted(by_status.items()):
        text = " ".join(f"`{slug}`: {TYPES[slug].meaning}" for slug in found)
        responses[str(code)] = {
            "description": text,
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
        if code in (429, 503):
            wait = {"description": "Seconds or HTTP date.", "schema": {"type": "string"}}
            responses[str(code)]["headers"] = {"Retry-After": wait}
    call: Schema = {"summary": summary, "responses": responses, "security": [{"token": []}]}
    if parameters:
        call["parameters"] = list(parameters)
    if body:
        call["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return call


def _paths() -> Schema:
    posted = "malformed content-digest too-large media-type protocol"
    name = {"type": "string", "pattern": NAME}
    batch = _call(
        "Do operations; the reply has one result for each key.",
        "Reply",
        f"{posted} device-rewound",
        _PROTOCOL,
        _parameter("header", "X-Device", name, "Who sends.", True),
        _parameter(
            "header", "X-Incarnation", name, "The life of the device's database; new after a restore or copy.", True
        ),
        _parameter("header", "Idempotency-Key", _UUID, "The batch_id.", True),
        _parameter("header", "Content-Digest", {"type": "string"}, _DIGEST, True),
        _parameter("header", "Content-Encoding", {"type": "string", "enum": ["identity", "gzip"]}, "Optional gzip."),
        body="Batch",
    )
    snapshots = _call(
        "Begin a snapshot; its cursor is taken before the first page is read.",
        "Snapshot",
        posted,
        _PROTOCOL,
        body="SnapshotRequest",
        status=201,
    )
    named = _parameter("path", "sha256", {"type": "string", "pattern": SHA256}, "SHA-256 of the content, hex.", True)
    file = _call(
        "Keep a file that bodies name by its SHA-256; the same file again changes nothing.",
        "StoredFile",
        "malformed content-digest too-large media-type file-digest file-type protocol",
        _PROTOCOL,
        named,
        _parameter("header", "Content-Digest", {"type": "string"}, _DIGEST, True),
    )
    # Bytes as they are, which no schema describes (OpenAPI 3.1, 4.8.14.2).
    bare: Schema = {media_type: {} for media_type in SUFFIXES}
    file["requestBody"] = {"required": True, "content": bare}
    kept = _call(
        "The content of a file that bodies name by its SHA-256.",
        "StoredFile",
        "malformed not-found protocol",
        _PROTOCOL,
        named,
    )
    digest = {"description": _DIGEST, "required": True, "schema": {"type": "string"}}
    kept["responses"]["200"] |= {"content": bare, "headers": {"Content-Digest": digest}}
    digests = _call(
        "Digests of a module: of one bucket (Digest) or of all (Digests).",
        "Digest",
        "malformed protocol",
        _PROTOCOL,
        _MODULE,
        _parameter("query", "bucket", {"type": "string", "pattern": BUCKET}, "UTC month of registration."),
    )
    digests["responses"]["200"]["content"]["application/json"]["schema"] = {"anyOf": [_ref("Digest"), _ref("Digests")]}
    key = _parameter("path", "key", {"type": "string", "pattern": KEY}, "Key of an operation.", True)
    snapshot = _parameter("path", "id", _UUID, "Id of a snapshot.", True)
    return {
        "/v1/hello": {"get": _call("What the platform is and speaks.", "Hello", "")},
        "/v1/ops:batch": {"post": batch},
        "/v1/ops/{key}": {
            "get": _call("Final outcome of an operation.", "Result", "malformed not-found protocol", _PROTOCOL, key)
        },
        "/v1/files/{sha256}": {"get": kept, "put": file},
        "/v1/changes": {
            "get": _call(
                "What changed behind a cursor, in the order of commits.",
                "Page",
                "malformed cursor-gone protocol",
                _PROTOCOL,
                _parameter("query", "feed", {"type": "string", "enum": [FEED]}, "Name of the feed."),
                _parameter("query", "cursor", _CURSOR, "next_cursor of the page before; none for the beginning."),
                _limit(MOST_CHANGES),
            )
        },
        "/v1/snapshots": {"post": snapshots},
        "/v1/snapshots/{id}": {
            "get": _call(
                "Live records behind `after`, in the order of ids.",
                "SnapshotPage",
                "malformed not-found snapshot-gone protocol",
                _PROTOCOL,
                snapshot,
                _parameter("query", "after", _UUID, "`next` of the page before; none for the first."),
                _limit(MOST_SNAPSHOT),
            )
        },
        "/v1/digests": {"get": digests},
    }


def document() -> Schema:
    """Return the whole contract as an OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bloodbank Desktop platform contract",
            "version": str(PROTOCOL),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8000", "description": "The training platform."}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "x-limits": {
            "bytes_of_a_request": MOST_BYTES,
            "bytes_of_a_file": MOST_FILE_BYTES,
            "operations_of_a_batch": MOST_OPS,
            "needs_of_an_operation": MOST_NEEDS,
            "changes_of_a_page": MOST_CHANGES,
            "records_of_a_snapshot_page": MOST_SNAPSHOT,
        },
        "x-problem-types": {
            kind.uri: {
                "title": kind.title,
                "status": kind.status,
                "of": "operation" if kind.item else "request",
                "meaning": kind.meaning,
            }
            for kind in TYPES.values()
        },
    }


def text() -> str:
    """Return the contract as it stands in the file: sorted, indented, ending with a line break."""
    return json.dumps(document(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write or check the file; return 1 on drift, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m bloodbank_desktop.training.contract", description="platform contract"
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write the contract file")
    action.add_argument("--check", action="store_true", help="end with 1 when the contract file has drifted")
    chosen = parser.parse_args(arguments)
    file = resource().joinpath(*FILE)
    if chosen.write:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(), encoding="utf-8", newline="\n")
        return 0
    return _check(file)


def _check(file: Path) -> int:
    if file.is_file() and file.read_text(encoding="utf-8") == text():
        return 0
    print(f"{file.name} differs from the declarations; run this with --write and read the difference", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
