#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that clang-format 14 would leave every C file as it is.

usage: format.py ROOT
"""
import shutil
import subprocess
import sys

from common import Tap, project_files


def clang_format_14():
    """Another release lays some lines out differently, so no other will do."""
    for name in ('clang-format-14', 'clang-format'):
        path = shutil.which(name)
        if path and ' 14.' in subprocess.run([path, '--version'], stdout=subprocess.PIPE,
                                             text=True, check=True).stdout:
            return path
    return None


def main():
    root, tap = sys.argv[1], Tap()
    tool = clang_format_14()
    files = [str(f) for f in project_files(root) if f.suffix in {'.c', '.h'}]
    if not tool:
        tap.skip('clang-format', 'clang-format 14 is not installed')
    else:
        run = subprocess.run([tool, '--dry-run', '-Werror', *files], cwd=root, text=True,
                             stderr=subprocess.PIPE, check=False)
        complaints = [line for line in run.stderr.splitlines() if ' error: ' in line]
        if run.returncode != 0 and not complaints:
            complaints = [run.stderr]
        tap.check('clang-format 14 has nothing to change', complaints)
    tap.done()


if __name__ == '__main__':
    main()
