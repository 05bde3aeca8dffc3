#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each public header compiles alone, strictly: as C17 and, where there is a C++
compiler, as C++17.

usage: headers.py INCLUDE-FOLDER HEADER… -- COMPILER…
"""
import pathlib
import shutil
import subprocess
import sys

from common import Tap

STRICT = ['-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only']


def compile_alone(command, include, header):
    """The compiler's first complaints about a file that includes nothing but `header`."""
    source = f'#include <{header.relative_to(include)}>\n'
    run = subprocess.run(command + STRICT + [f'-I{include}', '-'], input=source, text=True,
                         stderr=subprocess.PIPE, check=False)
    return run.stderr.splitlines()[:10] if run.returncode else []


def main():
    split = sys.argv.index('--')
    include, *headers = [pathlib.Path(p).resolve() for p in sys.argv[1:split]]
    glib = subprocess.run(['pkg-config', '--cflags', 'glib-2.0'], stdout=subprocess.PIPE,
                          text=True, check=True).stdout.split()
    c = [*sys.argv[split + 1:], '-x', 'c', '-std=c17', *glib]
    cxx = shutil.which('g++')
    tap = Tap()
    for header in headers:
        tap.check(f'{header.name} as C17', compile_alone(c, include, header))
        if cxx:
            cxx_command = [cxx, '-x', 'c++', '-std=c++17', *glib]
            tap.check(f'{header.name} as C++17', compile_alone(cxx_command, include, header))
        else:
            tap.skip(f'{header.name} as C++17', 'no g++')
    unlisted = sorted(set((include / 'moescope').glob('*.h')) - set(headers))
    tap.check('every public header is in the list of core/meson.build',
              [f'{path.name} is not' for path in unlisted])
    tap.done()


if __name__ == '__main__':
    main()
