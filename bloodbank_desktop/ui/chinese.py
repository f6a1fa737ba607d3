"""Qt's own words (保存, 取消, the menu of an edit field) are Chinese too, and numbers and dates follow China.

Without this a program with Chinese labels still asks “Save / Discard / Cancel”, and the wrong one is pressed.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

_log = logging.getLogger(__name__)


def install(app: QCoreApplication) -> bool:
    """Load Qt's Chinese translation for the whole program; False, and a warning in the log, when it is not there."""
    QLocale.setDefault(QLocale(QLocale.Language.Chinese, QLocale.Country.China))
    translator = QTranslator(app)
    if not translator.load("qtbase_zh_CN", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        _log.warning("qtbase_zh_CN.qm is missing; the words of Qt stay English")
        return False
    return app.installTranslator(translator)
