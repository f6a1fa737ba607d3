"""Where files lie: what the program brings along (`resource`) and what it keeps for this workstation (`profile_dir`).

The danger is a real record saved among training data, or the reverse: the two never share a folder, and only this
module knows the names of both.
"""

from __future__ import annotations

from pathlib import Path

from bloodbank_desktop.errors import KnownProblem

_PACKAGE = Path(__file__).resolve().parent
_TRAINING = "training"
_HOSPITAL = "hospital"


def resource(*parts: str) -> Path:
    """Return a file or folder brought along with the program, named by its parts under resources/.

    In a checkout that is the top-level resources/; an installation carries the same tree inside the package.
    Raises `KnownProblem` (code "resource-missing") when it is not there, that is, when the installation is damaged.
    """
    installed = _PACKAGE / "_resources"
    root = installed if installed.is_dir() else _PACKAGE.parent / "resources"
    found = root.joinpath(*parts)
    if not found.exists():
        raise KnownProblem(f"程序文件缺失：{found}。请重新安装本程序。", code="resource-missing")
    return found


def profile_dir(data_dir: Path | None, training: bool) -> Path:
    """Return the folder for database, logs and backups, and create it when it is not there.

    `data_dir` None: the per-user folder of the system that does not travel between computers, since an open database
    must never be copied by a roaming profile. `training` chooses the folder that never holds a real patient.
    Raises `KnownProblem` (code "data-folder") when the folder cannot be created.
    """
    if data_dir is None:
        # Only here: it brings along more of the standard library than the window needs.
        import platformdirs

        data_dir = platformdirs.user_data_path("BloodbankDesktop", appauthor=False, roaming=False)
    folder = data_dir / (_TRAINING if training else _HOSPITAL)
    try:
        # Only this user may look inside; on Windows the user's own folder is private already.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise KnownProblem(
            f"无法建立数据文件夹 {folder}：{problem.strerror}。请检查磁盘和写入权限，或另选数据文件夹。",
            code="data-folder",
        ) from problem
    return folder
