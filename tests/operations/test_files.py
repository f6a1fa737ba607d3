"""Evidence that was picked is kept with the record that names it, whole, once, and nothing else is ever kept as such."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import files as operations
from bloodbank_desktop.operations.files import MOST_PICKED, read_content
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.files import COMING
from bloodbank_desktop.records.kinds.files import MOST_BYTES
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.storage import verify
from tests import papers
from tests.derived.examples import arrive
from tests.papers import entry, review, written

REVIEW = "entitlement_review"


def _kept(profile: Profile) -> int:
    with profile.store.read() as tx:
        return int(tx.execute(text("SELECT count(*) FROM file_contents")).scalar_one())


def _drafted(profile: Profile) -> int:
    with profile.store.read() as tx:
        return int(tx.execute(text("SELECT count(*) FROM draft_files")).scalar_one())


def test_a_file_is_kept_with_the_record_that_names_it(profile: Profile, tmp_path: Path) -> None:
    """Picking alone writes nothing; registering keeps it, and it is read back byte for byte after it was reopened."""
    path = written(tmp_path)
    named = profile.desk.add_file(path)
    assert (named["name"], named["media_type"], named["size"]) == (path.name, "application/pdf", path.stat().st_size)
    assert _kept(profile) == 0
    saved = profile.desk.register(REVIEW, review(0, named))
    assert _kept(profile) == 1
    shown = profile.desk.view(REVIEW, saved.record_id)
    assert shown.values["evidence"][0]["files"] == (named,)
    path.unlink()
    assert profile.desk.read_file(named["sha256"]) == papers.content()
    payload = json.loads(profile.desk.queue.rows()[0].payload)
    assert payload["evidence"][0]["files"] == [named]
    assert verify.problems(profile.store) == []


def test_a_file_is_kept_with_the_draft_line_that_names_it(profile: Profile) -> None:
    """A kept line has its file on the disk, and the registration of the draft needs nothing picked again."""
    named = profile.desk.add_file(papers.content(), "证.pdf")
    whole = review(0, named)
    head = {key: value for key, value in whole.items() if key not in ("evidence", "components")}
    profile.desk.drafts.keep(REVIEW, "d", head)
    for index, line in enumerate(whole["evidence"]):
        profile.desk.drafts.keep_line(REVIEW, "d", "evidence", f"l{index}", line)
    profile.desk.drafts.keep_line(REVIEW, "d", "components", "c", whole["components"][0])
    assert (_kept(profile), _drafted(profile)) == (0, 1)
    profile.desk._picked = operations.Picked()  # as after a new start
    assert profile.desk.read_file(named["sha256"]) == papers.content()
    draft = profile.desk.drafts.find("d")
    assert draft is not None
    profile.desk.register(REVIEW, draft.values, draft="d")
    assert (_kept(profile), _drafted(profile)) == (1, 0)
    assert profile.desk.read_file(named["sha256"]) == papers.content()
    assert verify.problems(profile.store) == []


def test_the_files_of_a_draft_go_with_it(profile: Profile) -> None:
    """A draft that is thrown away leaves none of its files; what a record or another draft names stays."""
    own, shared, recorded = (entry(seed, f"{seed}.pdf") for seed in range(3))
    profile.desk.add_file(papers.content(2), "2.pdf")
    profile.desk.register(REVIEW, review(0, recorded))
    for draft, entries in (("one", (own, shared, recorded)), ("two", (shared,))):
        for seed in range(3):
            profile.desk.add_file(papers.content(seed), f"{seed}.pdf")
        line = {"evidence_kind": "identity", "files": entries}
        profile.desk.drafts.keep_line(REVIEW, draft, "evidence", f"line of {draft}", line)
    profile.desk._picked = operations.Picked()  # as after a new start
    assert (_kept(profile), _drafted(profile)) == (1, 3)
    profile.desk.drafts.drop("one")
    assert (_kept(profile), _drafted(profile)) == (1, 1)
    for there in (shared, recorded):
        assert len(profile.desk.read_file(there["sha256"])) == there["size"]
    with pytest.raises(KnownProblem) as caught:
        profile.desk.read_file(own["sha256"])
    assert caught.value.code == "file-not-here"
    profile.desk.drafts.drop("two")
    assert (_kept(profile), _drafted(profile)) == (1, 0) and verify.problems(profile.store) == []


def test_one_content_is_kept_once(profile: Profile) -> None:
    """The same paper under two names and in two records lies in the file once."""
    for seed, name in ((0, "一.pdf"), (1, "二.pdf")):
        profile.desk.register(REVIEW, review(seed, profile.desk.add_file(papers.content(), name)))
    assert _kept(profile) == 1
    assert verify.problems(profile.store) == []


def test_a_record_cannot_name_a_file_that_is_not_here(profile: Profile) -> None:
    """Neither registration nor amendment takes a name without a content, and nothing at all is written."""
    with pytest.raises(Refused) as caught:
        profile.desk.register(REVIEW, review(0, entry(5)))
    (problem,) = caught.value.problems
    assert (problem.field, problem.line, problem.code) == ("evidence.files", 1, "file-not-here")
    assert profile.desk.queue.rows() == []
    saved = profile.desk.register(REVIEW, review(0, profile.desk.add_file(papers.content(), "证.pdf")))
    with pytest.raises(Refused, match="本机没有"):
        profile.desk.amend(REVIEW, saved.record_id, review(0, entry(5)))
    assert profile.desk.view(REVIEW, saved.record_id).revision == 1


def test_a_record_cannot_say_something_else_of_a_file(profile: Profile) -> None:
    """Type and size in a record are those of the content."""
    named = profile.desk.add_file(papers.content(), "证.pdf")
    for lie in ({"size": named["size"] + 1}, {"media_type": "image/png"}):
        with pytest.raises(Refused) as caught:
            profile.desk.register(REVIEW, review(0, {**named, **lie}))
        assert [problem.code for problem in caught.value.problems] == ["file-differs"]


def test_a_record_from_elsewhere_keeps_its_files_through_an_amendment(profile: Profile) -> None:
    """What another workstation attached may stay named here, is asked for when it is opened, and is no fault of the file."""
    foreign = entry(7)
    module = record_type(REVIEW)
    record_id = arrive(profile, module, review(0, foreign))
    profile.desk.amend(REVIEW, record_id, review(0, foreign, remark="已核对"))
    with pytest.raises(KnownProblem, match="正在从平台取回") as caught:
        profile.desk.read_file(foreign["sha256"])
    assert caught.value.code == COMING
    with pytest.raises(KnownProblem, match="另一台"):
        profile.desk.read_file("0" * 64)
    assert verify.problems(profile.store) == []


def _small(folder: Path) -> Path:
    return written(folder)


def _large(folder: Path) -> Path:
    path = folder / "大.pdf"
    path.write_bytes(papers.content(size=MOST_BYTES))
    return path


def _empty(folder: Path) -> Path:
    (folder / "空.pdf").touch()
    return folder / "空.pdf"


def _program(folder: Path) -> Path:
    (folder / "身份证.pdf").write_bytes(b"MZ\x90\x00" + b"\x00" * 60)
    return folder / "身份证.pdf"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_large, "file-too-large"),
        (_empty, "file-empty"),
        (_program, "file-type"),
        (lambda folder: folder, "file-unreadable"),
        (lambda folder: folder / "没有.pdf", "file-unreadable"),
        (lambda folder: folder / "\x00.pdf", "file-unreadable"),
    ],
)  # fmt: skip
def test_what_may_not_be_added_is_refused_in_words(
    profile: Profile, tmp_path: Path, make: Callable[[Path], Path], code: str
) -> None:
    """Too large, empty, a program by another name, a folder, a file that is gone: each has its sentence."""
    with pytest.raises(KnownProblem) as caught:
        profile.desk.add_file(make(tmp_path))
    assert caught.value.code == code
    assert "请" in caught.value.message


def test_the_largest_file_is_taken(profile: Profile) -> None:
    """Exactly the limit is still allowed."""
    content = papers.content(size=MOST_BYTES)[:MOST_BYTES]
    profile.desk.register(REVIEW, review(0, profile.desk.add_file(content, "大.pdf")))
    with pytest.raises(KnownProblem, match="超过"):
        profile.desk.add_file(content + b".", "大.pdf")


def test_a_file_that_is_being_written_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner that still writes gives a sentence, never half a paper."""
    path = written(tmp_path)
    real = os.fstat

    def and_the_scanner_writes(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        with path.open("ab") as more:
            more.write(b"%")
        return found

    monkeypatch.setattr(os, "fstat", and_the_scanner_writes)
    with pytest.raises(KnownProblem) as caught:
        read_content(path)
    assert caught.value.code == "file-changing"


def test_what_is_picked_and_never_saved_does_not_pile_up(profile: Profile) -> None:
    """Only as many picked files wait as one record can name; the oldest is let go, and says so when it is named."""
    first = profile.desk.add_file(papers.content(0), "一.pdf")
    for seed in range(1, MOST_PICKED + 1):
        profile.desk.add_file(papers.content(seed), "次.pdf")
    with pytest.raises(Refused, match="请重新添加"):
        profile.desk.register(REVIEW, review(0, first))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), name=st.text(max_size=20))
def test_any_bytes_under_any_name_are_taken_or_refused_in_words(profile: Profile, content: bytes, name: str) -> None:
    """Whatever somebody picks, the answer is an entry that holds or a sentence, never anything else."""
    try:
        found: dict[str, Any] = profile.desk.add_file(content, name)
    except KnownProblem as problem:
        assert problem.message
    else:
        kind = record_type(REVIEW).groups[1][1].fields["files"].kind
        assert list(kind.check((found,))) == []
