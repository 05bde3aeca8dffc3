# SPDX-License-Identifier: MIT
"""Writes two traces as the bare arrays that passes without a container read: `ids.u8` and `early.u8`
[tokens, routers, k], `tok.u32`, `dom.u8` [tokens]. Usage: raw.py FINAL EARLY FOLDER."""

import pathlib
import sys

import numpy as np


def picks(trace, chunks, routers):
    """Experts [tokens, routers, k] of a trace with the same k in every router."""
    columns = ([trace[f'picks/{c:05d}.r{r:03d}.expert'].T for r in range(routers)] for c in range(chunks))
    return np.concatenate([np.stack(column, axis=1) for column in columns]).astype(np.uint8)


def main():
    final, early = (np.load(path) for path in sys.argv[1:3])
    folder = pathlib.Path(sys.argv[3])
    chunks = sum(name.startswith('tokens/') and name.endswith('.id') for name in final.files)
    routers = sum(name.startswith('picks/00000.') and name.endswith('.expert') for name in final.files)
    picks(final, chunks, routers).tofile(folder / 'ids.u8')
    picks(early, chunks, routers).tofile(folder / 'early.u8')
    for column, name, kind in (('id', 'tok.u32', np.uint32), ('domain', 'dom.u8', np.uint8)):
        values = [final[f'tokens/{c:05d}.{column}'] for c in range(chunks)]
        np.concatenate(values).astype(kind).tofile(folder / name)


if __name__ == '__main__':
    main()
