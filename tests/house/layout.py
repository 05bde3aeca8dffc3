#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the layout of the tree: names, sizes, READMEs, and that rooms only look left.

usage: layout.py ROOT
"""
import pathlib
import re
import sys

from common import Tap, project_files, without_comments

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 80
TOP_LEVEL = {'core', 'gui', 'cli', 'plugins', 'tests', 'samples', 'meson.build',
             'meson_options.txt', 'README.md', 'LICENSE'}
SOURCE = {'.c', '.h', '.py', '.sh'}
WRITTEN = SOURCE | {'.md', '.build', '.ini', '.txt', '.ui', '.css'}
GIVEN = ('samples/corpus/', 'tests/fixtures/', 'tests/golden/')  # data, not written by hand
# Public headers that don't bear the name of the room that implements them.
HEADER_ROOM = {'archive': 'trace', 'compare': 'stats', 'concordance': 'stats', 'cost': 'moe', 'kinds': 'trace',
               'metrics': 'stats', 'ops': 'tensor', 'recipe': 'base', 'resample': 'stats', 'safetensors': 'nn', 'scene': 'figure',
               'scene-view': 'figure',
               'summary': 'stats', 'tokens': 'stats',
               'token-filter': 'trace', 'token-texts': 'trace', 'trace-tools': 'trace'}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = project_files(root)
        self.written = [f for f in self.files
                        if (f.suffix in WRITTEN or f.name == 'run')
                        and not f.as_posix().startswith(GIVEN)]
        self.sources = [f for f in self.written if f.suffix in SOURCE]
        meson = (self.root / 'core/meson.build').read_text()
        self.rooms = re.findall(r"^subdir\('(\w+)'\)", meson, re.MULTILINE)

    def text(self, path):
        return (self.root / path).read_text(encoding='utf-8')


def top_level(tree):
    names = {f.parts[0] for f in tree.files}
    return [f'{name}: no agreed name for the top level' for name in sorted(names - TOP_LEVEL)
            if not name.startswith('.')]


def readmes(tree):
    homes = {f.parts[0] for f in tree.files if len(f.parts) > 1} & TOP_LEVEL - {'core'}
    homes |= {f'core/{room}' for room in tree.rooms}
    return [f'{home}/README.md is missing' for home in sorted(homes)
            if not (tree.root / home / 'README.md').is_file()]


def rooms_listed(tree):
    folders = {f.parts[1] for f in tree.files if f.parts[0] == 'core' and len(f.parts) > 2}
    return [f'core/{name} is no room of core/meson.build'
            for name in sorted(folders - set(tree.rooms) - {'include'})]


def licences(tree):
    complaints = []
    for path in tree.sources:
        head = tree.text(path).split('\n', 2)
        line = head[1] if head[0].startswith('#!') and len(head) > 1 else head[0]
        if 'SPDX-License-Identifier: MIT' not in line:
            complaints.append(f'{path}: the first line says no SPDX-License-Identifier')
    return complaints


def blanks(tree):
    complaints = []
    for path in tree.written:
        text = tree.text(path)
        for number, line in enumerate(text.split('\n'), 1):
            if line != line.rstrip():
                complaints.append(f'{path}:{number}: blanks at the end of the line')
            if '\t' in line:
                complaints.append(f'{path}:{number}: a tab')
        if text and not text.endswith('\n'):
            complaints.append(f'{path}: no newline at the end')
    return complaints


def file_lengths(tree):
    lengths = [(path, tree.text(path).count('\n')) for path in tree.sources]
    return [f'{path}: {n} lines, at most {MAX_FILE_LINES}' for path, n in lengths
            if n > MAX_FILE_LINES]


def function_lengths(tree):
    """Only functions have a brace alone at the left edge, which the format test holds up."""
    complaints = []
    for path in tree.sources:
        if path.suffix not in {'.c', '.h'}:
            continue
        start = 0
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            if line == '{':
                start = number
            elif line == '}' and start:
                length = number - start + 1
                if length > MAX_FUNCTION_LINES:
                    complaints.append(f'{path}:{start}: a function of {length} lines, '
                                      f'at most {MAX_FUNCTION_LINES}')
                start = 0
    return complaints


def header_room(tree, stem):
    """The room that a public header belongs to; KeyError if that can't be told."""
    room = HEADER_ROOM.get(stem, stem)
    if room not in tree.rooms:
        raise KeyError(f'HEADER_ROOM in tests/house/layout.py knows no room for {stem}.h')
    return room


def home_room(tree, path):
    """The room that a file under core belongs to; None for what stands above the rooms."""
    if path.parts[:2] == ('core', 'include'):
        return header_room(tree, path.stem)
    return path.parts[1] if path.parts[1] in tree.rooms else None


def included_room(tree, home, kind, name):
    """The room that an include in a file of room `home` leads to; None if it leads out of the
    project. KeyError if that can't be told."""
    public = re.fullmatch(r'moescope/(\w+)\.h', name)
    if public:
        return header_room(tree, public[1])
    if kind == '<':
        return None
    room = name.split('/')[0] if '/' in name else home
    if room not in tree.rooms:
        raise KeyError(f'"{name}" is in no room')
    return room


def rooms_look_left(tree):
    complaints = []
    for path in tree.sources:
        if path.parts[0] != 'core':
            continue
        try:
            home = home_room(tree, path)
            if not home:
                continue
            for kind, name in INCLUDE.findall(without_comments(tree.text(path))):
                room = included_room(tree, home, kind, name)
                if room and tree.rooms.index(room) > tree.rooms.index(home):
                    complaints.append(f'{path}: {name} belongs to {room}, right of {home}')
        except KeyError as error:
            complaints.append(f'{path}: {error.args[0]}')
    return complaints


def public_headers_only(tree):
    complaints = []
    for path in tree.sources:
        if path.parts[0] not in {'cli', 'gui', 'plugins'}:
            continue
        for kind, name in INCLUDE.findall(without_comments(tree.text(path))):
            own = kind == '"' and (tree.root / path.parent / name).is_file()
            core = kind == '"' or name.split('/')[0] in tree.rooms
            if core and not own:
                complaints.append(f'{path}: {name}: only <moescope/…> and files of the same folder')
    return complaints


def main():
    tree, tap = Tree(sys.argv[1]), Tap()
    tap.check('top level holds only the agreed names', top_level(tree))
    tap.check('every folder under core is a room', rooms_listed(tree))
    tap.check('every room has a README.md', readmes(tree))
    tap.check('sources begin with their licence', licences(tree))
    tap.check('no trailing blanks, no tabs', blanks(tree))
    tap.check(f'files have at most {MAX_FILE_LINES} lines', file_lengths(tree))
    tap.check(f'functions have at most {MAX_FUNCTION_LINES} lines', function_lengths(tree))
    tap.check('rooms use only rooms to their left', rooms_look_left(tree))
    tap.check('programs and plugins use public headers alone', public_headers_only(tree))
    tap.done()


if __name__ == '__main__':
    main()
