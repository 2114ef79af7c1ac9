"""Puts the binary into the wheel as a script, and names the wheel after the systems that the binary runs on."""

import os
import re
import struct
import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# The machines of ELF headers, by the names of wheel tags.
MACHINES = {0x3E: "x86_64", 0xB7: "aarch64"}


def platform_tag(binary: Path) -> str:
    """Returns the platform tag of a binary: for Linux by the newest version of glibc that it needs."""
    content = binary.read_bytes()
    if content[:4] != b"\x7fELF":
        return re.sub(r"[^A-Za-z0-9]", "_", sysconfig.get_platform())
    machine = MACHINES.get(struct.unpack_from("<H", content, 18)[0])
    if machine is None:
        raise ValueError(f"{binary} is for a machine that has no wheel tag; known are {', '.join(MACHINES.values())}")
    needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", content)]
    if needed:
        return f"manylinux_2_{max(17, *needed)}_{machine}"
    # A static binary runs with either C library.
    return f"manylinux_2_17_{machine}.musllinux_1_1_{machine}"


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        if version == "editable":
            return
        name = os.environ.get("STANDIN")
        if not name or not Path(name).is_file():
            raise FileNotFoundError("set STANDIN to the binary that the wheel shall carry; bindings/python/build does")
        program = "standin.exe" if name.endswith(".exe") else "standin"
        build_data["shared_scripts"][name] = program
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(Path(name))}"
