"""What a file is, its first bytes say; what its name may be, so that it can be written on every system, is said once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.kinds import Files
from bloodbank_desktop.records.kinds.files import MOST_NAME, SUFFIXES, name_problem, recognise
from tests import papers


@given(rest=st.binary(max_size=64), suffix=st.sampled_from(list(papers.BEGINNINGS)))
def test_a_file_is_recognised_by_its_beginning(rest: bytes, suffix: str) -> None:
    """Whatever follows, the first bytes decide, and the suffix for opening follows from them."""
    media_type = recognise(papers.BEGINNINGS[suffix] + rest)
    assert media_type is not None
    assert SUFFIXES[media_type] == suffix


@given(
    content=st.binary(max_size=64)
    | st.sampled_from([b"MZ\x90\x00", b"\x7fELF", b"<html>", b"PK\x03\x04", b"#!/bin/sh"])
)
def test_nothing_else_is_recognised(content: bytes) -> None:
    """A content that does not begin as JPEG, PNG or PDF do is none of them."""
    begins = content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-"))
    assert (recognise(content) is not None) == begins


@given(content=st.binary(min_size=1, max_size=32), suffix=st.sampled_from(list(papers.BEGINNINGS)))
def test_a_beginning_that_was_moved_or_cut_is_none(content: bytes, suffix: str) -> None:
    """The beginning counts only at the beginning and only whole: a program with a PDF behind it stays a program."""
    whole = papers.BEGINNINGS[suffix]
    assert recognise(b"MZ" + content + whole) is None
    assert recognise(whole[:2]) is None


@given(left=st.text(max_size=20), right=st.text(max_size=20), sign=st.sampled_from('/\\:*?"<>|\x00\n\u2028'))
def test_a_name_is_no_path(left: str, right: str, sign: str) -> None:
    """A name with a separator, or what some system cannot write, is refused wherever the sign stands."""
    assert name_problem(left + sign + right) is not None


@pytest.mark.parametrize("name", ["", " ", ".", "..", " a.pdf", "a.pdf ", "名" * (MOST_NAME + 1)])
def test_other_names_that_are_refused(name: str) -> None:
    """No empty name, none of dots, none with blanks at its ends, none too long."""
    assert name_problem(name) is not None


@pytest.mark.parametrize("name", ["身份证.pdf", "名" * MOST_NAME, "scan 01 (2).JPG", "献血证👩🏽‍⚕️.png", "无后缀"])
def test_names_that_people_use(name: str) -> None:
    """Chinese, blanks and brackets are names."""
    assert name_problem(name) is None


def test_a_list_of_no_files_is_not_stated() -> None:
    """An empty list on the wire is an empty field, as for every other kind."""
    assert Files().from_wire([]) is None
