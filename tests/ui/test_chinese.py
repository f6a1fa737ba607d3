"""The words of Qt itself are Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QLibraryInfo, QLocale
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from bloodbank_desktop.ui import chinese


def test_the_buttons_of_qt_are_chinese(qapp: QApplication) -> None:
    """保存 and 取消 are said by Qt in Chinese, and the locale is that of China."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
    words = {button.text().split("(")[0] for button in buttons.buttons()}
    assert words == {"保存", "取消"}
    assert QLocale().name() == "zh_CN"


def test_a_missing_translation_is_told(qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installation without the file works on, and says so."""
    monkeypatch.setattr(QLibraryInfo, "path", lambda _which: str(tmp_path))
    assert chinese.install(qapp) is False
