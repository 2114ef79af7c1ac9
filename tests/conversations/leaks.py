"""Looks for planted secrets in the files of a recording: in clear, and behind base64, hexadecimal or gzip."""
import base64
import os
import re
import zlib

# Every secret that a client sends or a backend issues contains this word; nothing else does.
MARK = b"s3cr3t"
# What is encoded is searched up to here; the big bodies of conversations have no secrets.
DECODED_BYTES = 1 << 20


def leaks(folder):
    """The places below the folder that contain a planted secret, as `FILE: TEXT AROUND IT`."""
    found = []
    for directory, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(directory, name)
            shown = os.path.relpath(path, folder)
            if MARK in name.encode():
                found.append(f"{shown}: the name of the file")
            with open(path, "rb") as file:
                found.extend(f"{shown}: {text}" for text in _marked(file.read()))
    return found


def _marked(content):
    for view in _views(content):
        for match in re.finditer(rb"[\w.%-]{0,20}" + MARK + rb"[\w.%-]{0,20}", view):
            yield match.group().decode(errors="replace")


def _views(content):
    """The content itself, and what is encoded within it."""
    yield content
    content = content[:DECODED_BYTES]
    yield from _unpacked(content)
    for text in re.findall(rb"[A-Za-z0-9+/_-]{12,}={0,2}", content):
        standard = text.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        try:
            decoded = base64.b64decode(standard + b"=" * (-len(standard) % 4))
        except ValueError:
            continue
        yield decoded
        yield from _unpacked(decoded)
    for text in re.findall(rb"(?:[0-9a-f]{2}){6,}", content):
        yield bytes.fromhex(text.decode())


def _unpacked(content):
    for start in re.finditer(rb"\x1f\x8b\x08", content):
        try:
            yield zlib.decompressobj(31).decompress(content[start.start():], 1 << 20)
        except zlib.error:
            continue
