#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the parity program notices what is wrong with a file, says so in a line, goes on to
the others, and ends with 1.

usage: failures.py PARITY FIXTURES-FOLDER
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile


def read(path):
    """The header of a safetensors file and the bytes of its values."""
    data = path.read_bytes()
    size = struct.unpack('<Q', data[:8])[0]
    return json.loads(data[8:8 + size]), data[8 + size:]


def write(path, header, values):
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + values)


def changed(source, path, metadata=(), array=None, value=0.0, rename=None):
    """A copy of a fixture with other __metadata__, one value of an array, or a name changed."""
    header, values = read(source)
    header['__metadata__'].update(metadata)
    if array:
        at = header[array]['data_offsets'][0]
        values = values[:at] + struct.pack('<f', value) + values[at + 4:]
    if rename:
        header[rename[1]] = header.pop(rename[0])
    write(path, header, values)


def damage(fixtures, folder):
    """What each damaged file is called, and what its line, or the one below, has to say."""
    good = fixtures / 'hyperrouter/smoe_b.safetensors'
    heads = fixtures / 'mhmoe/mhmoe_a.safetensors'
    (folder / 'text').write_text('not a safetensors file at all\n')
    (folder / 'empty').write_bytes(b'')
    (folder / 'cut').write_bytes(good.read_bytes()[:-1000])
    (folder / 'list.json').write_text('[1, 2]')
    (folder / 'broken.json').write_text('{"linear_increase:1:2:10": [[0, 1]')
    (folder / 'other-k.json').write_text('{"linear_increase:1:2:10": [[0, 1], [9, 1]]}')
    (folder / 'other-mode.json').write_text('{"sideways:1:2:10": [[0, 1]]}')
    changed(good, folder / 'unknown', {'method': 'of another world'})
    changed(good, folder / 'value', array='y', value=1e3)
    changed(good, folder / 'nan', array='grad.x', value=float('nan'))
    changed(good, folder / 'weight', rename=('experts.htoh4.bias', 'experts.lost'))
    changed(good, folder / 'width', {'d_model': '23'})
    changed(good, folder / 'number', {'top_k': 'two'})
    changed(good, folder / 'boast', {'d_hidden': '1000000'})
    changed(good, folder / 'many', {'top_k': '9'})
    changed(heads, folder / 'heads', {'heads': '3'})
    changed(heads, folder / 'capacity', {'capacity': '23'})
    changed(good, folder / 'more', rename=('entropy', 'enthalpy'))
    return {
        'text': 'text', 'empty': 'empty', 'cut': 'cut', 'list.json': 'no JSON object',
        'broken.json': 'broken.json', 'other-k.json': 'step 9: found 2, expected 1',
        'other-mode.json': 'mode:low:high:steps', 'unknown': 'known family', 'value': 'y[0]: found',
        'nan': 'grad.x[0]: found', 'weight': 'experts.htoh4.bias: not in the file',
        'width': 'x: expected rows of 23', 'number': 'top_k: found two', 'boast': 'claims',
        'many': 'moe.k', 'heads': 'heads.count', 'capacity': 'capacity: found 24, expected 23',
        'more': 'nothing looks at enthalpy',
    }


def main():
    program, fixtures = sys.argv[1], pathlib.Path(sys.argv[2])
    fine = [str(fixtures / 'hyperrouter/smoe_a.safetensors'),
            str(fixtures / 'mhmoe/mhmoe_b.safetensors')]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        expected = damage(fixtures, folder)
        paths = [str(folder / file) for file in expected] + [str(folder / 'not-there')]
        expected['not-there'] = 'not-there'
        run = subprocess.run([program, '--all', fine[0], *paths, fine[1]], capture_output=True,
                             text=True, timeout=100)
    blocks = []  # the lines of each file
    for line in run.stdout.splitlines():
        if line.startswith(('ok', 'FAIL')):
            blocks.append(line)
        else:
            blocks[-1] += '\n' + line
    cases = [('ends with 1', run.returncode == 1, f'ended with {run.returncode}: {run.stderr}'),
             ('a line a file', len(blocks) == len(expected) + 2, run.stdout),
             ('goes on to the last', blocks[-1].startswith('ok'), blocks[-1])]
    for (file, words), block in zip(expected.items(), blocks[1:]):
        cases.append((file, block.startswith('FAIL') and words in block, block))
    print(f'1..{len(cases)}')
    for i, (what, fine, found) in enumerate(cases, 1):
        print('ok' if fine else 'not ok', i, what)
        if not fine:
            print('# ' + found.replace('\n', '\n# '))
    return 0 if all(case[1] for case in cases) else 1


if __name__ == '__main__':
    sys.exit(main())
