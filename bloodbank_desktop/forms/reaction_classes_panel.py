"""输血不良反应: which classes the facts fit, shown while they are written; severe ones say first whom to call.

It proposes and chooses nothing. What is shown is what `rules.reaction_classes` says of the same values, so that the
panel, the command line and the warning at the save speak of one thing.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QWidget

from bloodbank_desktop.forms import marks
from bloodbank_desktop.forms.behaviours import Behaviour, Host, behaves
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.reaction_classes import Class, classify, weigh

_PAUSE_MS = 150
_MOST = 3


@behaves("adverse_reaction")
class ReactionClasses(Behaviour):
    """Shows the classes that fit what was written so far."""

    amends = True

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._label = QLabel()
        self._label.setObjectName("reaction.classes")
        self._label.setAccessibleName("符合的反应类型")
        self._label.setWordWrap(True)
        self._label.setContentsMargins(10, 4, 10, 2)
        self._pause = QTimer(self._label)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.show)

    def strip(self) -> QWidget | None:
        return self._label

    def started(self) -> None:
        for editor in self.host.form.editors.values():
            editor.changed.connect(self._pause.start)
        model = self.host.blocks["bags"].model
        for signal in (model.rowsInserted, model.rowsRemoved, model.dataChanged):
            signal.connect(lambda *_: self._pause.start())
        self.show()

    def show(self) -> None:
        """Say which classes fit what stands in the dialog now."""
        values = self.host.form.values() | {"bags": [row.values for row in self.host.blocks["bags"].model.rows]}
        words, role = class_words(values)
        self._label.setText(f"{SHAPES[role]} {words}")
        colours = self._label.palette()
        colours.setColor(self._label.foregroundRole(), marks.ink(role, colours))
        self._label.setPalette(colours)


def class_words(values: Values) -> tuple[str, Role]:
    """Return what to say of the facts of a reaction, and in which role."""
    parts: list[str] = []
    role = Role.INFO
    if values.get("severity") not in (None, "non_severe") and values.get("called_at") is None:
        phones = table("alarm_phone")
        words = [f"{phones.word(key)}（{phones.facet(key, 'number') or '号码未登记'}）" for key in phones]
        parts.append(f"请先打电话：{'、'.join(words)}")
        role = Role.REFUSED
    found = classify(values)
    fits = [one for one in found if one.fits]
    chosen = values.get("reaction_type")
    if fits:
        parts.append(f"符合诊断条件：{'；'.join(_with_met(one) for one in fits[:_MOST])}")
        role = role if role is Role.REFUSED else Role.GOOD
    near = [one for one in found if not one.fits and one.reaction_type != chosen]
    if near and len(fits) < _MOST:
        parts.append(f"另需考虑：{'；'.join(_with_missing(one) for one in near[: _MOST - len(fits)])}")
    if chosen is not None and chosen not in [one.reaction_type for one in fits]:
        mine = weigh(str(chosen), values)
        if mine.missing or mine.against:
            parts.append(f"所选“{table('reaction_type').word(str(chosen))}”{_lacks(mine)}")
            role = role if role is Role.REFUSED else Role.ATTENTION
    return "\n".join(parts) or "填写症状、体温、血压和检查所见后，这里提示符合诊断条件的反应类型", role


def _with_met(one: Class) -> str:
    return f"{table('reaction_type').word(one.reaction_type)}（{'、'.join(one.met)}）"


def _with_missing(one: Class) -> str:
    return f"{table('reaction_type').word(one.reaction_type)}{_lacks(one)}"


def _lacks(one: Class) -> str:
    words: list[Any] = [f"缺：{'；'.join(one.missing)}"] if one.missing else []
    words += [f"不符：{'、'.join(one.against)}"] if one.against else []
    words += ["出现时间不在范围内"] if one.in_time is False else []
    return f"（{'，'.join(words)}）"
