"""Time alone tells a scanner from a person; no key is lost and none changes its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.forms.burst import Burst, Habits, Outcome


def play(burst: Burst, text: str, *, gap: float, start: float = 0.0, composed: bool = False) -> float:
    """Send the characters of a text, `gap` ms apart; return the time of the last."""
    at = start
    for number, character in enumerate(text):
        at = start + number * gap
        burst.character(character, at, character, composed=composed)
    return at


@pytest.mark.parametrize("gap", [0, 1, 5, 20, 49])
def test_a_burst_with_terminator_is_a_scan(gap: float) -> None:
    """Keys that come faster than the gap and end with a terminator are one scan, whole and in order."""
    burst = Burst(Habits())
    text = "=A99992600000100=%6200=<E6170V00&>0263562359"
    ended = burst.terminator(play(burst, text, gap=gap) + gap)
    assert (ended.outcome, ended.text) == (Outcome.SCAN, text)
    assert not burst.open


@pytest.mark.parametrize("text", ["a", "ab", "abc"])
def test_a_short_run_is_typing_even_with_a_terminator(text: str) -> None:
    """Two or three keys rolled over by a fast hand are typing, and Enter after them is a person's Enter."""
    burst = Burst(Habits())
    ended = burst.terminator(play(burst, text, gap=20) + 20)
    assert (ended.outcome, ended.held) == (Outcome.TYPED, tuple(text))


def test_a_pause_separates_what_belongs_together() -> None:
    """A key after the gap no longer belongs to what is held."""
    burst = Burst(Habits())
    last = play(burst, "ab", gap=10)
    assert not burst.too_late(last + 50)
    assert burst.too_late(last + 51)
    assert burst.quiet().held == ("a", "b")


def test_without_terminator_a_code_ends_by_silence() -> None:
    """A scanner that sends no terminator is understood when its setting says so."""
    burst = Burst(Habits(terminated=False))
    play(burst, "6200", gap=1)
    assert burst.quiet().outcome is Outcome.SCAN


def test_an_unclosed_burst_is_a_scan_only_when_long() -> None:
    """Where a terminator was to be expected, a short unclosed run is given back to the person."""
    for text, outcome in (("62001", Outcome.TYPED), ("=%6200", Outcome.SCAN)):
        burst = Burst(Habits())
        play(burst, text, gap=1)
        assert burst.quiet().outcome is outcome


def test_a_prefix_makes_a_slow_and_short_code_a_scan() -> None:
    """A configured prefix proves a scanner: it is taken off, and the keys behind it may come slowly."""
    burst = Burst(Habits(prefix="~"))
    last = play(burst, "~62", gap=200)
    assert not burst.too_late(last + 200)
    ended = burst.terminator(last + 200)
    assert (ended.outcome, ended.text) == (Outcome.SCAN, "62")


def test_a_code_through_an_input_method_is_no_scan() -> None:
    """What an input method took part in is never used, only named."""
    burst = Burst(Habits())
    last = play(burst, "＝％６２００", gap=1, composed=True)
    assert burst.terminator(last).outcome is Outcome.INPUT_METHOD


def test_a_word_of_the_input_method_is_typing() -> None:
    """A person who commits a word causes a few events at once; they are given back."""
    burst = Burst(Habits())
    burst.character("", 0, "preedit", composed=True)
    burst.character("血浆", 1, "commit", composed=True)
    ended = burst.quiet()
    assert (ended.outcome, ended.held) == (Outcome.TYPED, ("preedit", "commit"))


def test_a_long_phrase_of_the_input_method_is_typing() -> None:
    """A whole phrase in one commit is a person's, however many characters it has."""
    burst = Burst(Habits())
    burst.character("", 0, "preedit", composed=True)
    burst.character("血红蛋白低于七十，活动后胸闷气促", 1, "commit", composed=True)
    ended = burst.quiet()
    assert (ended.outcome, ended.held) == (Outcome.TYPED, ("preedit", "commit"))


def test_the_second_terminator_of_a_code_belongs_to_it() -> None:
    """CR LF is one end; an Enter after the gap is a person's."""
    burst = Burst(Habits())
    at = play(burst, "=%6200", gap=1)
    burst.terminator(at)
    assert burst.trailing(at + 10)
    assert not burst.trailing(at + 60)
    burst.character("x", at + 20, "x")
    assert not burst.trailing(at + 21)


@given(st.lists(st.tuples(st.characters(categories=["Lu", "Nd", "Po"]), st.integers(0, 200)), max_size=30))
def test_no_key_is_ever_lost_or_moved(keys: list[tuple[str, int]]) -> None:
    """Whatever the rhythm, every key comes out exactly once and in order, as typing or inside a scan."""
    burst, at = Burst(Habits()), 0.0
    out: list[str] = []
    for key, pause in keys:
        at += pause
        if burst.too_late(at):
            out.extend(burst.quiet().held)
        burst.character(key, at, key)
    out.extend(burst.quiet().held)
    assert out == [key for key, _ in keys]
