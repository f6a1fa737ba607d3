"""What an act is and how one is done: which record waits for it, what a trainer may state, and what is published.

An act looks and speaks inside one transaction of the platform's file, so it may be done by the server that serves it or
by another process on the same file. Texts of a trainer are read by the declared fields that they end up in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records import kinds, wire
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.records.declare import LineType
from bloodbank_desktop.records.kinds import Unreadable
from bloodbank_desktop.training.stage import Document, Stage, Standing, WrongWord

NOTHING, WRONG = "nothing-to-act-on", "wrong-act"
#: Options that hold several texts; all others hold one.
MANY = {"line": "1=partly:2", "bag": "献血码 [产品码]", "result": "antibody_id=检出抗-E"}

Options = Mapping[str, Any]
#: Said of a record, in stored values, and the changes that were published before it.
Run = Callable[["Scene"], dict[str, Any]]


@dataclass
class Scene:
    """One act under way: the record it is about (None when the act makes one), and what the trainer stated."""

    stage: Stage
    given: dict[str, Any]
    about: Standing | None = None
    published: list[Document] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)

    @property
    def standing(self) -> Standing:
        """The record that the act is about."""
        assert self.about is not None
        return self.about

    def make(self, module: str, values: Mapping[str, Any], said: Mapping[str, Any] | None = None) -> None:
        """Originate a record from stored values."""
        declared = travelling()[module]
        assert declared.answer is not None
        body, more = wire.body(declared, values), wire.body(declared.answer, said or {})
        self.published.append(self.stage.originate(module, body, more))


@dataclass(frozen=True)
class Act:
    """One act: whom it concerns, in which states, and what a trainer may state.

    `states` are those in which a record waits for it; in those of `anew` it waits only when the hospital had the last
    word. `fields` are options read by fields of the answer (or of the record that is made), `special` all others.
    """

    what: str
    sentence: str
    run: Run
    module: str
    states: tuple[str | None, ...] = ()
    anew: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    special: tuple[str, ...] = ()
    makes: bool = False
    concerns: Callable[[Standing], bool] = lambda standing: True

    def waits(self, standing: Standing) -> bool:
        """Whether the record waits for this act."""
        open_ = standing.state in self.states or (standing.state in self.anew and standing.theirs)
        return open_ and self.concerns(standing)

    @property
    def options(self) -> tuple[str, ...]:
        """Every option of the act."""
        return (*(() if self.makes else ("no", "id")), *self.fields, *self.special)


def minute(stage: Stage) -> datetime:
    """Return the present minute."""
    return stage.now.replace(second=0, microsecond=0)


def decimal(text: str) -> Decimal:
    """Read a number that a trainer stated. Raises KnownProblem."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise KnownProblem(f"“{text}”不是数字", code=WRONG)
    return number


def do(stage: Stage, act_: Act, options: Options) -> Document:
    """Do an act inside a transaction; return {"what", "published": changes of the feed, "labels": of bags that were sent}.

    Raises KnownProblem "nothing-to-act-on" when no record waits for it, "wrong-act" for options that it does not take.
    """
    scene = Scene(stage, _read(act_, options))
    number, record_id = (scene.given.pop(name, None) for name in ("no", "id"))
    try:
        if not act_.makes:
            scene.about = _about(stage, act_, number, record_id)
        said = act_.run(scene)
        if scene.about is not None:
            scene.published.append(stage.answer(scene.about.id, _words(act_, said)))
    except WrongWord as problem:
        if not options:
            raise
        raise KnownProblem(f"平台不能这样答复：{problem}", code=WRONG) from problem
    return {"what": act_.what, "published": scene.published, "labels": scene.labels}


def _words(act_: Act, said: Mapping[str, Any]) -> Document:
    declared = travelling()[act_.module].answer
    assert declared is not None
    taken_back = {declared.fields[key].wire: None for key, value in said.items() if value is None}
    return taken_back | wire.body(declared, said)


def _about(stage: Stage, act_: Act, number: str | None, record_id: str | None) -> Standing:
    label = travelling()[act_.module].label
    if number is None and record_id is None:
        waiting = stage.of_module(act_.module, (*act_.states, *act_.anew))
        found = next((one for one in waiting if act_.waits(one)), None)
        if found is None:
            raise KnownProblem(f"没有等待“{act_.sentence}”的{label}；请先由医院登记并上传", code=NOTHING)
        return found
    for one in _named(stage, act_, number, record_id):
        if one.state not in (*act_.states, *act_.anew) or not act_.concerns(one):
            state = travelling()[act_.module].answer
            assert state is not None
            word = state.fields["state"].kind.format(one.state) or "尚未答复"
            words = f"{label} {one.number} {word}（{china_text(one.at)}），不能再“{act_.sentence}”"
            raise KnownProblem(words, code=NOTHING)
        return one
    raise KnownProblem(f"平台没有{label} {number or record_id}；请核对编号，或等它上传", code=NOTHING)


def _named(stage: Stage, act_: Act, number: str | None, record_id: str | None) -> Iterator[Standing]:
    if record_id is not None:
        found = stage.find(record_id)
        if found is not None and found.module == act_.module and number in (None, found.number):
            yield found
        return
    yield from (one for one in stage.of_module(act_.module) if one.number == number)


def _read(act_: Act, options: Options) -> dict[str, Any]:
    """Return the options as stored values. Raises KnownProblem "wrong-act"."""
    module = travelling()[act_.module]
    declared = module if act_.makes else module.answer
    assert declared is not None
    given: dict[str, Any] = {}
    for name, value in options.items():
        if name not in act_.options:
            words = "、".join(f"--{option.replace('_', '-')}" for option in act_.options) or "没有选项"
            raise KnownProblem(f"动作 {act_.what} 不接受 --{name.replace('_', '-')}；可用：{words}", code=WRONG)
        texts = value if name in MANY and isinstance(value, list) else [value] if name not in MANY else []
        if not texts or not all(isinstance(one, str) for one in texts):
            raise KnownProblem(f"--{name.replace('_', '-')} 应为文字", code=WRONG)
        given[name] = _value(declared, name, value) if name in act_.fields else value
    return given


def _value(declared: LineType, name: str, text: str) -> Any:
    f = declared.fields[name]
    try:
        value = text if isinstance(f.kind, kinds.Choice) and text in f.kind.table else f.kind.parse(text)
    except Unreadable as problem:
        raise KnownProblem(f"{f.label}：{problem.message}", code=WRONG) from problem
    if value is None:
        raise KnownProblem(f"{f.label}是空的，请填写或不写这个选项", code=WRONG)
    for _, message in f.kind.check(value):
        raise KnownProblem(f"{f.label}：{message}", code=WRONG)
    return value
