#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What bench-analysis does, in numpy as a careful user writes it: whole columns at a time.

usage: analysis.py FINAL EARLY

Prints `name value unit`, tab-separated: milliseconds of reading and of each analysis, their total,
the peak memory, and numbers to hold against bench-analysis's.
"""
import resource
import sys
import time

import numpy as np

TOTAL = 0


def lap(name, work):
    global TOTAL
    begin = time.perf_counter()
    result = work()
    spent = 1e3 * (time.perf_counter() - begin)
    TOTAL += spent
    print(f'{name}\t{spent:.6g}\tms')
    return result


def columns(path, what):
    """Columns of all chunks, joined: {'expert': [routers][k, tokens], 'id': [tokens], ...}."""
    with np.load(path) as trace:
        names = [n for n in trace.files if n.startswith(('tokens/', 'picks/'))]
        chunks = sorted({n.split('/')[1][:5] for n in names})
        routers = sorted({n.split('.')[1] for n in names if n.startswith('picks/')})
        found = {}
        for column in what:
            if column in ('expert', 'gate'):
                found[column] = [np.concatenate([trace[f'picks/{c}.{r}.{column}'] for c in chunks],
                                                axis=1) for r in routers]
            else:
                found[column] = np.concatenate([trace[f'tokens/{c}.{column}'] for c in chunks])
    return found


def one_hot(expert, experts, dtype):
    hot = np.zeros((expert.shape[1], experts), dtype)
    np.put_along_axis(hot, expert.T.astype(np.intp), 1, 1)
    return hot


def by_token(id_, picks, experts):
    """Mean over ids seen ten times and more of max_e n_xe / n_x."""
    vocabulary = int(id_.max()) + 1
    index = (id_.astype(np.int64)[None] * experts + picks).ravel()
    count = np.bincount(index, minlength=vocabulary * experts).reshape(vocabulary, experts)
    seen = count.sum(1) / len(picks)
    often = seen >= 10
    return (count.max(1)[often] / seen[often]).mean()


def main(final_path, early_path):
    final = lap('read', lambda: columns(final_path, ['id', 'domain', 'expert', 'gate']))
    early = lap('read.early', lambda: columns(early_path, ['expert']))
    id_, domain, expert, gate = final['id'], final['domain'], final['expert'], final['gate']
    other = early['expert']
    experts, domains = int(max(e.max() for e in expert)) + 1, int(domain.max()) + 1
    k, n = expert[0].shape

    load = lap('load', lambda: [np.bincount(e.ravel(), minlength=experts) for e in expert])
    gates = lap('gates', lambda: [np.bincount(e.ravel(), weights=g.ravel().astype(np.float32),
                                              minlength=experts) for e, g in zip(expert, gate)])

    def coactivation(e):
        hot = one_hot(e, experts, np.float32)
        return hot.T @ hot
    pairs = lap('pairs', lambda: [coactivation(e) for e in expert])

    def overlap(a, b):
        return (one_hot(a, experts, bool) & one_hot(b, experts, bool)).sum() / (n * k)
    shared = lap('saturation8', lambda: [overlap(a, b) for a, b in zip(expert, other)])
    first = lap('saturation1', lambda: [(a[0] == b[0]).mean() for a, b in zip(expert, other)])
    shifted = domain.astype(np.int32) * experts
    by_domain = lap('domain', lambda: [np.bincount((shifted + e).ravel(),
                                                   minlength=domains * experts) for e in expert])
    tokens = lap('tokens', lambda: [by_token(id_, e[:1], experts) for e in expert])
    tokens8 = lap('tokens8', lambda: [by_token(id_, e, experts) for e in expert])
    flow = lap('flow', lambda: [np.bincount(a[0].astype(np.int32) * experts + b[0],
                                            minlength=experts ** 2)
                                for a, b in zip(expert, expert[1:])])
    print(f'total\t{TOTAL:.6g}\tms')
    print(f'peak_rss\t{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.6g}\tMiB')
    checks = {'load': load[1][0], 'gates': gates[1][0], 'domain': by_domain[1][0],
              'pair': pairs[1][0, 1], 'flow': flow[0][0], 'tokens': tokens[1],
              'tokens8': tokens8[1], 'saturation8': shared[1], 'saturation1': first[1]}
    for name, value in checks.items():
        print(f'check.{name}\t{value:.6g}\t')


if __name__ == '__main__':
    main(*sys.argv[1:])
