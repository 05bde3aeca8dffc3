#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that what libmoescope exports and what its public headers declare is the same.

usage: symbols.py LIBRARY HEADER…
"""
import pathlib
import re
import subprocess
import sys

from common import Tap, without_comments

PROTOTYPE = re.compile(r'\bMOE_API\b[^;{(]*?(\w+)\s*[(;\[]')
DEFINE = re.compile(r'^\s*#.*$', re.MULTILINE)


def declared(header):
    source = DEFINE.sub('', without_comments(pathlib.Path(header).read_text(encoding='utf-8')))
    return PROTOTYPE.findall(source)


def exported(library):
    run = subprocess.run(['nm', '-D', '--defined-only', library], stdout=subprocess.PIPE,
                         text=True, check=True)
    return {line.split()[-1].split('@')[0] for line in run.stdout.splitlines()}


def main():
    library, headers = sys.argv[1], sys.argv[2:]
    symbols = exported(library)
    owner = {name: pathlib.Path(h).name for h in headers for name in declared(h)}
    tap = Tap()
    tap.check('exported names begin with moe_ and are not internal',
              [name for name in sorted(symbols) if not re.fullmatch(r'moe_(?!_)\w+', name)])
    tap.check('what the headers declare is exported',
              [f'{owner[name]}: {name}' for name in sorted(set(owner) - symbols)])
    tap.check('what is exported is declared in a header', sorted(symbols - set(owner)))
    tap.done()


if __name__ == '__main__':
    main()
