# SPDX-License-Identifier: MIT
"""C in the style of a small library: modules of a type and the functions around it. What comes
out compiles."""

TYPES = [("int", "%d"), ("long", "%ld"), ("double", "%g"), ("unsigned", "%u"), ("float", "%g"),
         ("short", "%d")]
NOUNS = ["sample", "ticket", "reading", "price", "pixel", "offset", "weight", "delay", "height",
         "pulse", "score", "depth", "level", "stride", "angle", "volume", "charge", "count",
         "phase", "bound", "credit", "span", "rank", "gain", "slot", "tally", "frame",
         "port", "node", "edge", "beat", "grain", "shift", "token", "cell", "shade", "ratio"]
KINDS = ["list", "stack", "ring", "table", "pool", "queue", "window", "series"]
ITEMS, LENGTHS = ["items", "data", "values", "entries"], ["length", "used", "n", "size"]
INDEX, VALUE = ["i", "k", "at", "pos"], ["value", "v", "x", "item"]

HEAD = '''/* {p}.c: a {kind} of {noun}s. */
#define {P}_GROWTH {growth}

typedef struct {T} {{
    {type} *{items};
    size_t {len}, capacity;
}} {T};
'''

INIT = '''
/* Makes an empty {kind}; {p}_clear() frees what it holds. */
void
{p}_init({T} *{s})
{{
    {s}->{items} = NULL;
    {s}->{len} = 0;
    {s}->capacity = 0;
}}

void
{p}_clear({T} *{s})
{{
    free({s}->{items});
    {p}_init({s});
}}
'''

PUSH = '''
/* Returns false if there is no memory; the {kind} is then as it was. */
bool
{p}_{push}({T} *{s}, {type} {v})
{{
    if ({s}->{len} == {s}->capacity) {{
        size_t capacity = {s}->capacity ? {s}->capacity * {P}_GROWTH : {start};
        {type} *grown = realloc({s}->{items}, capacity * sizeof *grown);
        if (!grown)
            return false;
        {s}->{items} = grown;
        {s}->capacity = capacity;
    }}
    {s}->{items}[{s}->{len}++] = {v};
    return true;
}}
'''

FUNCTIONS = ['''
/* The {big}est {noun}, or {fallback} if there is none. */
{type}
{p}_{max}(const {T} *{s})
{{
    {type} best = {fallback};
    for (size_t {i} = 0; {i} < {s}->{len}; {i}++) {{
        if ({i} == 0 || {s}->{items}[{i}] {op} best)
            best = {s}->{items}[{i}];
    }}
    return best;
}}
''', '''
double
{p}_mean(const {T} *{s})
{{
    double sum = 0;
    for (size_t {i} = 0; {i} < {s}->{len}; {i}++)
        sum += {s}->{items}[{i}];
    return {s}->{len} > 0 ? sum / (double){s}->{len} : 0;
}}
''', '''
/* Index of the first {noun} equal to {v}, or -1. */
ptrdiff_t
{p}_find(const {T} *{s}, {type} {v})
{{
    for (size_t {i} = 0; {i} < {s}->{len}; {i}++) {{
        if ({s}->{items}[{i}] == {v})
            return (ptrdiff_t){i};
    }}
    return -1;
}}
''', '''
void
{p}_reverse({T} *{s})
{{
    for (size_t {i} = 0; {i} < {s}->{len} / 2; {i}++) {{
        {type} other = {s}->{items}[{s}->{len} - 1 - {i}];
        {s}->{items}[{s}->{len} - 1 - {i}] = {s}->{items}[{i}];
        {s}->{items}[{i}] = other;
    }}
}}
''', '''
/* Keeps what lies within low and high; returns how many {noun}s were dropped. */
size_t
{p}_filter({T} *{s}, {type} low, {type} high)
{{
    size_t kept = 0, before = {s}->{len};
    for (size_t {i} = 0; {i} < before; {i}++) {{
        {type} {v} = {s}->{items}[{i}];
        if ({v} >= low && {v} <= high)
            {s}->{items}[kept++] = {v};
    }}
    {s}->{len} = kept;
    return before - kept;
}}
''', '''
static int
compare_{p}s(const void *a, const void *b)
{{
    {type} left = *(const {type} *)a, right = *(const {type} *)b;
    return (left > right) - (left < right);
}}

/* {Order} first. */
void
{p}_sort({T} *{s})
{{
    if ({s}->{len} > 1)
        qsort({s}->{items}, {s}->{len}, sizeof *{s}->{items}, compare_{p}s);
}}
''', '''
/* Writes the {noun}s in one line, separated by "{sep}". */
void
{p}_print(const {T} *{s}, FILE *{out})
{{
    for (size_t {i} = 0; {i} < {s}->{len}; {i}++)
        fprintf({out}, "%s{format}", {i} ? "{sep}" : "", {s}->{items}[{i}]);
    fputc('\\n', {out});
}}
''', '''
/* Takes the last {noun} off. Returns false if the {kind} is empty. */
bool
{p}_{pop}({T} *{s}, {type} *{v})
{{
    if ({s}->{len} == 0)
        return false;
    *{v} = {s}->{items}[--{s}->{len}];
    return true;
}}
''', '''
bool
{p}_equal(const {T} *a, const {T} *b)
{{
    if (a->{len} != b->{len})
        return false;
    for (size_t {i} = 0; {i} < a->{len}; {i}++) {{
        if (a->{items}[{i}] != b->{items}[{i}])
            return false;
    }}
    return true;
}}
''', '''
/* How many {noun}s are {word} `{limit}`. */
size_t
{p}_count_{word}(const {T} *{s}, {type} {limit})
{{
    size_t n = 0;
    for (size_t {i} = 0; {i} < {s}->{len}; {i}++)
        n += {s}->{items}[{i}] {wop} {limit};
    return n;
}}
''', '''
/* Moves every {noun} by `by`, but not beyond `{limit}`. */
void
{p}_raise({T} *{s}, {type} by, {type} {limit})
{{
    {type} *{v} = {s}->{items}, *end = {v} + {s}->{len};
    while ({v} < end) {{
        *{v} = ({type})(*{v} + by);
        if (*{v} > {limit})
            *{v} = {limit};
        {v}++;
    }}
}}
''', '''
/* Appends all of `from`; false if memory ran out half-way. */
bool
{p}_append({T} *{s}, const {T} *from)
{{
    for (size_t {i} = 0; {i} < from->{len}; {i}++) {{
        if (!{p}_{push}({s}, from->{items}[{i}]))
            return false;
    }}
    return true;
}}
''', '''
unsigned
{p}_hash(const {T} *{s})
{{
    const unsigned char *byte = (const unsigned char *){s}->{items};
    unsigned hash = {seed}u;
    for (size_t {i} = 0; {i} < {s}->{len} * sizeof *{s}->{items}; {i}++)
        hash = (hash ^ byte[{i}]) * {prime}u;
    return hash;
}}
''', '''
/* The {noun} at `{i}`, counted from the end if it is negative. */
const {type} *
{p}_get(const {T} *{s}, ptrdiff_t {i})
{{
    if ({i} < 0)
        {i} += (ptrdiff_t){s}->{len};
    if ({i} < 0 || (size_t){i} >= {s}->{len})
        return NULL;
    return &{s}->{items}[{i}];
}}
''', '''
/* Removes neighbours that are equal; sort first to remove all duplicates. */
void
{p}_unique({T} *{s})
{{
    size_t out = 0;
    for (size_t {i} = 0; {i} < {s}->{len}; {i}++) {{
        bool again = out > 0 && {s}->{items}[out - 1] == {s}->{items}[{i}];
        if (!again)
            {s}->{items}[out++] = {s}->{items}[{i}];
    }}
    {s}->{len} = out;
}}
''']

INCLUDES = '''#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

'''


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def container(rng, number):
    # a coprime stride through all pairs of noun and kind: no name comes twice
    at = number * 39 % (len(NOUNS) * len(KINDS))
    noun, kind = NOUNS[at % len(NOUNS)], KINDS[at // len(NOUNS)]
    type_, form = rng.choice(TYPES)
    big = rng.chance(50)
    above = rng.chance(50)
    p = f"{noun}_{kind}"
    words = dict(
        p=p, P=p.upper(), T=camel(p), noun=noun, kind=kind, type=type_, format=form,
        s=rng.choice([kind, "self", kind[0], "this"]), items=rng.choice(ITEMS),
        len=rng.choice(LENGTHS), i=rng.choice(INDEX), v=rng.choice(VALUE), growth=rng.between(2, 3),
        start=rng.choice([4, 8, 16, 32]), push=rng.choice(["push", "add", "put"]),
        pop=rng.choice(["pop", "take"]), fallback=rng.choice(["0", "1"]),
        big="larg" if big else "small", max="max" if big else "min", op=">" if big else "<",
        Order="Lowest", sep=rng.choice([", ", " ", "; ", "\\t"]), out=rng.choice(["out", "file"]),
        word="above" if above else "below", wop=">" if above else "<",
        limit=rng.choice(["limit", "mark", "bound"]), seed=rng.between(1000, 99999),
        prime=rng.choice([16777619, 31, 65599, 2654435761]))
    body = rng.shuffled(FUNCTIONS)[:rng.between(5, 9)]
    return "".join(part.format(**words) for part in [HEAD, INIT, PUSH] + body)


THINGS = ["engine", "garden", "packet", "ship", "recipe", "lens", "melody", "orbit", "bridge", "well",
          "stamp", "rocket", "meadow", "clockwork", "parcel", "sensor", "window", "account", "voyage",
          "harvest", "tunnel", "printer", "album", "beacon", "kettle", "turbine", "planet", "cart"]
SCAN = {"int": "%d", "long": "%ld", "double": "%lf", "unsigned": "%u", "float": "%f", "short": "%hd"}
VERBS = {"grow": "+= by", "shrink": "-= by", "scale": "*= by", "share": "/= by"}


def record_head(rng, t, T, fields):
    lines = [f"/* {t}.c: what is known of one {t}. */", f"typedef struct {T} {{"]
    lines += [f"    {kind} {name};" for kind, name in fields]
    return lines + [f"}} {T};"]


def record_default(rng, t, T, fields):
    values = [f"        .{name} = {rng.between(1, 99)}," for _, name in fields]
    return [f"/* {rng.choice(['A', 'One', 'Some'])} {t} to begin with. */", T, f"{t}_default(void)",
            "{", f"    return ({T}){{", *values, "    };", "}"]


def record_valid(rng, t, T, fields):
    tests = [f"{t}->{name} {rng.choice(['<', '<=', '!='])} {rng.between(100, 30000)}"
             for _, name in rng.shuffled(fields)[:3]]
    return ["bool", f"{t}_is_{rng.choice(['valid', 'sound', 'complete'])}(const {T} *{t})", "{",
            "    return " + " && ".join(tests) + ";", "}"]


def record_parse(rng, t, T, fields):
    form = rng.choice([",", ";", " ", ":"]).join(SCAN[kind] for kind, _ in fields)
    places = ", ".join(f"&{t}->{name}" for _, name in fields)
    return [f"/* Reads a line of {len(fields)} numbers; false if it isn't one. */", "bool",
            f"{t}_parse({T} *{t}, const char *line)", "{", f'    return sscanf(line, "{form}",',
            f"                  {places}) == {len(fields)};", "}"]


def record_print(rng, t, T, fields):
    forms = dict(TYPES)
    lines = [f'    fprintf(out, "{name} = {forms[kind]}\\n", {t}->{name});'
             for kind, name in fields]
    return ["void", f"{t}_print(const {T} *{t}, FILE *out)", "{", *lines, "}"]


def record_compare(rng, t, T, fields):
    lines = []
    for _, name in rng.shuffled(fields)[:2]:
        lines += [f"    if (a->{name} != b->{name})",
                  f"        return a->{name} < b->{name} ? -1 : 1;"]
    return [f"/* Order of two {t}s: -1, 0 or 1. */", "int",
            f"{t}_compare(const {T} *a, const {T} *b)", "{", *lines, "    return 0;", "}"]


def record_change(rng, t, T, fields):
    kind, name = rng.choice(fields)
    verb = rng.choice(sorted(VERBS))
    guard = ["    if (by == 0)", "        return;"] if verb == "share" else []
    return ["void", f"{t}_{verb}_{name}({T} *{t}, {kind} by)", "{", *guard,
            f"    {t}->{name} {VERBS[verb]};", "}"]


def record_switch(rng, t, T, fields):
    lines = [f"    case {i}:\n        return {t}->{name};" for i, (_, name) in enumerate(fields)]
    return [f"/* Field number `i` as a double, {len(fields)} of them; -1 beyond. */", "double",
            f"{t}_field(const {T} *{t}, int i)", "{", "    switch (i) {", *lines, "    default:",
            "        return -1;", "    }", "}"]


def record_load(rng, t, T, fields):
    size = rng.choice([80, 128, 256, 512])
    return ["/* Reads up to `n` of them, one a line; gives how many there were. */", "size_t",
            f"{t}_load({T} *{t}s, size_t n, FILE *in)", "{", f"    char line[{size}];",
            "    size_t count = 0;", "    while (count < n && fgets(line, sizeof line, in)) {",
            f"        if (line[0] != '{rng.choice('#;%!')}' && {t}_parse(&{t}s[count], line))",
            "            count++;", "    }", "    return count;", "}"]


def record(rng, number):
    t = THINGS[number * 5 % len(THINGS)]
    fields = [(rng.choice(TYPES)[0], name) for name in rng.shuffled(NOUNS)[:rng.between(3, 6)]]
    rest = rng.shuffled([record_valid, record_print, record_compare, record_change, record_switch,
                         record_load])[:rng.between(3, 6)]
    makers = [record_head, record_default, record_parse] + rest
    return "\n\n".join("\n".join(make(rng, t, camel(t), fields)) for make in makers) + "\n"


def module(rng, number):
    """Containers and records in turn, as long as there are records; each name comes once."""
    if number % 2 == 1 and number < 2 * len(THINGS):
        text = record(rng, number // 2)
    else:
        text = container(rng, number)
    return (INCLUDES if number == 1 else "") + text
