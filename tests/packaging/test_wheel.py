"""The wheel is complete: what a hospital installs starts without the checkout beside it.

The danger is a file that only the checkout has: every developer's test passes and the workstation opens with nothing
but an error.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.paths import resource

ROOT = Path(__file__).resolve().parents[2]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


def succeed(command: list[str], cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{command} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    succeed([*PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", str(out), str(ROOT)], cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed") / "输血科 工作站"
    succeed([*PIP, "install", "--no-index", "--no-deps", "--target", str(target), str(wheel)], cwd=wheel.parent)
    return target


def in_installation(installed: Path, *arguments: str) -> str:
    """Run Python where only the installation can be imported, not the checkout; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return succeed([sys.executable, *arguments], cwd=installed.parent, environment=environment).strip()


def files_below(folder: Path) -> set[str]:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if "__pycache__" not in name}


def test_wheel_carries_every_resource(wheel: Path) -> None:
    """Every file under resources/ travels in the wheel with its bytes unchanged."""
    wanted = files_below(ROOT / "resources")
    assert wanted
    with zipfile.ZipFile(wheel) as archive:
        for name in wanted:
            packed = archive.read(f"bloodbank_desktop/_resources/{name}")
            assert packed == (ROOT / "resources" / name).read_bytes(), name


def test_wheel_carries_every_module_and_nothing_else(wheel: Path) -> None:
    """The wheel holds each Python module of the program, its licence, and neither tests nor databases."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = {f"bloodbank_desktop/{name}" for name in files_below(ROOT / "bloodbank_desktop") if name.endswith(".py")}
    assert modules <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    strays = [name for name in names if not name.startswith(("bloodbank_desktop/", "bloodbank_desktop-"))]
    assert strays == []
    assert not [name for name in names if name.endswith((".db", ".sqlite", ".log", ".pyc"))]


def test_resources_are_found_in_the_installation(installed: Path) -> None:
    """`resource` answers with the installed file, also under a folder with Chinese letters and a space."""
    name = sorted(files_below(ROOT / "resources"))[0]
    code = "import sys; from bloodbank_desktop.paths import resource; print(resource(*sys.argv[1].split('/')))"
    found = Path(in_installation(installed, "-c", code, name))
    assert found.samefile(installed / "bloodbank_desktop" / "_resources" / name)


def test_resources_are_found_in_the_checkout() -> None:
    """`resource` answers with the file of the top-level resources/ while developing."""
    name = sorted(files_below(ROOT / "resources"))[0]
    assert resource(*name.split("/")).samefile(ROOT / "resources" / name)


def test_missing_resource_tells_what_to_do() -> None:
    """A file missing from the installation is a known problem that names the file and the remedy."""
    with pytest.raises(KnownProblem, match=r"missing\.png.*重新安装") as caught:
        resource("icons", "missing.png")
    assert caught.value.code == "resource-missing"


def test_installation_decodes_a_barcode(installed: Path) -> None:
    """The installed program reads its code tables: =%6200 is group A, RhD positive, by ISBT 128."""
    printed = in_installation(installed, "-m", "bloodbank_desktop", "decode", "=%6200")
    assert '"abo": "A"' in printed and '"rhd": "positive"' in printed
