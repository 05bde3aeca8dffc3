#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up what meson's testlog.json files tell and prints "N passed, N failed, N skipped".

usage: tally.py [--broken N] LOG…

Every subtest of a TAP program counts. meson's own summary counts programs, and its JUnit file
calls a TAP program that crashed or stopped short of its plan a success; so here a program that
meson didn't find in order counts as at least one failure, whatever its lines say; so does a test
that calls itself unfinished (TODO), which meson lets pass. --broken is the number of steps that
failed before tests could run: a failure each.
"""
import argparse
import json
import re
import sys

RESULT = re.compile(r'(not )?ok\b([^#]*)(?:#\s*(\w+))?')
SKIP_ALL = re.compile(r'1\.\.0\s*#\s*skip', re.IGNORECASE)


def count_tap(text):
    """(passed, failed, skipped) of the lines of one TAP program."""
    passed = failed = skipped = 0
    for line in text.splitlines():
        if SKIP_ALL.match(line):
            skipped += 1
            continue
        result = RESULT.match(line)
        if not result:
            continue
        directive = (result[3] or '').lower()
        if directive == 'skip':
            skipped += 1
        elif result[1]:
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped


def count_program(entry):
    """(passed, failed, skipped) of one entry of the log."""
    result = entry['result']
    counts = count_tap(entry.get('stdout') or '')
    if result == 'OK':
        return counts if any(counts) else (1, 0, 0)
    if result == 'SKIP':
        return counts if any(counts) else (0, 0, 1)
    return counts[0], max(counts[1], 1), counts[2]


def tally(lines):
    """The sums over a log, and the names of the programs that weren't in order."""
    sums, bad = [0, 0, 0], []
    for line in lines:
        entry = json.loads(line)
        counts = count_program(entry)
        sums = [a + b for a, b in zip(sums, counts)]
        if counts[1]:
            bad.append(f"{entry['name']} ({entry['result']})")
    return sums, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--broken', type=int, default=0)
    parser.add_argument('logs', nargs='*')
    args = parser.parse_args()
    total = [0, args.broken, 0]
    for path in args.logs:
        with open(path, encoding='utf-8') as log:
            sums, bad = tally(log)
        total = [a + b for a, b in zip(total, sums)]
        for name in bad:
            print(f'failed: {name}, see {path.replace(".json", ".txt")}')
    if args.broken:
        print('failed: the set-up or the build, see above')
    if not any(total):
        print('no test has run: is the name or the suite right?')
    print('{} passed, {} failed, {} skipped'.format(*total))
    return 1 if total[1] or not any(total) else 0


if __name__ == '__main__':
    sys.exit(main())
