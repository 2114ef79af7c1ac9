"""The commands of a document: its `console` blocks."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Command:
    """A command as it is typed, and what the document shows of its output."""

    text: str
    line: int
    shown: list[str] = field(default_factory=list)


def fenced(path: Path, language: str) -> list[tuple[int, list[str]]]:
    """The blocks of a language: the number of the first line, the lines."""
    blocks, inside = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if inside is None:
                inside = line[3:].split(" ")[0]
                if inside == language:
                    blocks.append((number + 1, []))
            else:
                inside = None
        elif inside == language:
            blocks[-1][1].append(line)
    return blocks


def is_whole(text: str) -> bool:
    """Whether a command goes on in the next line: a quote is open, or a backslash is last."""
    if text.endswith("\\"):
        return False
    try:
        shlex.split(re.sub(r"\s#.*", "", text) if "'" not in text else text, comments=True)
    except ValueError:
        return False
    return True


def commands(path: Path) -> list[list[Command]]:
    """The commands of each block."""
    found = []
    for first, lines in fenced(path, "console"):
        block: list[Command] = []
        for number, line in enumerate(lines, first):
            if line.startswith("$ "):
                block.append(Command(line[2:], number))
            elif block and not is_whole(block[-1].text) and not block[-1].shown:
                block[-1].text += "\n" + line
            elif block:
                block[-1].shown.append(line)
            else:
                raise ValueError(f"{path}:{number}: output before a command")
        found.append(block)
    return found
