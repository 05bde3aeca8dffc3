#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Benchmarks: one line a figure, tab-separated: name, value, unit, target, `met` or `missed` (`-` where
# a figure has no target or what it is compared with is absent).
#
#   tests/bench/run.sh [NAME…]      names: analysis figures import kernels lm report trace variants (default: all)
#
# Peers are set beside ours, in turn within one run, where they are present:
#   MOESCOPE_PEERS    folder of peer scripts (default: ../shared/peers beside the source tree)
#   MOESCOPE_PYTHON   a Python with PyTorch, numpy and matplotlib, or some of them (default: python3)
#   ROUNDS            rounds of ours and theirs (default: 3); the median is taken
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$root/build}
peers=${MOESCOPE_PEERS:-$root/../shared/peers}
python=${MOESCOPE_PYTHON:-python3}
rounds=${ROUNDS:-3}
threads=${OMP_NUM_THREADS:-2}
export OMP_NUM_THREADS=$threads

# row NAME VALUE UNIT [RELATION TARGET], RELATION one of >= <=
row() {
    awk -v n="$1" -v v="$2" -v u="$3" -v r="${4:-}" -v t="${5:-}" 'BEGIN {
        verdict = "-"
        if (r == ">=") verdict = v + 0 >= t + 0 ? "met" : "missed"
        if (r == "<=") verdict = v + 0 <= t + 0 ? "met" : "missed"
        printf "%s\t%.4g\t%s\t%s\t%s\n", n, v, u, r == "" ? "-" : r " " t, verdict }'
}

skip() {
    printf '# skipped: %s\n' "$1"
}

# median of the numbers on standard input
median() {
    sort -g | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'
}

ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'
}

# field NAME FILE: median over the rounds of what bench-lm printed
field() {
    awk -F'\t' -v n="$1" '$1 == n { print $2 }' "$2" | median
}

# json KEY FILE: the same for the peers' JSON lines
json() {
    grep -o "\"$1\": [0-9.e+-]*" "$2" | awk '{ print $2 }' | median
}

# Both sides have to have found the same: `check` lines agree to six digits.
same_checks() {
    diff <(grep '^check' "$1" | awk '{ printf "%s %.5g\n", $1, $2 }' | sort -u) \
        <(grep '^check' "$2" | awk '{ printf "%s %.5g\n", $1, $2 }' | sort -u) >&2
}

# build_bare FOLDER: passes in bare C over arrays without a container, which bound what a pass can do,
# and these arrays. They are written for the sizes of bench_analysis.
bare_passes=(analysis_c analysis_g)
build_bare() {
    [ "${TOKENS:-1000000}" = 1000000 ] || return 1
    for name in "${bare_passes[@]}"; do
        [ -f "$peers/limits/$name.c" ] || return 1
        "${CC:-cc}" -O3 -march=native -mprefer-vector-width=512 -pthread -w "$peers/limits/$name.c" -o "$1/$name" || return 1
    done
    "$python" "$root/tests/bench/raw.py" "$1/final.npz" "$1/early.npz" "$1"
}

# bare NAME FOLDER: milliseconds of one of them on two threads, with the sorting that precedes it
bare() {
    "$2/$1" "$2" | awk '/counting sort/ { sort = $4 } /^total/ { print $6 + sort }'
}

# Reads files, so that what comes next is timed with them in memory whatever ran before it.
warm() {
    cat "$@" >/dev/null
}

# A made-up trace of 128 million decisions and an earlier look at the same tokens, stored and
# deflated; ours, numpy and bare C in turn within each round.
bench_analysis() {
    local out stored deflated with_bare=false
    out=$(mktemp -d)
    trap 'rm -rf "$out"' RETURN
    local synth=(trace synth -t "${TOKENS:-1000000}" -r 16 -e 64 -k 8 -d 6 --vocabulary 50304 --seed 1)
    "$build/cli/moescope" "${synth[@]}" -o "$out/final.npz" >/dev/null
    "$build/cli/moescope" "${synth[@]}" --specialisation 0.2 --no-gates -o "$out/early.npz" >/dev/null
    for name in final early; do
        "$build/cli/moescope" trace recompress "$out/$name.npz" --compression 6 -o "$out/$name-deflated.npz" >/dev/null
    done
    local with_peer=false
    if "$python" -c 'import numpy' 2>/dev/null; then with_peer=true; fi
    if $with_peer && build_bare "$out"; then with_bare=true; fi
    for _ in $(seq "$rounds"); do
        if $with_bare; then
            warm "$out"/*.u{8,32}
            for name in "${bare_passes[@]}"; do bare "$name" "$out" >>"$out/bare-$name"; done
        fi
        warm "$out"/{final,early}.npz
        "$build/tests/bench/bench-analysis" "$out/final.npz" "$out/early.npz" 1 >>"$out/ours"
        warm "$out"/{final,early}-deflated.npz
        "$build/tests/bench/bench-analysis" "$out/final-deflated.npz" "$out/early-deflated.npz" 1 >>"$out/deflated"
        if $with_peer; then
            warm "$out"/{final,early}.npz
            "$python" "$root/tests/bench/analysis.py" "$out/final.npz" "$out/early.npz" >>"$out/numpy"
            warm "$out"/{final,early}-deflated.npz
            "$python" "$root/tests/bench/analysis.py" "$out/final-deflated.npz" "$out/early-deflated.npz" >>"$out/numpy-deflated"
            same_checks "$out/ours" "$out/numpy"
            same_checks "$out/deflated" "$out/numpy"
        fi
    done
    stored=$(field total "$out/ours")
    deflated=$(field total "$out/deflated")
    row analysis.stored "$stored" ms
    row analysis.deflated "$deflated" ms
    row analysis.peak_rss "$(field peak_rss "$out/ours")" MiB '<=' 300
    if ! $with_peer; then
        skip "analysis beside numpy: no numpy in $python"
        return
    fi
    local peer rss
    peer=$(field total "$out/numpy")
    rss=$(field peak_rss "$out/numpy")
    row numpy.stored "$peer" ms
    row numpy.stored.read "$(ratio "$(field read "$out/numpy")" 1)" ms
    row numpy.deflated "$(field total "$out/numpy-deflated")" ms
    row numpy.peak_rss "$rss" MiB
    row analysis.stored.times_numpy "$(ratio "$peer" "$stored")" x '>=' 40
    row analysis.deflated.times_numpy "$(ratio "$peer" "$deflated")" x '>=' 12
    row analysis.peak_rss.of_numpy "$(ratio "$(field peak_rss "$out/ours")" "$rss")" x '<=' 0.2
    if ! $with_bare; then
        skip "analysis beside bare C: no $peers/limits, or no compiler for it"
        return
    fi
    for name in "${bare_passes[@]}"; do row "bare.$name" "$(median <"$out/bare-$name")" ms; done
    row analysis.stored.of_bare "$(ratio "$stored" "$(median <"$out/bare-analysis_c")")" x '<=' 2
}

# seconds COMMAND…: of a whole process
seconds() {
    local start end
    start=$(date +%s%N)
    "$@" >/dev/null
    end=$(date +%s%N)
    awk -v a="$start" -v b="$end" 'BEGIN { print (b - a) / 1e9 }'
}

# What the peer calls our figures, and what ours are drawn of: figure, file, options.
declare -A figure_peer=([heat]=heat16x64 [matrix]=coact64x64 [map]=map4096x16)
declare -A figure_plot=(
    [heat]="load heat.npz"
    [matrix]="coactivation matrix.npz"
    [map]="token-map map.npz --set tokens=4096 --set rows=512"
)

# Figures of 2000 × 1000 pixels: 16 layers × 64 experts, 64 × 64 experts, 4,096 tokens × 16 layers.
# Whole processes, ours and matplotlib's in turn within each round, then figures in one process.
bench_figures() {
    local out name format
    out=$(mktemp -d)
    trap 'rm -rf "$out"' RETURN
    local synth=("$build/cli/moescope" trace synth -t 4096 -e 64 -d 1 --document-tokens 4096 --no-gates --seed 1)
    "${synth[@]}" -r 16 -o "$out/trace.npz" >/dev/null
    "$build/cli/moescope" summary "$out/trace.npz" --with load -o "$out/heat.npz" >/dev/null
    "${synth[@]}" -r 1 -o "$out/one.npz" >/dev/null
    "$build/cli/moescope" summary "$out/one.npz" --with pairs -o "$out/matrix.npz" >/dev/null
    "${synth[@]}" -r 16 -k 1 -o "$out/map.npz" >/dev/null
    local with_peer=false
    if [ -f "$peers/figs/matplotlib_figures.py" ] && "$python" -c 'import matplotlib' 2>/dev/null; then with_peer=true; fi
    for _ in $(seq "$rounds"); do
        for name in heat matrix map; do
            for format in png pdf svg; do
                # shellcheck disable=SC2086
                (cd "$out" && seconds "$build/cli/moescope" plot ${figure_plot[$name]} -o "$name.$format" \
                    --theme screen --size 2000x1000px --dpi 200) >>"$out/ours-$name.$format"
                if $with_peer; then
                    OUT_DIR=$out seconds "$python" "$peers/figs/matplotlib_figures.py" "${figure_peer[$name]}" \
                        "$format" >>"$out/theirs-$name.$format"
                fi
            done
        done
        "$build/tests/bench/bench-figures" "$out" >>"$out/warm"
    done
    for name in heat matrix map; do
        for format in png pdf svg; do
            row "figures.warm.$name.$format" "$(field "$name.$format" "$out/warm")" ms '<=' 10
            row "figures.$name.$format" "$(median <"$out/ours-$name.$format")" s
            if $with_peer; then
                row "matplotlib.$name.$format" "$(median <"$out/theirs-$name.$format")" s
                row "figures.$name.$format.times_matplotlib" \
                    "$(times "$out/theirs-$name.$format" "$out/ours-$name.$format")" x '>=' 20
            fi
        done
    done
    if ! $with_peer; then
        skip "figures beside matplotlib: no $peers/figs/matplotlib_figures.py, or no matplotlib in $python"
    fi
}

bench_trace() {
    "$build/tests/bench/bench-trace"
}

# A report of a trace of 1M tokens, 16 layers, top-8, in all formats: time and peak memory of the whole
# process.
bench_report() {
    local out began pid peak now
    out=$(mktemp -d)
    trap 'rm -rf "$out"' RETURN
    "$build/cli/moescope" trace synth -t "${TOKENS:-1000000}" -r 16 -e 64 -k 8 -o "$out/big.npz" >/dev/null
    warm "$out/big.npz"
    for _ in $(seq "$rounds"); do
        began=$(date +%s%N)
        peak=0
        "$build/cli/moescope" report "$out/big.npz" -o "$out/report" &
        pid=$!
        while kill -0 "$pid" 2>/dev/null; do
            now=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
            peak=${now:-$peak}
            sleep 0.02
        done
        wait "$pid"
        echo "$began $(date +%s%N)" | awk '{ print ($2 - $1) / 1e9 }' >>"$out/seconds"
        echo "$peak" | awk '{ print $1 / 1024 }' >>"$out/peak"
    done
    row report.seconds "$(median <"$out/seconds")" s '<=' 5
    row report.peak_rss "$(median <"$out/peak")" MiB '<=' 500
}

# A made-up trace as JSON Lines, read, written deflated, checked and summed up.
bench_import() {
    local out begin end
    out=$(mktemp -d)
    trap 'rm -rf "$out"' RETURN
    "$build/cli/moescope" trace synth -t 100000 -r 16 -e 64 -k 8 -d 6 --seed 1 -o "$out/made.npz" >/dev/null
    "$build/cli/moescope" export "$out/made.npz" --as jsonl -o "$out/made.jsonl" >/dev/null
    for _ in $(seq "$rounds"); do
        begin=$(date +%s%N)
        "$build/cli/moescope" import "$out/made.jsonl" -o "$out/read.npz" --score softmax --select topk >/dev/null
        end=$(date +%s%N)
        awk -v bytes="$(stat -c %s "$out/made.jsonl")" -v ns=$((end - begin)) 'BEGIN { print bytes / ns * 1e3 }' >>"$out/rates"
    done
    row import.jsonl "$(median <"$out/rates")" MB/s '>=' 150
    "$build/cli/moescope" trace recompress "$out/made.npz" --compression 6 >/dev/null
    row trace.deflated_decision "$("$build/cli/moescope" trace info "$out/made.npz" |
        awk '$1 == "decisions" { print $3 }')" B '<=' 2.2
}

bench_kernels() {
    "$build/tests/bench/bench-kernels"
}

# The settings of the peer script's model: byte vocabulary, d 256, 4 layers, 8 heads, 8 experts top-2,
# hidden 512 with GELU and biases, LayerNorm, sequence 256, batch 8.
lm_settings=(--set model.layers=4 --set model.d_model=256 --set model.heads=8
    --set model.attention_bias=true --set model.norm=layer --set moe.variant=smoe
    --set moe.experts=8 --set moe.k=2 --set moe.hidden=512 --set train.batch=8
    --set train.length=256)

# Whether the peer can run, and with what environment it is fastest.
peer_ready() {
    [ -f "$peers/torch/moe_lm.py" ] && "$python" -c 'import torch' 2>/dev/null
}

# Big blocks stay with the allocator between steps: PyTorch's best case.
peer() {
    MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=17179869184 \
        MALLOC_TOP_PAD_=268435456 "$python" "$peers/torch/moe_lm.py" --threads "$threads" "$@" 2>/dev/null
}

# Ours runs with the GOMP_SPINCOUNT that the moescope program gives itself (moe_bound_spinning()).
bench_lm() {
    local out peak
    out=$(mktemp -d)
    trap 'rm -rf "$out"' RETURN
    peak=$("$build/tests/bench/bench-kernels" peak | awk -F'\t' '$1 == "sgemm.peak" { print $2 }')
    local with_peer=false
    if peer_ready; then with_peer=true; fi
    for _ in $(seq "$rounds"); do
        GOMP_SPINCOUNT=2000 "$build/tests/bench/bench-lm" "${lm_settings[@]}" --threads "$threads" >>"$out/ours"
        if $with_peer; then
            peer --variant smoe --mode both --steps 8 >>"$out/f32"
            peer --variant smoe --mode both --steps 8 --bf16 >>"$out/bf16"
        fi
    done
    local train infer recorded
    train=$(field train.tokens "$out/ours")
    infer=$(field infer.tokens "$out/ours")
    recorded=$(field infer.recorded_tokens "$out/ours")
    for name in forward backward optimiser; do
        row "lm.train.$name" "$(field train.$name "$out/ours")" ms
    done
    row lm.train "$train" tokens/s
    row lm.train.share_of_peak "$(ratio "$(field train.flops "$out/ours")" "$peak")" 1 '>=' 0.75
    row lm.train.peak_rss "$(field train.peak_rss "$out/ours")" MiB '<=' 467
    row lm.infer "$infer" tokens/s
    row lm.infer.recorded "$recorded" tokens/s
    row lm.infer.recording_cost "$(field infer.recording_cost "$out/ours")" % '<=' 1
    if ! $with_peer; then
        skip "lm beside PyTorch: no $peers/torch/moe_lm.py, or no torch in $python"
        return
    fi
    local f32 bf16
    f32=$(json train_tok_s "$out/f32")
    bf16=$(json train_tok_s "$out/bf16")
    row torch.f32.train "$f32" tokens/s
    row torch.bf16.train "$bf16" tokens/s
    row torch.f32.infer "$(json infer_tok_s "$out/f32")" tokens/s
    row torch.f32.peak_rss "$(json maxrss_mib "$out/f32")" MiB
    row lm.train.times_torch_f32 "$(ratio "$train" "$f32")" x '>=' 1.5
    row lm.train.times_torch_bf16 "$(ratio "$train" "$bf16")" x '>=' 1.2
    row lm.infer.times_torch_f32 "$(ratio "$recorded" "$(json infer_tok_s "$out/f32")")" x '>=' 1.5
}

# What each variant changes of lm_settings. All are balanced by the same loss, as their twins are:
# routing that collapses makes bigger products, which flatters whoever has it.
declare -A variant_settings=(
    [smoe]="moe.variant=smoe"
    [hyperrouter]="moe.variant=hyperrouter moe.balance=switch"
    [mhmoe]="moe.variant=mhmoe moe.balance=switch moe.activation=gelu moe.bias=true
        moe.capacity_factor=0 moe.gate=softmax-selected"
    [mhmoe-parity]="moe.variant=mhmoe moe.balance=switch moe.activation=gelu moe.bias=true
        moe.capacity_factor=0 moe.gate=softmax-selected moe.hidden=384 heads.count=2"
    [mhmoe-parity-4]="moe.variant=mhmoe moe.balance=switch moe.activation=gelu moe.bias=true
        moe.capacity_factor=0 moe.gate=softmax-selected moe.hidden=384"
    [hypermoe]="moe.variant=hypermoe moe.balance=switch"
)

# variant NAME: tokens a second of its training steps
variant() {
    local set=()
    for pair in ${variant_settings[$1]}; do set+=(--set "$pair"); done
    GOMP_SPINCOUNT=2000 "$build/tests/bench/bench-lm" "${lm_settings[@]}" "${set[@]}" --rounds 0 \
        --threads "$threads" | awk -F'\t' '$1 == "train.tokens" { print $2 }'
}

# times A B: the median over the rounds of A's tokens a second over B's, each pair of one round
times() {
    paste "$1" "$2" | awk '{ print $1 / $2 }' | median
}

# Training steps of the variants, ours and their PyTorch twins, in turn within each round.
bench_variants() {
    local out v
    out=$(mktemp -d)
    trap 'rm -rf "$out"' RETURN
    local ours=(smoe hyperrouter mhmoe mhmoe-parity mhmoe-parity-4 hypermoe) theirs=(hyperrouter mhmoe hypermoe-dedup hypermoe)
    local with_peer=false
    if peer_ready; then with_peer=true; fi
    for _ in $(seq "$rounds"); do
        for v in "${ours[@]}"; do variant "$v" >>"$out/$v"; done
        if ! $with_peer; then continue; fi
        for v in "${theirs[@]}"; do
            # One set of weights a token makes steps of ten seconds.
            local steps=8
            if [ "$v" = hypermoe ]; then steps=2; fi
            peer --variant "$v" --mode train --warmup 2 --steps "$steps" |
                grep -o '"train_tok_s": [0-9.]*' | awk '{ print $2 }' >>"$out/torch-$v"
        done
    done
    for v in "${ours[@]}"; do row "variants.$v" "$(median <"$out/$v")" tokens/s; done
    row variants.hyperrouter.step_of_smoe "$(times "$out/smoe" "$out/hyperrouter")" x '<=' 1.02
    row variants.mhmoe-parity.step_of_smoe "$(times "$out/smoe" "$out/mhmoe-parity")" x '<=' 1.15
    row variants.mhmoe-parity-4.step_of_smoe "$(times "$out/smoe" "$out/mhmoe-parity-4")" x '<=' 1.15
    row variants.hypermoe.step_of_smoe "$(times "$out/smoe" "$out/hypermoe")" x '<=' 1.12
    if ! $with_peer; then
        skip "variants beside PyTorch: no $peers/torch/moe_lm.py, or no torch in $python"
        return
    fi
    for v in "${theirs[@]}"; do row "torch.f32.$v" "$(median <"$out/torch-$v")" tokens/s; done
    row variants.hyperrouter.times_torch "$(times "$out/hyperrouter" "$out/torch-hyperrouter")" x '>=' 1.5
    row variants.mhmoe.times_torch "$(times "$out/mhmoe" "$out/torch-mhmoe")" x '>=' 1.5
    row variants.hypermoe.times_torch "$(times "$out/hypermoe" "$out/torch-hypermoe-dedup")" x '>=' 1.5
    row variants.hypermoe.times_torch_per_token "$(times "$out/hypermoe" "$out/torch-hypermoe")" x '>=' 8
}

if [ $# -eq 0 ]; then set -- analysis figures import kernels lm report trace variants; fi
for name in "$@"; do
    case $name in
    analysis | figures | import | kernels | lm | report | trace | variants) ;;
    *)
        echo "run.sh: unknown benchmark '$name'; known: analysis figures import kernels lm report trace variants" >&2
        exit 2
        ;;
    esac
    program=tests/bench/bench-${name/variants/lm}
    if [ "$name" = report ] || [ "$name" = import ]; then program=cli/moescope; fi
    if [ ! -x "$build/$program" ]; then
        echo "run.sh: $build/$program is not built (ninja -C $build)" >&2
        exit 1
    fi
done
printf '# %s, %s threads\n' "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//')" "$threads"
for name in "$@"; do "bench_$name"; done
