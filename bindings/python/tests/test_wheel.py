"""The tag of the wheel: on which systems its binary runs."""

import importlib.util
import struct
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
_spec = importlib.util.spec_from_file_location("hatch_build", Path(__file__).parents[1] / "hatch_build.py")
hatch_build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(hatch_build)


def elf(machine, *versions):
    """The beginning of an ELF file, and the versions of glibc that it needs."""
    names = b"\0".join(f"GLIBC_{version}".encode() for version in versions)
    return b"\x7fELF".ljust(18, b"\0") + struct.pack("<H", machine) + names


@pytest.mark.parametrize(
    ("content", "tag"),
    [
        (elf(0x3E, "2.2.5", "2.34", "2.9"), "manylinux_2_34_x86_64"),
        (elf(0xB7, "2.4"), "manylinux_2_17_aarch64"),
        (elf(0x3E), "manylinux_2_17_x86_64.musllinux_1_1_x86_64"),
    ],
)
def test_the_tag_comes_from_the_binary(tmp_path, content, tag):
    binary = tmp_path / "standin"
    binary.write_bytes(content)
    assert hatch_build.platform_tag(binary) == tag


def test_a_machine_without_a_tag_is_an_error(tmp_path):
    binary = tmp_path / "standin"
    binary.write_bytes(elf(0xF3))
    with pytest.raises(ValueError, match="for a machine that has no wheel tag"):
        hatch_build.platform_tag(binary)
