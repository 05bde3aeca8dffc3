# SPDX-License-Identifier: MIT
"""Records how a Hugging Face MoE model routes, as a moescope trace.

    from moescope_recorder import Recorder
    with Recorder(model, 'trace.npz') as trace:
        model(**tokenizer(texts, return_tensors='pt', padding=True))

Needs numpy, and PyTorch as far as the model does. While the `with` block lasts, every forward pass
of the model (generate() makes many) adds its tokens: id, document (a row of a batch), position,
domain, and the picks and gates of every router. What the attention mask calls padding is left out,
be it of 2 axes or of 4; a mask that can't be read is an error.
At the end of the block the trace appears under its name, whole; after an exception too, with the
passes that had ended by then.

The file is a zip of .npy columns: moescope reads it, and so does numpy.load(). The layout is
described in core/trace/README.md.
"""
import inspect
import io
import json
import os
import re
import warnings
import zipfile

import numpy as np

SCHEMA = 'moescope.trace/1'
DATE = (1980, 1, 1, 0, 0, 0)  # of all members: the same input gives the same bytes


class TraceWriter:
    """Writes a trace from numpy arrays.

    routers: a dict a router, with `layer`, `experts`, `k`, `gates_sum_to_one` and, where they are
    known, `score`, `select`, `gate`. domains: names. extra: what else meta.json shall say.
    chunk_tokens: this many are gathered in memory before they are written."""

    def __init__(self, path, routers, domains=(), extra=None, chunk_tokens=65536, compression=1):
        self.path = os.fspath(path)
        self.part = f'{self.path}.{os.getpid()}.part'
        self.routers = [{'units_per_token': 1, 'shared': 0, 'causal': True, 'score': 'unknown',
                         'select': 'unknown', 'gate': 'unknown', **router} for router in routers]
        self.domains = list(domains)
        self.chunk_tokens = chunk_tokens
        self.chunk, self.tokens, self.waiting, self.batches = 0, 0, 0, []
        method = zipfile.ZIP_DEFLATED if compression else zipfile.ZIP_STORED
        self.zip = zipfile.ZipFile(self.part, 'w', method, compresslevel=compression or None)
        meta = {'schema': SCHEMA, 'routers': self.routers, 'domains': self.domains, **(extra or {})}
        self._add('meta.json', json.dumps(meta).encode())

    def append(self, tokens, picks):
        """Adds T tokens. `tokens`: id [T] (-1: unknown) and, if there are any, doc, pos, domain [T].
        `picks`: a dict a router with expert [T, k] (best first, -1: none) and, if there are any,
        gate [T, k] and logits [T, E]. Every batch has to bring the same columns."""
        tokens = {name: np.asarray(column) for name, column in tokens.items()}
        picks = [{name: np.asarray(column) for name, column in router.items()} for router in picks]
        n = len(tokens['id'])
        self._check(tokens, picks, n)
        if n == 0:
            return
        self.batches.append((tokens, picks))
        self.waiting += n
        if self.waiting >= self.chunk_tokens:
            self._write_chunk()

    def close(self):
        """Writes what is left, and gives the trace its name."""
        self._write_chunk()
        self.zip.close()
        os.replace(self.part, self.path)

    def discard(self):
        """Leaves nothing behind."""
        self.zip.close()
        os.unlink(self.part)

    def _check(self, tokens, picks, n):
        if len(picks) != len(self.routers):
            raise ValueError(f'found picks of {len(picks)} routers, expected {len(self.routers)}')
        columns = {name: (column, (n,)) for name, column in tokens.items()}
        for r, (router, info) in enumerate(zip(picks, self.routers)):
            k, experts = info['k'], info['experts']
            for name, column in router.items():
                columns[f'router {r}: {name}'] = (column, (n, experts if name == 'logits' else k))
            expert = router['expert']
            if expert.size and not -1 <= expert.min() <= expert.max() < experts:
                raise ValueError(f'router {r}: found expert {expert.min()} … {expert.max()}, '
                                 f'expected -1 … {experts - 1}')
        for name, (column, shape) in columns.items():
            if column.shape != shape:
                raise ValueError(f'{name}: found shape {column.shape}, expected {shape}')
        domain = tokens.get('domain')
        if domain is not None and n and not -1 <= domain.min() <= domain.max() < len(self.domains):
            raise ValueError(f'found domain {domain.min()} … {domain.max()}, expected '
                             f'-1 … {len(self.domains) - 1}')
        if self.batches and not self._alike(self.batches[0], (tokens, picks)):
            raise ValueError('the batch brings other columns than the one before')

    @staticmethod
    def _alike(a, b):
        return a[0].keys() == b[0].keys() and [r.keys() for r in a[1]] == [r.keys() for r in b[1]]

    def _write_chunk(self):
        if not self.batches:
            return
        name = f'{self.chunk:05d}'
        for column in self.batches[0][0]:
            self._add_column(f'tokens/{name}.{column}',
                             [tokens[column] for tokens, _ in self.batches], '<i4')
        for r, info in enumerate(self.routers):
            for column in self.batches[0][1][r]:
                parts = [picks[r][column] for _, picks in self.batches]
                narrow = '|u1' if info['experts'] <= 255 else '<u2'
                # Slots come first on disk; -1 becomes the type's top value.
                self._add_column(f'picks/{name}.r{r:03d}.{column}', parts,
                                 narrow if column == 'expert' else '<f2', column != 'logits')
        self._add(f'chunks/{name}.json',
                  json.dumps({'tokens': self.waiting, 'states': 0}).encode())
        self.tokens += self.waiting
        self.chunk, self.waiting, self.batches = self.chunk + 1, 0, []

    def _add_column(self, name, parts, dtype, slots_first=False):
        array = np.concatenate(parts).astype(dtype)
        out = io.BytesIO()
        array = np.ascontiguousarray(array.T if slots_first else array)
        np.lib.format.write_array(out, array, version=(1, 0), allow_pickle=False)
        self._add(name + '.npy', out.getvalue())

    def _add(self, name, data):
        member = zipfile.ZipInfo(name, DATE)
        member.external_attr = 0o644 << 16
        self.zip.writestr(member, data, self.zip.compression, self.zip.compresslevel)


# --- Rules: from logits [T, E] to the picks and gates [T, k] that the model makes of them ----------

def top_k_rule(score, normalise):
    """The k highest of softmax or sigmoid; `normalise`: the gates are then made to sum to one."""
    def rule(gate, logits, k):
        scores = logits.softmax(-1) if score == 'softmax' else logits.sigmoid()
        gates, experts = scores.topk(k, dim=-1)
        return experts, gates / gates.sum(-1, keepdim=True) if normalise else gates
    return rule


def grouped_rule(config):
    """DeepSeek-V3's: sigmoid scores; a bias that only chooses; groups rated by their two best."""
    def rule(gate, logits, k):
        scores = logits.sigmoid()
        choice = scores + gate.e_score_correction_bias.float()
        groups = choice.unflatten(-1, (config.n_group, -1))
        best = groups.topk(2, dim=-1).values.sum(-1).topk(config.topk_group, dim=-1).indices
        closed = choice.new_ones(groups.shape[:-1]).scatter(-1, best, 0).bool()
        choice = groups.masked_fill(closed.unsqueeze(-1), float('-inf')).flatten(-2)
        experts = choice.topk(k, dim=-1).indices
        gates = scores.gather(-1, experts)
        if config.norm_topk_prob:
            gates = gates / (gates.sum(-1, keepdim=True) + 1e-20)
        return experts, gates * config.routed_scaling_factor
    return rule


# The k highest of a softmax, gates that sum to one (a softmax over the chosen is the same); the same
# where the configuration says whether they do.
RENORMALISED = {'mixtral', 'minimax', 'gpt_oss', 'granitemoe', 'granitemoeshared', 'granitemoehybrid',
                'jetmoe', 'hunyuan_v1_moe', 'qwen3_5_moe_text', 'aria_text', 'granitemoe_swa'}
BY_CONFIGURATION = {'olmoe', 'flex_olmo', 'qwen2_moe', 'qwen3_moe', 'qwen3_next', 'mellum',
                    'qwen3_vl_moe_text', 'jamba'}  # Jamba's says nothing: they don't
# DeepSeek-V3's; with V2's they have gates times routed_scaling_factor.
GROUPED = {'deepseek_v3', 'deepseek_v32', 'glm4_moe', 'glm4_moe_lite', 'glm4v_moe_text', 'glm_moe_dsa',
           'axk1', 'bailing_hybrid', 'exaone_moe', 'hy_v4', 'kimi_linear', 'mimo_v2_flash',
           'nemotron_h', 'solar_open'}
SCALED = GROUPED | {'deepseek_v2', 'dots1'}
LINEAR = SCALED | {'gpt_oss'}  # their logits are the router's weight times what it is given


def kind_of(config):
    return getattr(getattr(config, 'text_config', None) or config, 'model_type', '')


def rule_of(config):
    """(score, normalise, select, rule) of a model of Hugging Face, where its code settles it. The rule
    is None where its routers give their picks themselves."""
    config = getattr(config, 'text_config', None) or config
    kind = kind_of(config)
    normalise = bool(getattr(config, 'norm_topk_prob', False))
    if kind in SCALED:
        summed = normalise and kind != 'deepseek_v2'
        scaled = bool(summed and config.routed_scaling_factor == 1)
        grouped = (getattr(config, 'n_group', 1) or 1) > 1 or kind in GROUPED
        grouped = grouped and getattr(config, 'topk_method', '') != 'greedy'
        return ('softmax' if kind == 'deepseek_v2' else 'sigmoid', scaled,
                'group-limited' if grouped else 'top-k',
                grouped_rule(config) if kind in GROUPED else None)
    if kind in ('llama4', 'llama4_text'):
        return 'sigmoid', False, 'top-k', top_k_rule('sigmoid', False)
    if kind in ('ernie4_5_moe', 'lfm2_moe'):  # a bias chooses too
        score = 'softmax' if kind == 'ernie4_5_moe' else 'sigmoid'
        return score, normalise or kind == 'ernie4_5_moe', 'top-k', None
    norm = getattr(getattr(config, 'ffn_config', None), 'moe_normalize_expert_weights', None)
    if kind not in RENORMALISED | BY_CONFIGURATION and (kind != 'dbrx' or norm not in (1, None)):
        return None
    normalise = normalise or kind in RENORMALISED or norm == 1
    return 'softmax', normalise, 'top-k', top_k_rule('softmax', normalise)


def first_of(config, names):
    """The first of these attributes that the configuration (or its part for text, or DBRX's) has."""
    for part in (config, getattr(config, 'text_config', None), getattr(config, 'ffn_config', None)):
        for name in names:
            if getattr(part, name, None):
                return getattr(part, name)
    return None


class Recorder:
    """Hooks the routers of `model` while the `with` block lasts; see the top of this file.

    Routers are the modules whose name ends with "gate" or "router" and whose output has the number
    of experts as its last axis, or picks; or those for which routers(name, module) is true; of one
    inside another the outer. The configuration says how many experts there are and how many a token
    gets (else: experts, k). A router that gives its picks itself is taken at its word. Of one that
    gives logits, the picks are made again: by the rule that the model's type is known to have, else
    by score ('softmax' or 'sigmoid', of which the k highest) and normalise (whether gates sum to
    one), or by rule(module, logits, k) → experts, gates, in torch.

    domains: names of the kinds of text; set `trace.domain` to one of them before a pass (or to a
    list, one a row). logits: record them too (an error, where a router doesn't tell them).
    tokenizer: adds the text of each token id.

    A pass that goes on with a cache belongs to the documents of the pass before, row by row: beam
    search, which exchanges rows, mixes them up. So does one with use_cache=False that has the same
    text and one token more, of which that token is recorded."""

    def __init__(self, model, path, *, experts=None, k=None, score=None, normalise=None, rule=None,
                 routers=None, domains=(), logits=False, tokenizer=None, chunk_tokens=65536,
                 compression=1):
        config = getattr(model, 'config', None)
        self.model, self.path, self.domains = model, path, list(domains)
        self.domain = self.domains[0] if len(self.domains) == 1 else None
        self.logits, self.options = logits, (chunk_tokens, compression)
        self.experts = experts or first_of(config, ['num_experts', 'num_local_experts',
                                                    'n_routed_experts', 'moe_num_experts'])
        # Not top_k: that is how generate() samples.
        self.k = k or first_of(config, ['num_experts_per_tok', 'num_experts_per_token',
                                        'moe_topk', 'moe_top_k', 'moe_k'])
        if not self.experts or not self.k:
            raise ValueError('the model does not say how many experts it has and how many a token '
                             'gets: give experts= and k=')
        self.kind = kind_of(config)
        self._settle_rule(config, score, normalise, rule)
        self._find(routers)
        self.signature = inspect.signature(model.forward)
        self.tokenizer = tokenizer
        self.writer, self.passed, self.tokens = None, None, 0
        self.documents, self.rows, self.handles, self.indices = 0, None, [], []
        self.ids = np.empty((0, 0), int)  # of the pass before

    def _settle_rule(self, config, score, normalise, rule):
        """selects: how picks are chosen that a router tells itself, and those that the rule makes."""
        known = None if score or rule else rule_of(config)
        if known:
            self.score, self.normalise, select, self.rule = known
            self.selects = select, select
            return
        self.score, self.normalise, self.rule = score or 'unknown', normalise, rule
        self.selects = 'unknown', 'unknown' if rule or not score else 'top-k'
        if rule or not score:
            return
        if score not in ('softmax', 'sigmoid') or normalise is None:
            raise ValueError(f'found score={score!r}, normalise={normalise!r}; expected softmax or '
                             'sigmoid, and True or False')
        self.rule = top_k_rule(score, normalise)

    def _find(self, wanted):
        """Those that have nothing routed in the end (a gate of a shared expert) drop out later."""
        wanted = wanted or (lambda name, _: re.search(r'(gate|router)$', name))
        self.found = [(name, module) for name, module in self.model.named_modules()
                      if name and wanted(name, module)]
        if not self.found:
            raise ValueError('no module has a name that ends with "gate" or "router": give '
                             'routers=, a function of name and module')

    def __enter__(self):
        self.handles = [self.model.register_forward_pre_hook(self._begin, with_kwargs=True),
                        self.model.register_forward_hook(self._end)]
        for index, (_, module) in enumerate(self.found):
            self.handles.append(module.register_forward_hook(
                lambda module, inputs, output, index=index: self._see(index, module, inputs, output)))
        return self

    def __exit__(self, kind, value, traceback):
        for handle in self.handles:
            handle.remove()
        if self.writer:
            self.writer.close()
            self.tokens = self.writer.tokens
        elif not kind:
            raise ValueError('nothing was recorded: the model made no pass in the block')

    # --- A pass -----------------------------------------------------------------------------------

    def _begin(self, model, args, kwargs):
        given = self.signature.bind_partial(*args, **kwargs).arguments
        given = {**given, **given.get('kwargs', {})}
        self.passed, self.given = {}, given
        # Of now: the pass adds its own tokens to the cache, and may write on the mask.
        self.past = cached(given.get('past_key_values'))
        places = given.get('inputs_embeds') if given.get('input_ids') is None else given['input_ids']
        if places is None:
            raise ValueError('found a pass without input_ids and inputs_embeds, expected either')
        self.shape = tuple(places.shape[:2])
        self.mask = padding_mask(given.get('attention_mask'), self.past, self.shape)

    def _see(self, index, module, inputs, output):
        """Keeps what a router says; a second call in a pass (recomputation) says the same."""
        if self.passed is None and not module.training:  # else: gradients ask for it again
            warnings.warn('tokens were not recorded: a part of the model or its forward() was called')
        if self.passed is None or index in self.passed:
            return
        read = self._read(module, output)
        if read and self.logits and read[2] is None:
            read = (*read[:2], self._logits_again(index, module, inputs), read[3])
        if read:
            self.passed[index] = read

    def _read(self, module, output):
        """(experts [T, k], gates [T, k], logits [T, E] or None, whether the rule made the picks) of
        a router's output, experts None where nothing says; None if it isn't one's. Picks are told
        from scores by their type, and gates by having their shape. Scores that only the picks have
        (Llama 4, GPT-OSS before transformers 5) aren't logits."""
        parts = [part.detach() for part in (output if isinstance(output, tuple) else [output])
                 if hasattr(part, 'detach') and part.dim() >= 2]
        rows = [part.reshape(-1, part.shape[-1]) for part in parts]
        whole = [row.float() for row in rows
                 if row.is_floating_point() and row.shape[-1] == self.experts]
        for experts in rows:
            if experts.is_floating_point() or experts.shape[-1] != self.k:
                continue
            gates = [row.float() for row in rows if row is not experts and row.is_floating_point()
                     and row.shape == experts.shape]
            if not gates and whole:
                gates = [whole[-1].gather(-1, experts)]
            dense = [row for row in whole if self.logits and not self._only_picks(row)]
            return experts, gates[-1] if gates else None, dense[0] if dense else None, False
        if not whole:
            return None
        dense = [row for row in whole if len(whole) > 1 and not self._only_picks(row)]
        logits = (dense or whole)[0]
        if not self.rule:
            return None, None, logits, False
        return (*self.rule(module, logits, self.k), logits, True)

    def _only_picks(self, scores):
        """Whether of [T, E] no more than k a token aren't zero: those of its picks."""
        most = int((scores != 0).sum(-1).max()) if len(scores) else 0
        return 0 < most <= self.k < self.experts

    def _logits_again(self, index, module, inputs):
        """Those of a router that keeps them to itself, where they are known to be its weight's."""
        weight = getattr(module, 'weight', None)
        if self.kind not in LINEAR or weight is None or not inputs:
            raise ValueError(f'{self.found[index][0]}: found picks, but no logits of '
                             f'{self.experts} experts: leave logits=True out')
        rows = inputs[0].detach().reshape(-1, weight.shape[-1]).float()
        logits = rows @ weight.detach().float().T
        bias = getattr(module, 'bias', None)
        return logits if bias is None else logits + bias.detach().float()

    def _end(self, model, args, output):
        passed, self.passed = self.passed, None
        rows, keep = self._tokens()
        if not passed:
            raise ValueError(f'none of {len(self.found)} modules gave scores of {self.experts} '
                             f'experts or {self.k} picks; first of them: {self.found[0][0]}')
        self.indices = self.indices or self._outermost(passed)
        picks = []
        for index in self.indices:
            name, experts = self.found[index][0], passed.get(index, [()])[0]
            if experts is None:
                raise ValueError(f'{name}: the routers give logits, and nothing says how the model '
                                 'chooses by them: give score= and normalise=, or rule=')
            if len(experts) != keep.size:
                raise ValueError(f'{name}: found picks of {len(experts)} tokens, expected {keep.size}')
            picks.append(self._columns(passed[index], keep))
        if not self.writer:
            self._open(passed)
        self.writer.append(rows, picks)

    def _outermost(self, passed):
        """Without what is inside one that has picks: a router's own gate only gives it its logits."""
        routers = tuple(self.found[i][0] + '.' for i in passed if passed[i][0] is not None)
        return sorted(i for i in passed if not self.found[i][0].startswith(routers))

    def _columns(self, seen, keep):
        experts, gates, logits = [None if part is None else part.cpu().numpy() for part in seen[:3]]
        columns = {'expert': experts.astype(np.int64)[keep]}
        if gates is not None:
            # Slot 0 is the first choice; of equal gates the lower id comes first.
            order = np.lexsort((columns['expert'], -gates[keep]), axis=-1)
            columns['expert'] = np.take_along_axis(columns['expert'], order, -1)
            columns['gate'] = np.take_along_axis(gates[keep], order, -1)
        if self.logits and logits is not None:
            columns['logits'] = as_logits(logits[keep])
        return columns

    def _tokens(self):
        """The token columns of this pass, and which of its places are tokens [B × S]."""
        ids, shape, mask = self.given.get('input_ids'), self.shape, self.mask
        ids = np.full(shape, -1) if ids is None else ids.cpu().numpy()
        seen = mask.shape[1] - shape[1]  # of these rows, by the mask
        said = self._said_again(ids)
        if not max(self.past, seen, said) or self.rows is None or len(self.rows) != shape[0]:
            self.rows, self.padded = self.documents + np.arange(shape[0]), np.zeros(shape[0], int)
            self.documents += shape[0]
        keep = mask[:, seen:]
        before = mask[:, :seen].sum(1) if seen >= self.past else self.past - self.padded
        pos = before[:, None] + keep.astype(int).cumsum(1) - 1
        self.padded = self.padded + (~keep).sum(1)
        keep = (keep & (np.arange(shape[1]) >= said)).reshape(-1)
        columns = {'id': ids, 'doc': np.broadcast_to(self.rows[:, None], shape), 'pos': pos}
        if self.domains:
            columns['domain'] = np.broadcast_to(self._domain_rows(shape[0])[:, None], shape)
        return {name: column.reshape(-1)[keep] for name, column in columns.items()}, keep

    def _said_again(self, ids):
        """How many places of each row are those of the pass before: generate(use_cache=False) comes
        with all its text and one token more, and only that one is new."""
        before, self.ids = self.ids, ids.copy()
        same = self.given.get('use_cache') is False and np.array_equal(before, ids[:, :-1])
        return before.shape[1] if same and self.given.get('input_ids') is not None else 0

    def _domain_rows(self, n):
        names = self.domain if isinstance(self.domain, (list, tuple)) else [self.domain] * n
        unknown = [name for name in names if name is not None and name not in self.domains]
        if unknown or len(names) != n:
            raise ValueError(f'found domain {self.domain!r} for {n} rows, expected names among '
                             f'{self.domains}')
        return np.array([-1 if name is None else self.domains.index(name) for name in names])

    # --- The file ---------------------------------------------------------------------------------

    def _open(self, passed):
        infos = []
        for place, index in enumerate(self.indices):
            number = re.search(r'\.(\d+)\.', '.' + self.found[index][0])
            infos.append({'layer': int(number[1]) if number else place, 'experts': self.experts,
                          'k': self.k, 'gates_sum_to_one': bool(self.normalise),
                          'score': self.score, 'select': self.selects[passed[index][3]],
                          'gate': 'unknown' if self.normalise is None
                                  else 'renormalised' if self.normalise else 'score'})
        extra = {'model': getattr(getattr(self.model, 'config', None), '_name_or_path', '')
                          or type(self.model).__name__, 'recorder': 'moescope_recorder.py',
                 'modules': [self.found[index][0] for index in self.indices]}
        if self.tokenizer is not None:
            extra['tokens'] = self.tokenizer.convert_ids_to_tokens(range(len(self.tokenizer)))
        self.writer = TraceWriter(self.path, infos, self.domains, extra, *self.options)


def cached(cache):
    """How many tokens a cache of keys and values holds already."""
    if cache is None:
        return 0
    if hasattr(cache, 'get_seq_length'):
        try:
            return int(cache.get_seq_length())
        except ValueError:  # its first layer isn't one of attention: none of them may be
            layers = [layer for layer in getattr(cache, 'layers', []) if hasattr(layer, 'keys')]
            return max([int(layer.get_seq_length()) for layer in layers], default=0)
    return cache[0][0].shape[-2] if len(cache) else 0


def padding_mask(mask, past, shape):
    """An attention mask as numpy [B, S] or [B, past + S], false where it says padding."""
    if isinstance(mask, dict):  # one a kind of layer: those of a window needn't have every place
        kinds = [mask.get('full_attention'), *mask.values()]
        mask = next((one for one in kinds if one is not None), None)
    if mask is None:
        return np.ones(shape, bool)
    if getattr(mask, 'ndim', 0) == 2:
        return mask.cpu().numpy().astype(bool)
    if getattr(mask, 'ndim', 0) != 4 or mask.shape[-1] < shape[1] or mask.shape[-2] != shape[1]:
        raise ValueError(f'found attention_mask of {getattr(mask, "shape", type(mask))}, which does '
                         'not tell padding from tokens; expected 2 axes [B, S] or 4 [B, 1, S, keys]')
    # Who attends to whom: what does not attend to itself is padding. Some ways of attention let
    # such a row attend to everything rather than to nothing.
    mask = mask[:, 0]
    attends = mask > -1000 if mask.is_floating_point() and not (mask > 0).any() else mask > 0
    everything = attends.all(-1)
    own = attends.diagonal(min(past, mask.shape[-1] - shape[1]), 1, 2)
    keep = own & ~(everything & ~everything[:, -1:])
    return np.broadcast_to(keep.cpu().numpy(), shape)


def as_logits(scores):
    """Some routers return the softmax under the name of logits: its logarithm has the same one."""
    if scores.size and scores.min() >= 0 and np.allclose(scores.sum(-1), 1, atol=1e-3):
        return np.log(np.maximum(scores, 2.0 ** -24))
    return scores
