"""The build backend: scikit-build-core, and a compiler from the package index if there is none."""

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any

from scikit_build_core import build as _build
from scikit_build_core.build import (
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

_COMPILERS = "c++", "g++", "clang++", "cl", "clang-cl"
_ZIG = "ziglang>=0.13"
Settings = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Return what a wheel needs: CMake and Ninja where the machine has none, and a compiler."""
    return [*_build.get_requires_for_build_wheel(config_settings), *_compiler()]


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """Return what an editable installation needs, which is the same."""
    return [*_build.get_requires_for_build_editable(config_settings), *_compiler()]


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Compile the core and return the wheel's name."""
    _use_zig_if_alone()
    return _build.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Compile the core and return the name of a wheel that leads to the sources."""
    _use_zig_if_alone()
    return _build.build_editable(wheel_directory, config_settings, metadata_directory)


def _alone() -> bool:
    return "CXX" not in os.environ and not any(map(shutil.which, _COMPILERS))


def _compiler() -> list[str]:
    return [_ZIG] if _alone() else []


def _use_zig_if_alone() -> None:
    """Let CMake find a compiler: a script that calls Zig's, since CMake wants one file."""
    if not _alone():
        return
    folder = Path(tempfile.mkdtemp(prefix="fedras-zig-"))
    for variable, command in {"CC": "cc", "CXX": "c++"}.items():
        script = folder / f"zig-{command}"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang {command} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        os.environ[variable] = str(script)
    for variable, command in {"AR": "ar", "RANLIB": "ranlib"}.items():
        script = folder / f"zig-{command}"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang {command} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        os.environ["CMAKE_ARGS"] = (
            f"{os.environ.get('CMAKE_ARGS', '')} -DCMAKE_{variable}={script}".strip()
        )
