"""Finds the program ``standin``."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from ._errors import StandinError


def find_binary(name: str | os.PathLike[str] | None = None) -> str:
    """Returns the path of the program.

    It is ``name`` where that is given, else what the environment variable ``STANDIN`` names, else the program of the
    wheel, else the first ``standin`` in ``PATH``. A name that is given or in ``STANDIN`` has to be right.

    Raises ``StandinError``, with the places where it looked.
    """
    for source, given in (("binary", name), ("the environment variable STANDIN", os.environ.get("STANDIN"))):
        if given:
            path = shutil.which(os.fspath(given))
            if path is None:
                raise StandinError(f"{source} names {os.fspath(given)}, which is no program that can be run")
            return os.path.abspath(path)
    program = "standin.exe" if sys.platform == "win32" else "standin"
    scripts = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
    bundled = [Path(directory, program) for directory in scripts]
    for path in bundled:
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    path = shutil.which("standin")
    if path is None:
        places = ", ".join(map(str, bundled))
        raise StandinError(
            f"the program standin is neither at {places} nor in PATH; install a wheel of standin-server that carries "
            "it, or set the environment variable STANDIN to its path"
        )
    return path
