# SPDX-License-Identifier: MIT
"""What the house tests share: TAP lines, and the list of the project's files."""
import fnmatch
import pathlib
import re
import sys


class Tap:
    """Prints one TAP line a check. What was found goes to stderr, which meson shows on failure."""

    def __init__(self):
        self.count = 0

    def check(self, name, complaints):
        """Passes if `complaints` (a list of lines) is empty."""
        self.count += 1
        print(f"{'not ok' if complaints else 'ok'} {self.count} {name}")
        for line in complaints:
            print(f'{name}: {line}', file=sys.stderr)

    def skip(self, name, reason):
        self.count += 1
        print(f'ok {self.count} {name} # SKIP {reason}')

    def done(self):
        print(f'1..{self.count}', flush=True)


def is_ignored(path, is_folder, patterns):
    """Whether a line of .gitignore names `path` (those kinds of lines that ours has)."""
    return any(fnmatch.fnmatch(path.name, pattern.strip('/')) for pattern in patterns
               if (is_folder or not pattern.endswith('/'))
               and (len(path.parts) == 1 or not pattern.startswith('/')))


def project_files(root):
    """Paths of the project's files relative to `root`, sorted, without what .gitignore names.

    Read from the disk and not from git, so that it also works in an unpacked archive."""
    root = pathlib.Path(root)
    patterns = ['/.git', *(root / '.gitignore').read_text().split()]
    found = []

    def walk(folder):
        for entry in sorted(folder.iterdir()):
            path, is_folder = entry.relative_to(root), entry.is_dir() and not entry.is_symlink()
            if is_ignored(path, is_folder, patterns):
                continue
            if is_folder:
                walk(entry)
            else:
                found.append(path)

    walk(root)
    return found


def without_comments(source):
    """C source without its comments; what is left keeps its line numbers."""
    return re.sub(r'/\*.*?\*/|//[^\n]*', lambda m: '\n' * m[0].count('\n'), source, flags=re.DOTALL)
