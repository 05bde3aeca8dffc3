#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks samples/python/moescope_recorder.py: its writer with numpy alone, its hooks on a small MoE
model of torch's own modules; what comes out is read by `moescope` and by numpy.load().

usage: recorder.py SAMPLES-FOLDER COMMON-FOLDER; MOESCOPE_PROGRAM names the program, MOESCOPE_PYTHON
another Python that has numpy and torch.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import warnings
import zipfile

other = os.environ.pop('MOESCOPE_PYTHON', None)
if other:
    os.execv(other, [other, '-B', *sys.argv])
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from common import Tap  # noqa: E402

try:
    import numpy as np
    from moescope_recorder import Recorder, TraceWriter, grouped_rule
except ImportError as missing:
    print(f'1..0 # SKIP {missing}')
    sys.exit(0)
try:
    import torch
    from torch import nn
except ImportError:
    torch = None


def moescope(*arguments):
    run = subprocess.run([os.environ['MOESCOPE_PROGRAM'], *map(str, arguments)],
                         capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def expect(name, found, expected):
    """A complaint unless they are equal."""
    same = np.array_equal(found, expected) if isinstance(found, np.ndarray) else found == expected
    return [] if same else [f'{name}: found {found!r}, expected {expected!r}']


def expect_error(part, function):
    try:
        function()
    except ValueError as error:
        return [] if part in str(error) else [f'found "{error}", expected "{part}"']
    return [f'found no error, expected "{part}"']


# --- The writer -------------------------------------------------------------------------------------

INFO = {'layer': 3, 'experts': 300, 'k': 2, 'gates_sum_to_one': True, 'score': 'softmax',
        'select': 'top-k', 'gate': 'renormalised'}


def rows(n):
    """n tokens of a router with 300 experts: ids need 16 bits."""
    t = np.arange(n)
    expert = np.stack([t % 300, np.where(t % 5, (t + 1) % 300, -1)], 1)
    gate = np.stack([0.75 + 0 * t, np.where(t % 5, 0.25, 0)], 1)
    return {'id': t + 7, 'doc': t // 10, 'pos': t % 10, 'domain': t % 2 - 1}, \
        [{'expert': expert, 'gate': gate}]


def check_writer(path):
    writer = TraceWriter(path, [INFO], ['prose'], {'model': 'tiny'}, chunk_tokens=25)
    for _ in range(3):
        writer.append(*rows(20))
    before = path.exists()
    writer.close()
    trace = np.load(path)
    found = np.concatenate([trace[f'picks/{c}.r000.expert'] for c in ('00000', '00001')], 1)
    wanted = np.tile(np.where(rows(20)[1][0]['expert'] < 0, 65535, rows(20)[1][0]['expert']).T, 3)
    info = moescope('info', '--json', path)
    return [*expect('there before it was whole', before, False), *expect('experts', found, wanted),
            *expect('type', trace['picks/00000.r000.gate'].dtype, np.float16),
            *expect('ids', trace['tokens/00001.id'], rows(20)[0]['id']),
            *expect('info', '"complete": true' in info and '"tokens": 60' in info
                    and '"chunks": 2' in info, True), *expect('parts', len(os.listdir(path.parent)), 1)]


def check_refused(path):
    writer = TraceWriter(path, [INFO], ['prose'])
    tokens, picks = rows(20)
    complaints = [
        *expect_error('found expert 0 … 300, expected -1 … 299',
                      lambda: writer.append({'id': [1]}, [{'expert': [[300, 0]]}])),
        *expect_error('router 0: gate: found shape (20, 1), expected (20, 2)',
                      lambda: writer.append(tokens, [{**picks[0], 'gate': np.ones((20, 1))}])),
        *expect_error('pos: found shape (3,), expected (20,)',
                      lambda: writer.append({**tokens, 'pos': [1, 2, 3]}, picks)),
        *expect_error('found domain -1 … 1, expected -1 … 0',
                      lambda: writer.append({**tokens, 'domain': np.arange(20) % 3 - 1}, picks))]
    writer.append(tokens, picks)
    complaints += expect_error('the batch brings other columns',
                               lambda: writer.append({'id': tokens['id']}, picks))
    writer.discard()
    return complaints + expect('left over', path.exists(), False)


# --- The recorder -----------------------------------------------------------------------------------

EXPERTS, K, WIDTH = 8, 2, 16


def make_model(score='softmax'):
    """Two layers of experts behind a gate each, after Mixtral; one gate that routes nothing."""
    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate = nn.Linear(WIDTH, EXPERTS, bias=False)
            self.shared_expert_gate = nn.Linear(WIDTH, 1)
            self.experts = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(EXPERTS))

        def forward(self, x):
            flat = x.reshape(-1, WIDTH)
            z = self.gate(flat)
            gates, self.picks = (z.softmax(-1) if score == 'softmax' else z.sigmoid()).topk(K)
            self.gates = gates / gates.sum(-1, keepdim=True)
            y = sum(self.gates[:, [s]] * torch.stack(
                [self.experts[e](row) for e, row in zip(self.picks[:, s].tolist(), flat)])
                for s in range(K))
            return x + y.reshape(x.shape) * self.shared_expert_gate(x).sigmoid()

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(50, WIDTH)
            self.layers = nn.ModuleList(Experts() for _ in range(2))

        def forward(self, input_ids, attention_mask=None):
            x = self.embed(input_ids)
            for layer in self.layers:
                x = layer(x)
            return x

    torch.manual_seed(1)
    return Model()


def check_recorder(path):
    model = make_model()
    ids = torch.arange(10).reshape(2, 5)
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])  # padded on the left
    with Recorder(model, path, experts=EXPERTS, k=K, score='softmax', normalise=True, logits=True,
                  domains=['code', 'prose']) as trace:
        trace.domain = ['prose', 'code']
        model(ids, attention_mask=mask)
        picks, gates = model.layers[1].picks, model.layers[1].gates
        trace.domain = 'code'
        model(input_ids=ids + 20)
    found = np.load(path)
    keep = mask.reshape(-1).bool()
    info, check = moescope('info', '--json', path), moescope('check', path)
    return [
        *expect('ids', found['tokens/00000.id'][:8], ids.reshape(-1)[keep].numpy()),
        *expect('doc', found['tokens/00000.doc'], np.repeat([0, 1, 2, 3], [5, 3, 5, 5])),
        *expect('pos', found['tokens/00000.pos'][:8], np.array([0, 1, 2, 3, 4, 0, 1, 2])),
        *expect('domain', found['tokens/00000.domain'], np.repeat([1, 0], [5, 13])),
        *expect('picks', found['picks/00000.r001.expert'].T[:8], picks[keep].numpy()),
        *expect('gates', found['picks/00000.r001.gate'].T[:8],
                gates[keep].detach().numpy().astype(np.float16)),
        *expect('logits', found['picks/00000.r000.logits'].shape, (18, EXPERTS)),
        *expect('hooks left', [len(m._forward_hooks) for m in model.modules() if m._forward_hooks], []),
        *expect('info', '"tokens": 18' in info and '"block": 1' in info, True),
        *([check] if 'error' in check else [])]


def check_cached(path):
    """A router that gives its picks itself; a pass that goes on with a cache of three tokens."""
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.router = nn.Module()
            self.router.forward = lambda n: (torch.full((n, K), 0.5), torch.tensor([[4, 1]] * n))

        def forward(self, input_ids, past_key_values=None):
            return self.router(input_ids.numel())

    model = Model()
    past = [(torch.zeros(2, 1, 3, 4), torch.zeros(2, 1, 3, 4))]
    with Recorder(model, path, experts=EXPERTS, k=K) as trace:
        model(torch.zeros(2, 3, dtype=torch.long))
        model(torch.zeros(2, 1, dtype=torch.long), past_key_values=past)
    found = np.load(path)
    return [*expect('doc', found['tokens/00000.doc'], np.array([0, 0, 0, 1, 1, 1, 0, 1])),
            *expect('pos', found['tokens/00000.pos'], np.array([0, 1, 2, 0, 1, 2, 3, 3])),
            *expect('picks', found['picks/00000.r000.expert'][:, 7], np.array([1, 4])),
            *expect('tokens', trace.tokens, 8)]


class Cache:
    """As those of transformers: it grows during the pass."""
    def __init__(self):
        self.length = 0

    def get_seq_length(self):
        return self.length


def own_picks(_, x):
    return x.new_full((len(x), K), 0.5), torch.tensor([[4, 1]] * len(x))


def make_caching():
    """A model that adds its tokens to the cache; its router gives its picks itself."""
    model = make_routed('new', own_picks)

    def grow(_, args, kwargs, output):
        kwargs['past_key_values'].length += args[0].shape[1]
    model.register_forward_hook(grow, with_kwargs=True)
    return model


def check_own_loop(path):
    """Documents decoded one by one with a cache and no mask: a first pass of three, two of one."""
    model = make_caching()
    with Recorder(model, path):
        for _ in range(2):
            cache = Cache()
            for n in (3, 1, 1):
                model(torch.zeros(1, n, dtype=torch.long), past_key_values=cache)
    found = np.load(path)
    return [*expect('doc', found['tokens/00000.doc'], np.repeat([0, 1], 5)),
            *expect('pos', found['tokens/00000.pos'], np.tile(np.arange(5), 2))]


def check_no_cache(path):
    """generate(use_cache=False): each pass comes with all the text; the last one is another's, which
    says of no cache."""
    model = make_routed('new', own_picks)
    ids, mask = torch.arange(8).reshape(2, 4), torch.tensor([[0, 1, 1, 1], [1, 1, 1, 1]])
    with Recorder(model, path):
        for n in (2, 3, 4):
            model(ids[:, :n], attention_mask=mask[:, :n], use_cache=False)
        model(torch.zeros(2, 5, dtype=torch.long), use_cache=False)
        model(torch.zeros(2, 6, dtype=torch.long))
    found = np.load(path)
    return [*expect('id', found['tokens/00000.id'][:7], np.array([1, 4, 5, 2, 6, 3, 7])),
            *expect('doc', found['tokens/00000.doc'],
                    np.concatenate([[0, 1, 1, 0, 1, 0, 1], np.repeat([2, 3, 4, 5], [5, 5, 6, 6])])),
            *expect('pos', found['tokens/00000.pos'][:12],
                    np.array([0, 0, 1, 1, 2, 2, 3, 0, 1, 2, 3, 4]))]


def check_ways_in(path):
    """A compiled model, whose hooks are compiled with it, gives what it gave before; one that is
    called in another way gives a warning."""
    model = make_routed('new', own_picks).eval()
    try:
        compiled = torch.compile(model.__call__, backend='eager')
    except RuntimeError:  # not every Python has that
        compiled = model
    ids, mask = torch.arange(8).reshape(2, 4), torch.tensor([[0, 1, 1, 1], [1, 1, 1, 1]])
    with torch.no_grad(), Recorder(model, path):
        compiled(ids, attention_mask=mask)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            model.forward(ids)
    found = np.load(path)
    return [*expect('pos', found['tokens/00000.pos'], np.array([0, 1, 2, 0, 1, 2, 3])),
            *expect('warnings', ['not recorded' in str(one.message) for one in caught], [True])]


def check_wide_masks(path):
    """A row padded on the left, one on the right, one full, and a pass that goes on with their
    cache of 6 keys, by masks of who attends to whom: true or false, added to scores, a dict of
    them, and one in which rows of padding attend to everything."""
    tokens = torch.tensor([[0, 0, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]).bool()
    keys = torch.cat([tokens, torch.ones(3, 2, dtype=torch.bool)], 1)
    causal = (torch.arange(6) <= torch.arange(5).unsqueeze(1)) & keys.unsqueeze(1)
    added = torch.zeros(causal.shape).masked_fill(~causal, torch.finfo(torch.float32).min)
    ways = {'bool': causal, 'added': added, 'dict': causal, 'open': causal | ~causal.any(-1, True)}
    complaints = []
    for way, mask in ways.items():
        model, cache = make_caching(), Cache()
        with Recorder(model, path):
            for first, last in ((0, 4), (4, 5)):
                part = mask[:, None, first:last]
                part = {'sliding': part[..., :5], 'full_attention': part} if way == 'dict' else part
                model(torch.arange(first, last).repeat(3, 1), attention_mask=part,
                      past_key_values=cache)
        found = np.load(path)
        for name, wanted in [('id', [2, 3, 0, 1, 2, 0, 1, 2, 3, 4, 4, 4]),
                             ('doc', [0, 0, 1, 1, 1, 2, 2, 2, 2, 0, 1, 2]),
                             ('pos', [0, 1, 0, 1, 2, 0, 1, 2, 3, 2, 3, 4])]:
            complaints += expect(f'{way}: {name}', found[f'tokens/00000.{name}'], np.array(wanted))

    def record(mask):
        with Recorder(model, path):
            model(torch.zeros(1, 2, dtype=torch.long), attention_mask=mask, past_key_values=cache)
    return [*complaints, *expect_error('does not tell padding from tokens', lambda: record(cache)),
            *expect_error('found attention_mask of torch.Size([1, 2, 2])',
                          lambda: record(torch.ones(1, 2, 2)))]


def check_interrupted(path):
    """What was recorded before an exception stays; the exception goes on."""
    model = make_model('sigmoid')
    try:
        with Recorder(model, path, experts=EXPERTS, k=K, score='sigmoid', normalise=True):
            model(torch.zeros(1, 3, dtype=torch.long))
            model(torch.full((1, 3), 99))  # an id that the model doesn't have
    except IndexError:
        found = np.load(path)
        return [*expect('ids', found['tokens/00000.id'], np.zeros(3, np.int32)),
                *expect('info', '"complete": true' in moescope('info', '--json', path), True)]
    return ['found no error']


def check_grouped(path):
    """DeepSeek-V3's rule against loops: of 4 groups of 3 experts the 2 with the best pairs."""
    class Config:
        n_group, topk_group, norm_topk_prob, routed_scaling_factor = 4, 2, True, 2.5

    torch.manual_seed(3)
    gate = nn.Module()
    gate.e_score_correction_bias = torch.randn(12)
    logits = torch.randn(40, 12)
    experts, gates = grouped_rule(Config)(gate, logits, 4)
    complaints = []
    for t, scores in enumerate(logits.sigmoid().tolist()):
        choice = [s + b for s, b in zip(scores, gate.e_score_correction_bias.tolist())]
        best = sorted(range(4), key=lambda g: -sum(sorted(choice[3 * g:3 * g + 3])[1:]))[:2]
        picks = sorted((e for e in range(12) if e // 3 in best), key=lambda e: -choice[e])[:4]
        total = sum(scores[e] for e in picks)
        complaints += expect(f'picks of {t}', experts[t].tolist(), picks)
        if not np.allclose(gates[t].tolist(), [2.5 * scores[e] / total for e in picks], atol=1e-6):
            complaints.append(f'gates of {t}: found {gates[t].tolist()}')
    return complaints


def make_routed(kind, router, **config):
    """A model of that type of transformers, of one router: a module, or its forward(x)."""
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.router = router if isinstance(router, nn.Module) else nn.Linear(WIDTH, EXPERTS)
            if router is not self.router:
                self.router.forward = lambda x: router(self.router, x)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.layers = nn.Embedding(50, WIDTH), nn.ModuleList([Layer()])
            self.config = types.SimpleNamespace(**{'model_type': kind, 'num_experts_per_tok': K,
                                                   'num_local_experts': EXPERTS, **config})

        def forward(self, input_ids, attention_mask=None, past_key_values=None, use_cache=None):
            self.seen = self.embed(input_ids).reshape(-1, WIDTH)
            return self.layers[0].router(self.seen)

    torch.manual_seed(2)
    return Model()


def check_scattered(path):
    """Routers that scatter the scores of their picks over all experts, as transformers has them:
    Llama 4 gives the logits after them, GPT-OSS (4.57) its picks, but no logits."""
    def llama4(gate, x):
        logits = nn.functional.linear(x, gate.weight, gate.bias)
        best, picks = logits.topk(K)
        return torch.full_like(logits, float('-inf')).scatter_(1, picks, best).sigmoid(), logits

    def gpt_oss(gate, x):
        logits = nn.functional.linear(x, gate.weight, gate.bias)
        best, picks = logits.topk(K)
        return torch.zeros_like(logits).scatter_(1, picks, best.softmax(-1)), picks

    complaints = []
    for kind, router, score in [('llama4_text', llama4, torch.Tensor.sigmoid),
                                ('gpt_oss', gpt_oss, lambda best: best.softmax(-1))]:
        model = make_routed(kind, router)
        with torch.no_grad(), Recorder(model, path, logits=True):
            model(torch.arange(9).reshape(1, 9))
            gate = model.layers[0].router
            logits = nn.functional.linear(model.seen, gate.weight, gate.bias)
        found, (best, picks) = np.load(path), logits.topk(K)
        complaints += expect(f'{kind}: picks', found['picks/00000.r000.expert'].T, picks.numpy())
        for name, wanted in [('logits', logits), ('gate', score(best).T)]:
            column = found[f'picks/00000.r000.{name}']
            if not np.allclose(column, wanted.numpy(), atol=2e-3):
                complaints.append(f'{kind}: {name}: found {column[0]}, expected {wanted[0]}')
    model = make_routed('new', gpt_oss)

    def record():
        with Recorder(model, path, logits=True):
            model(torch.zeros(1, 2, dtype=torch.long))
    return complaints + expect_error('layers.0.router: found picks, but no logits of 8 experts', record)


def check_rules(path):
    """What goes down as the rule: of types that are known, of others, of what the caller says."""
    deepseek = {'n_group': 4, 'topk_group': 2, 'norm_topk_prob': True, 'routed_scaling_factor': 2.5}
    dbrx = {'num_local_experts': None, 'num_experts_per_tok': None, 'ffn_config': types.SimpleNamespace(
        moe_num_experts=EXPERTS, moe_top_k=K, moe_normalize_expert_weights=1)}
    told, ruled = {}, {'score': 'sigmoid', 'normalise': True}
    complaints = []
    for kind, router, config, options, wanted in [
            ('deepseek_v32', own_picks, deepseek, told, ('sigmoid', 'group-limited', 'score')),
            ('glm_moe_dsa', own_picks, deepseek, told, ('sigmoid', 'group-limited', 'score')),
            ('dbrx', nn.Linear(WIDTH, EXPERTS), dbrx, told, ('softmax', 'top-k', 'renormalised')),
            ('jamba', own_picks, {}, told, ('softmax', 'top-k', 'score')),
            ('qwen3_5_moe_text', own_picks, {}, told, ('softmax', 'top-k', 'renormalised')),
            ('new', own_picks, deepseek, told, ('unknown', 'unknown', 'unknown')),
            ('new', own_picks, deepseek, ruled, ('sigmoid', 'unknown', 'renormalised')),
            ('new', nn.Linear(WIDTH, EXPERTS), {}, ruled, ('sigmoid', 'top-k', 'renormalised'))]:
        model = make_routed(kind, router, **config)
        with Recorder(model, path, **options):
            model(torch.zeros(1, 3, dtype=torch.long))
        with zipfile.ZipFile(path) as archive:
            info = json.loads(archive.read('meta.json'))['routers'][0]
        complaints += expect(kind, (info['score'], info['select'], info['gate']), wanted)
    return complaints


def check_nested(path):
    """AFMoE's router: it has a gate of its own for its logits, and tells its picks itself."""
    class Router(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate = nn.Linear(WIDTH, EXPERTS)

        def forward(self, x):
            scores = self.gate(x).sigmoid()
            picks = (scores + torch.arange(EXPERTS)).topk(K).indices  # a bias chooses
            return self.gate(x), scores.gather(-1, picks), picks

    complaints = []
    for options in ({}, {'score': 'sigmoid', 'normalise': True}):
        model = make_routed('new', Router())
        with Recorder(model, path, **options):
            model(torch.arange(9).reshape(1, 9))
        found = np.load(path)
        complaints += expect('routers', sum('.expert' in name for name in found.files), 1)
        complaints += expect('picks', np.sort(found['picks/00000.r000.expert'].T),
                             np.tile([EXPERTS - 2, EXPERTS - 1], (9, 1)))
    return complaints


def check_complaints(path):
    def record(model=None, **options):
        model = model or make_model()
        with Recorder(model, path, **{'experts': EXPERTS, 'k': K, **options}):
            model(torch.zeros(1, 2, dtype=torch.long))
    ruled = {'score': 'softmax', 'normalise': True}
    return [
        *expect_error('give experts= and k=', lambda: record(k=None)),
        *expect_error('nothing says how the model chooses', record),
        *expect_error("found score='softmax', normalise=None", lambda: record(score='softmax')),
        *expect_error('no module has a name', lambda: record(nn.Linear(2, 2))),
        *expect_error('none of 4 modules gave', lambda: record(experts=9, **ruled)),
        *expect_error("found domain 'x' for 1 rows", lambda: record_domain(path, ruled)),
        *expect('left over', path.exists(), False)]


def record_domain(path, ruled):
    model = make_model()
    with Recorder(model, path, experts=EXPERTS, k=K, domains=['a', 'b'], **ruled) as trace:
        trace.domain = 'x'
        model(torch.zeros(1, 2, dtype=torch.long))


def main():
    tap = Tap()
    for name, check, needs_torch in [
            ('writer', check_writer, False), ('refused', check_refused, False),
            ('recorder', check_recorder, True), ('cached', check_cached, True),
            ('own loop', check_own_loop, True), ('wide masks', check_wide_masks, True),
            ('no cache', check_no_cache, True), ('ways in', check_ways_in, True),
            ('interrupted', check_interrupted, True), ('grouped', check_grouped, True),
            ('scattered', check_scattered, True), ('rules', check_rules, True),
            ('nested', check_nested, True),
            ('complaints', check_complaints, True)]:
        if needs_torch and not torch:
            tap.skip(name, 'torch is not installed')
            continue
        with tempfile.TemporaryDirectory() as folder:
            tap.check(name, check(pathlib.Path(folder) / 'trace.npz'))
    tap.done()


main()
