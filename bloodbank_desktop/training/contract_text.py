"""The words of the contract: what no schema can say about order, repetition, waiting and digests."""

from __future__ import annotations

STATUS_TEXT = {
    "applied": "done now; final",
    "duplicate": "done before by this very key; `version` is that of then; final",
    "conflict": "not done, the platform holds something else, see `current`; final, a person decides",
    "rejected": "not done, see `problem`; final, a person corrects it by a new operation",
    "waiting": "not done yet because of what it needs; send it again with the same key",
    "retry": "not done because of a fault of the platform; send it again with the same key",
}

DESCRIPTION = """\
The contract between the workstation of a hospital transfusion department and a platform that collects its records.

It is the project's own contract. The interface of the city's platform is not published; this document describes no part
of it and claims no conformance to it.

## Identity and repetition
* Every operation bears a permanent key `<incarnation>:<dseq>`. `dseq` counts 1, 2, 3 … without a gap within one
  incarnation, the life of one database of one device; after a restore or a copy the device begins a new incarnation.
* The key, the business effect and the feed entry are written in one transaction. The key never expires.
* Fingerprint: `sha256` of the body's canonical JSON (keys sorted by code point, no blanks, UTF-8 unescaped), together
  with module, op and id.
* The same key again is answered from what was stored: `applied` as `duplicate` with the version of then, `rejected` and
  `conflict` unchanged (`current` as it is now). Own repetitions are never answered as conflict. `waiting` and `retry`
  are not stored.
* A dseq of the sending incarnation with another fingerprint: 409 `device-rewound`, nothing of the batch is done.
  A key of another incarnation with another fingerprint: that item is rejected as `key-reused`.
* `acked_through`: the highest dseq of the sending incarnation up to which every operation has a final outcome.

## Order
* Operations of a batch are done in the order given, each by itself: one that fails never aborts the others.
* `needs` names keys that must be applied first. One that is unknown or was refused leaves the operation `waiting`.
* An amendment or deletion of a record that is not registered here yet is `waiting`.
* Versions are numbers of the platform, 1 for the registration. `base_version` must be the present version, otherwise
  `conflict`. Null means: the device's own operation in front of this one; accepted while the newest version was written
  by the same incarnation. A registration has null.
* Modules allow the operations that they declare; deliveries of blood (`stock_in`) are registered and never changed.
* A bag (donation number, product code, split) comes once and leaves once: the record that registers it first has it. A
  reversed delivery (`stock_in` of type `reversal`) gives its bags back, and they may come again.
* `activate` fills the fields named in `x-activation` of the module, once; every other field stays as it is.
* What the platform says of a record is its `answer`, in the form of the module's answer schema; saying more does not
  change `version`, it raises `answer_no` and appears in the feed. An answer may lock the record: `locked`.

## Files
* A body names photos and scanned papers by name, type, size and SHA-256 and never holds them. Each is sent before by
  `PUT /v1/files/{sha256}` as its bare bytes; sending it again changes nothing. What a file is, its first bytes say.
* An operation that names a file which is not here is `waiting` with the type `file-unknown`: send the file, then the
  operation again with the same key.
* `GET /v1/files/{sha256}` gives the bare bytes back, to every device. What they are must have that SHA-256; a file that
  the platform does not have is 404.

## Feed, snapshots, digests
* The feed gives every version in the order of commits, deletions as tombstones (`deleted`, empty body), own operations
  too, each with its key. Reading a page again is harmless. Keep cursor and page together.
* A cursor of another epoch, or older than the platform remembers, is answered 410: start again without a cursor or with
  a snapshot.
* A snapshot gives the live records in the order of ids and is resumed by `after`; continue with the feed behind its
  cursor, which was taken before the snapshot began.
* `epoch` changes when the platform lost commits. Offer again every operation above `acked_through`, with its old key.
* Digest of a bucket (UTC month of registration, `answer.receivedAt`): `n` counts its records including deleted ones;
  `digest` is the sum modulo 2^64 of BLAKE2b with 8 bytes of output, read big-endian, of the UTF-8 text
  `id|version|state`, state being `live` or `deleted`; written as 16 lower-case hexadecimal digits.

## Form
* Codes are keys of tables, numbers are strings, times are RFC 3339 with zone. What is not stated is left out.
* A code with an `enum` is of a table that is the same everywhere. A code with a `pattern` is of a list that a hospital
  may extend (`x-table`; `x-known` are the keys of the published list): any further key is accepted if the body states
  its word under `siteWords`, table by table. A key means one thing for ever; its word may be put better. Retired keys
  stay valid in old records and arrive like any other.
* Every refusal is `application/problem+json` (RFC 9457) of a type under `x-problem-types`; nothing is ever HTML.
  `errors` holds JSON pointers in wire names.
* Content is `application/json` in UTF-8, plain or gzip; limits are under `x-limits`.
* Members that this document does not know are to be ignored in a reply; in a body they are rejected.
"""
