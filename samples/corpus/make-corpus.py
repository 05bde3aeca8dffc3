#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the sample corpus, five domains of text, beside this file; --check compares instead."""
import pathlib
import sys

sys.dont_write_bytecode = True  # a folder beside the texts would be read as a domain

import arithmetic
import c_code
import dialogue
import german
import prose
from grammar import Rng

DOMAINS = {
    "arithmetic.txt": (arithmetic.chapter, 101),
    "c-code.txt": (c_code.module, 102),
    "dialogue.txt": (dialogue.scene, 103),
    "german.txt": (german.chapter, 104),
    "prose.txt": (prose.chapter, 105),
}
SIZE = 96000  # bytes, about


def generate(make, seed):
    rng, parts, size, number = Rng(seed), [], 0, 0
    while size < SIZE:
        number += 1
        parts.append(make(rng, number))
        size += len(parts[-1].encode())
    return "\n".join(parts).encode()


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: make-corpus.py [--check]")
    here, stale = pathlib.Path(__file__).resolve().parent, []
    for name, (make, seed) in DOMAINS.items():
        text, path = generate(make, seed), here / name
        if not check:
            path.write_bytes(text)
        elif not path.exists() or path.read_bytes() != text:
            stale.append(name)
    if stale:
        sys.exit("not what make-corpus.py writes: " + ", ".join(stale))


main()
