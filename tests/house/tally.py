#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the closing line of tests/run.sh (tests/support/tally.py): above all that a program that
crashes, or stops short of its plan, can't pass for a success.

usage: tally.py SUPPORT-FOLDER
"""
import json
import sys

from common import Tap

CASES = [
    # what happened, meson's verdict, output, (passed, failed, skipped)
    ('all well', 'OK', '1..2\nok 1 /a\nok 2 /b\n', (2, 0, 0)),
    ('one skipped', 'OK', '1..2\nok 1 /a\nok 2 /b # SKIP no such machine\n', (1, 0, 1)),
    ('one failed', 'FAIL', '1..2\nok 1 /a\nnot ok 2 /b\n', (1, 1, 0)),
    ('all skipped', 'SKIP', '1..0 # SKIP not here\n', (0, 0, 1)),
    ('crashed after a success', 'FAIL', '1..2\nok 1 /a\n', (1, 1, 0)),
    ('stopped short of its plan', 'ERROR', '1..3\nok 1 /a\nok 2 /b\n', (2, 1, 0)),
    ('leaked at the end', 'ERROR', '1..1\nok 1 /a\n', (1, 1, 0)),
    ('ran too long', 'TIMEOUT', '', (0, 1, 0)),
    ('an unfinished test', 'OK', '1..1\nnot ok 1 /a # TODO one day\n', (0, 1, 0)),
    ('a program without subtests', 'OK', '', (1, 0, 0)),
    ('such a program, failing', 'FAIL', '', (0, 1, 0)),
    ('output that only looks like a result', 'OK', 'okay\n# ok 1\nok 1 /a\n1..1\n', (1, 0, 0)),
]


def main():
    sys.path.insert(0, sys.argv[1])
    import tally  # the script under test; its folder comes from the build
    tap = Tap()
    for name, result, stdout, expected in CASES:
        line = json.dumps({'name': name, 'result': result, 'stdout': stdout})
        sums, _ = tally.tally([line])
        found = tuple(sums)
        tap.check(name, [] if found == expected else [f'found {found}, expected {expected}'])
    tap.done()


if __name__ == '__main__':
    main()
