"""What differs from one workstation to the next, in one small file that a person may read: settings.json.

Nothing secret and nothing clinical stands here; a missing file means the defaults, a damaged one is reported, not
overwritten.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.frozen import dataclass

_NAME = "settings.json"


@dataclass(frozen=True)
class Settings:
    """Typed settings; `platform_url` "" = no platform, work locally; `scan_gap_ms` separates scanner from fingers.

    After `lock_minutes` (1 to 30) without a key or a click the window locks.
    """

    hospital_name: str = "（未设置医院名称）"
    hospital_code: str = ""
    workstation: str = "01"
    platform_url: str = ""
    theme: str = "system"
    sounds: bool = True
    scan_gap_ms: int = 50
    lock_minutes: int = 10


def load(folder: Path) -> Settings:
    """Return the settings of a profile folder. Raises KnownProblem for a file that is not right."""
    path = folder / _NAME
    if not path.exists():
        return Settings()
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
        known = {f.name: f for f in fields(Settings)}
        values: dict[str, Any] = dict(whole)
        for key, value in values.items():
            if key in known and type(value) is not type(known[key].default):
                raise ValueError(f"“{key}”的值不对")
        return Settings(**{key: value for key, value in values.items() if key in known})
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as problem:
        raise KnownProblem(
            f"设置文件 {path} 读不懂（{problem}），请信息科改正或移走它；程序没有改动它", code="settings-damaged"
        ) from problem


def save(folder: Path, settings: Settings) -> None:
    """Write the settings whole or not at all. Raises KnownProblem if the folder cannot be written."""
    path = folder / _NAME
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("w", encoding="utf-8", newline="\n") as handle:
            handle.write(json.dumps(asdict(settings), ensure_ascii=False, indent=2) + "\n")
            handle.flush()
            # Renamed before its content is on the disk, it would be an empty file after a power cut.
            os.fsync(handle.fileno())
        fresh.replace(path)
    except OSError as problem:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise KnownProblem(
            f"设置没有保存：{folder} 不能写入，请检查权限和磁盘空间", code="settings-not-saved"
        ) from problem
