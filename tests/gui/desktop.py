#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what the desktop is told of the app, and that its words can be translated.

usage: desktop.py ROOT
"""
import configparser
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

APP = 'org.moescope.Moescope'
count = 0


def check(name, complaints):
    global count
    count += 1
    print(f"{'not ok' if complaints else 'ok'} {count} {name}")
    for line in complaints:
        print(f'{name}: {line}', file=sys.stderr)


def skip(name, reason):
    global count
    count += 1
    print(f'ok {count} {name} # SKIP {reason}')


def run(name, *command):
    """Passes if the command succeeds; skipped where it isn't installed."""
    if not shutil.which(command[0]):
        skip(name, f'{command[0]} is not installed')
        return
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    check(name, done.stdout.splitlines() if done.returncode else [])


def desktop_entry(data):
    entry = configparser.ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str
    entry.read(data / f'{APP}.desktop')
    entry = entry['Desktop Entry']
    return [f'{key}: found {entry.get(key)}, expected {value}' for key, value in {
        'Type': 'Application', 'Icon': APP, 'Exec': 'moescope-gui %F',
        'MimeType': 'application/vnd.moescope.trace+zip;'}.items() if entry.get(key) != value]


def mime_type(data):
    """The type that is claimed is the one that is defined."""
    root = xml.etree.ElementTree.parse(data / f'{APP}.mime.xml').getroot()
    types = [element.get('type') for element in root]
    return [] if types == ['application/vnd.moescope.trace+zip'] else [f'found {types}']


def translatable(gui):
    """Files with words for readers that POTFILES doesn't list, and the other way round."""
    listed = {line for line in (gui / 'po/POTFILES').read_text().splitlines()
              if line and not line.startswith('#')}
    marked = {f'gui/{path.relative_to(gui)}' for path in sorted(gui.glob('*.c'))
              if re.search(r'\bN?_\(|ngettext\(', path.read_text())}
    marked |= {f'gui/{path.relative_to(gui)}' for path in sorted(gui.glob('ui/*.ui'))
               if 'translatable="yes"' in path.read_text()}
    return [f'{name} is not in POTFILES' for name in sorted(marked - listed)] + \
        [f'{name} in POTFILES has no such words' for name in sorted(listed - marked)]


def unmarked(gui):
    """Words that go straight to a widget, and properties of templates, without being marked."""
    setters = 'label|text|markup|title|tooltip_text|empty|placeholder_text'
    shown = re.compile(r'(?:gtk_(?:label|button)_new(?:_with_\w+)?|heading_new|(?<!state)_set_(?:' + setters +
                       r'))\((?:[^;"]*, )?"([^"]*[A-Za-z]{2}[^"]*)"')
    template = re.compile(r'<(?:property|attribute) name="(?:label|title|tooltip-text|'
                          r'placeholder-text)">([^<]*[A-Za-z]{2}[^<]*)<|<item>([^<\n]+)<')
    found = []
    for path in sorted(gui.glob('*.c')):
        found += [f'{path.name}: "{match[1]}"' for match in shown.finditer(path.read_text())]
    for path in sorted(gui.glob('ui/*.ui')):
        found += [f'{path.name}: "{match[1] or match[2]}"'
                  for match in template.finditer(path.read_text())
                  if (match[1] or match[2]) != 'moescope']
    return [f'{words} isn’t marked' for words in found]


def extracted(root):
    """xgettext reads all that is marked, and has nothing to complain about."""
    if not shutil.which('xgettext'):
        skip('xgettext', 'it is not installed')
        return
    done = subprocess.run(['xgettext', '--files-from=gui/po/POTFILES', '--from-code=UTF-8', '-k_',
                           '-kN_', '-kngettext:1,2', '-o', '-'], cwd=root, capture_output=True,
                          text=True, check=False)
    some = re.findall(r'^msgid ".+"', done.stdout, re.M)
    check('xgettext', done.stderr.splitlines() + ([] if len(some) > 200 else ['too few words']))


def icons(gui):
    """Every icon of ours that is named exists."""
    named = set()
    for path in [*gui.glob('*.c'), *gui.glob('ui/*.ui')]:
        named |= set(re.findall(r'scope-[a-z-]+-symbolic', path.read_text()))
    return [f'{name} is missing' for name in sorted(named)
            if not (gui / f'icons/{name}.svg').exists()]


def main():
    gui = pathlib.Path(sys.argv[1]) / 'gui'
    data = gui / 'data'
    check('the desktop entry', desktop_entry(data))
    check('the type of traces', mime_type(data))
    check('words for translators are listed', translatable(gui))
    check('words are marked', unmarked(gui))
    extracted(sys.argv[1])
    check('icons are there', icons(gui))
    run('desktop-file-validate', 'desktop-file-validate', data / f'{APP}.desktop')
    run('appstreamcli validate', 'appstreamcli', 'validate', '--no-net',
        data / f'{APP}.metainfo.xml')
    run('the man page', 'groff', '-man', '-t', '-Tutf8', '-ww', '-z', data / 'moescope-gui.1')
    print(f'1..{count}', flush=True)


if __name__ == '__main__':
    main()
