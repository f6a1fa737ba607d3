"""The set-up is the same for every developer and for the build: pinned, offline in its own text, and consistent.

The danger is a version that floats: the program a hospital installs would not be the one that was tested.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PINS = (ROOT / "packaging" / "pins.txt").read_text(encoding="utf-8")
WINDOWS = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"}
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev_under_test", ROOT / "packaging" / "dev.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def requirements(lines: list[str]) -> list[Requirement]:
    return [Requirement(line) for line in lines]


def installed_on(system: dict[str, str], python: str, lines: list[str]) -> dict[str, str]:
    environment = {**system, "python_version": python}
    fitting = [each for each in requirements(lines) if each.marker is None or each.marker.evaluate(environment)]
    names = [str(canonicalize_name(each.name)) for each in fitting]
    assert len(names) == len(set(names)), "a package is pinned twice"
    return {name: str(each.specifier) for name, each in zip(names, fitting, strict=True)}


def test_pins_name_no_address() -> None:
    """Where packages come from is the machine's affair: the pins hold no address and no pip option."""
    for line in PINS.splitlines():
        text = line.strip()
        assert "://" not in text and not text.startswith("-") and " @ " not in text, line


def test_every_pin_is_exact(dev: ModuleType) -> None:
    """Each line of pins.txt fixes one package at exactly one version, and none is overlooked by the script."""
    lines: list[str] = dev.pinned(PINS, development=True)
    written = [line.strip() for line in PINS.splitlines() if line.strip() and not line.startswith("#")]
    assert lines == written
    for each in requirements(lines):
        assert re.fullmatch(r"==[0-9][0-9a-z.]*", str(each.specifier)), each


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_pins_follow_the_system(dev: ModuleType, python: str) -> None:
    """A Windows workstation gets Windows' own credential store and no Linux one, on every supported Python."""
    lines: list[str] = dev.pinned(PINS, development=True)
    windows, linux = installed_on(WINDOWS, python, lines), installed_on(LINUX, python, lines)
    assert windows.keys() - linux.keys() == {"pywin32-ctypes", "colorama"}
    assert linux.keys() - windows.keys() == {"secretstorage", "jeepney"}
    assert ("backports-tarfile" in windows) == (python == "3.11")


def test_project_depends_on_what_is_pinned(dev: ModuleType) -> None:
    """The dependencies in pyproject.toml are the "runtime: chosen" block of pins.txt, version by version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    block = PINS.split("# == runtime: chosen ==")[1].split("# == ")[0]
    chosen = [line for line in block.splitlines() if line and not line.startswith("#")]
    assert sorted(project["project"]["dependencies"]) == sorted(chosen)
    runtime = {line.split(";")[0].strip() for line in dev.pinned(PINS, development=False)}
    assert set(chosen) <= runtime
    assert set(project["build-system"]["requires"]) <= set(dev.pinned(PINS, development=True))


def test_workstation_gets_no_development_tools(dev: ModuleType) -> None:
    """The runtime set-up leaves out every test tool, so the program cannot come to lean on one."""
    runtime = {each.name.lower() for each in requirements(dev.pinned(PINS, development=False))}
    assert runtime.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "schemathesis", "hatchling", "psutil"})
    assert {"pyside6-essentials", "sqlcipher3", "keyring"} <= runtime


def test_digest_ignores_line_ends(dev: ModuleType) -> None:
    """A checkout with Windows line ends does not set up again, other pins or another Python do."""
    assert dev.digest(PINS, (3, 11)) == dev.digest(PINS.replace("\n", "\r\n"), (3, 11))
    assert dev.digest(PINS, (3, 11)) != dev.digest(PINS, (3, 12))
    assert dev.digest(PINS, (3, 11)) != dev.digest(PINS.replace("==", "==1", 1), (3, 11))


def test_full_set_up_serves_runtime_but_not_the_reverse(dev: ModuleType) -> None:
    """An environment counts as ready only when everything asked for was installed to the end."""
    assert dev.satisfied("full abc\n", "abc", development=True)
    assert dev.satisfied("full abc\n", "abc", development=False)
    assert dev.satisfied("runtime abc\n", "abc", development=False)
    assert not dev.satisfied("runtime abc\n", "abc", development=True)
    assert not dev.satisfied("unfinished\n", "abc", development=False)
    assert not dev.satisfied("full abd\n", "abc", development=False)
    assert not dev.satisfied("", "abc", development=False)


def test_system_packages_are_known_by_either_name(dev: ModuleType) -> None:
    """A library counts as installed under its old or its t64 name, and not when only its settings remain."""
    answer = "libegl1 installed\nlibglib2.0-0t64 installed\nlibgl1 config-files\n"
    assert dev.not_installed(["libegl1", "libglib2.0-0", "libgl1", "xvfb"], answer) == ["libgl1", "xvfb"]


def test_set_up_never_clears_a_foreign_folder(dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that the script did not make itself is refused and left as it was, even when BLOODBANK_VENV names it."""
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work", encoding="utf-8")
    monkeypatch.setenv("BLOODBANK_VENV", str(tmp_path))
    with pytest.raises(dev.Stop, match="was not made by this script"):
        dev.create_environment(dev.environment_dir())
    assert precious.read_text(encoding="utf-8") == "years of work"


def test_children_find_the_checkout_first(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program started is the one of this checkout, whatever the current directory and PYTHONPATH say."""
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert dev.child_environment()["PYTHONPATH"] == os.pathsep.join([str(ROOT), "elsewhere"])


def test_help_and_wrong_words_from_any_directory(tmp_path: Path) -> None:
    """Help explains every word and costs no set-up; a mistyped word is refused with exit code 2."""
    command = [sys.executable, str(ROOT / "packaging" / "dev.py")]
    shown = subprocess.run([*command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    for word in ("run", "test", "bench", "tour", "contract", "build"):
        assert re.search(rf"^    {word} +\S", shown, re.MULTILINE), word
    wrong = subprocess.run([*command, "tset"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2 and "tset" in wrong.stderr
    assert list(tmp_path.iterdir()) == []


def test_script_needs_only_the_standard_library_and_no_address() -> None:
    """dev.py starts on a bare Python and reaches for no server by itself."""
    text = (ROOT / "packaging" / "dev.py").read_text(encoding="utf-8")
    modules = set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE))
    assert modules <= sys.stdlib_module_names, modules - sys.stdlib_module_names
    assert "://" not in text


def test_build_runs_what_developers_run() -> None:
    """.ci/run hands over to "dev.py test", so that a check cannot pass in one place and fail in the other."""
    script = ROOT / ".ci" / "run"
    assert "packaging/dev.py test" in script.read_text(encoding="utf-8")
    assert b"\r" not in script.read_bytes(), "bash does not run a script with Windows line ends"
    if os.name != "nt":
        assert os.access(script, os.X_OK)
