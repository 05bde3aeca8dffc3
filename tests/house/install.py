#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs into a temporary folder, and builds and runs a program against what stands there.

usage: install.py SOURCE-ROOT BUILD-ROOT PREFIX VERSION BLAS COMPILER…

BLAS is the file of OpenBLAS that the build found; without a folder it is the system's own choice.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

from common import Tap

PROGRAM = r'''
#include <moescope/base.h>
#include <stdio.h>
int main(void)
{
    moe_init();
    return puts(moe_version()) < 0;
}
'''

PLUGIN = r'''
#include <moescope/plugin.h>
static MoeTensor *score(MoeRouting *routing, void *state)
{
    int64_t shape[] = {moe_tensor_rows(routing->units), moe_layer_experts(routing->layer)};
    return moe_tensor_zeros(moe_tape_arena(routing->context->tape), 2, shape);
}
static const MoePart part = {
    .struct_size = sizeof(MoePart), .place = MOE_PLACE_SCORE, .name = "stranger",
    .help = "scores that are all alike", .score = score,
};
static const MoePart *const parts[] = {&part};
MOE_PLUGIN = {
    .struct_size = sizeof(MoePlugin), .name = "stranger", .version = "1", .help = "from afar",
    .parts = parts, .n_parts = 1,
};
'''


def run(command, env=None, text=None):
    """(output, complaints) of a command; no complaints if it succeeded."""
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, **(env or {})), text=True, check=False)
    trouble = [f'{command[0]} ended with {done.returncode}', *done.stderr.splitlines()]
    return done.stdout, trouble if done.returncode else []


def flags(destination, pkgconfig):
    """What pkg-config says to compile and link with. It puts the sysroot before all folders; those
    that aren't in it (GLib's) are the system's."""
    out, complaints = run(['pkg-config', '--cflags', '--libs', 'moescope'],
                          {'PKG_CONFIG_PATH': str(pkgconfig),
                           'PKG_CONFIG_SYSROOT_DIR': str(destination)})
    words = []
    for word in out.split():
        option, folder = word[:2], word[2:]
        if option in {'-I', '-L'} and not os.path.isdir(folder):
            folder = folder.removeprefix(str(destination))
        words.append(option + folder)
    return words, complaints


def find(destination, pattern):
    found = sorted(destination.rglob(pattern))
    return found[0] if found else destination / pattern


def check_program(tap, destination, version, compiler):
    """The program that a user of the library would write."""
    library = find(destination, 'libmoescope.so').parent
    words, complaints = flags(destination, find(destination, 'moescope.pc').parent)
    tap.check('pkg-config finds moescope', complaints)
    program = str(destination / 'program')
    _, complaints = run([*compiler, '-xc', '-', '-xnone', '-o', program, *words], text=PROGRAM)
    tap.check('a program builds against it', complaints)
    out, complaints = run([program], {'LD_LIBRARY_PATH': str(library)})
    if out.strip() != version:
        complaints.append(f'printed "{out.strip()}", expected "{version}"')
    tap.check('and runs, and prints the version', complaints)


def check_plugins(tap, destination, compiler):
    """The shipped ones are found where the tree was installed, wherever that is; and one that a
    stranger built against what is installed fits."""
    words, _ = flags(destination, find(destination, 'moescope.pc').parent)
    env = {'LD_LIBRARY_PATH': str(find(destination, 'libmoescope.so').parent)}
    moescope = str(find(destination, 'bin/moescope'))
    out, complaints = run([moescope, 'plugins'], env)
    shipped = {'hash', 'loss-free', 'expert-choice'}
    found = {line.split()[0] for line in out.splitlines()
             if len(line.split()) > 1 and line.split()[-1].startswith(str(destination))}
    complaints += [f'{name} is not loaded from what is installed'
                   for name in sorted(shipped - found)]
    tap.check('the installed program loads the installed plugins', complaints)

    plugin = destination / 'moescope-stranger.so'
    _, complaints = run([*compiler, '-shared', '-fPIC', '-xc', '-', '-xnone', '-o', str(plugin),
                         *words], text=PLUGIN)
    tap.check('a plugin builds against the installed headers', complaints)
    out, complaints = run([moescope, 'plugins', str(plugin)], env)
    if 'score stranger' not in out:
        complaints.append(f'printed "{out.strip()}"')
    tap.check('and loads', complaints)


def check_blas(tap, destination, library):
    """The installed library must not be at the mercy of what else provides libopenblas.so.0; and
    only what computes products has it loaded."""
    env = dict(os.environ, LD_LIBRARY_PATH=str(find(destination, 'libmoescope.so').parent),
               LD_DEBUG='files')
    moescope = str(find(destination, 'bin/moescope'))
    for name, arguments, wanted in [
            ('it loads the OpenBLAS that it was built with', ['--version'], True),
            ('and none where there is no product to compute', ['figures'], False)]:
        if not library.startswith('/'):
            tap.skip(name, 'the system chooses OpenBLAS')
            continue
        done = subprocess.run([moescope, *arguments], capture_output=True, text=True, env=env,
                              check=False)
        lines = [line for line in done.stderr.splitlines() if 'libopenblas' in line]
        good = any(library in line for line in lines) if wanted else not lines
        tap.check(name, [] if good and done.returncode == 0
                  else [f'expected {library if wanted else "nothing"} to be loaded', *lines[:4]])


def main():
    source, build, prefix, version, blas, *compiler = sys.argv[1:]
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='moescope-install-') as folder:
        destination = pathlib.Path(folder)
        _, complaints = run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet',
                             '--destdir', folder])
        tap.check('meson install', complaints)
        wanted = {h.name for h in pathlib.Path(source, 'core/include/moescope').glob('*.h')}
        there = {h.name for h in pathlib.Path(folder + prefix, 'include/moescope').glob('*.h')}
        tap.check('the public headers are installed, and no others',
                  [f'{name}: in one place only' for name in sorted(wanted ^ there)])
        pages = ('man1/moescope.1', 'bash-completion/completions/moescope',
                 'site-functions/_moescope')
        tap.check('the manual page and completions are installed',
                  [f'{page} is not' for page in pages if not find(destination, page).is_file()])
        check_program(tap, destination, version, compiler)
        check_plugins(tap, destination, compiler)
        check_blas(tap, destination, blas)
    tap.done()


if __name__ == '__main__':
    main()
