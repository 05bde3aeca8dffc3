/* SPDX-License-Identifier: MIT */
#include "check-trace.h"

#include "trace/zip.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *folder;

void
made_route(Made *made, int router, int64_t unit)
{
    int E = made->experts, k = made->k;
    const float *z = made->logits[router] + unit * E;
    int32_t *expert = made->expert[router] + unit * k;
    float *gate = made->gate[router] + unit * k, sum = 0, next = -INFINITY;
    double all = 0, weighted = 0;
    for (int slot = 0; slot < k; slot++) {
        expert[slot] = -1;
        for (int e = 0; e < E; e++) {
            bool taken = false;
            for (int j = 0; j < slot; j++)
                taken = taken || expert[j] == e;
            if (!taken && (expert[slot] < 0 || z[e] > z[expert[slot]]))
                expert[slot] = e;
        }
        sum += expf(z[expert[slot]] - z[expert[0]]);
    }
    for (int slot = 0; slot < k; slot++)
        gate[slot] = expf(z[expert[slot]] - z[expert[0]]) / sum;
    for (int e = 0; e < E; e++) {
        double p = exp((double)z[e] - (double)z[expert[0]]);
        bool taken = false;
        for (int slot = 0; slot < k; slot++)
            taken = taken || expert[slot] == e;
        next = taken ? next : fmaxf(next, z[e]);
        all += p;
        weighted += p * ((double)z[e] - (double)z[expert[0]]);
    }
    made->entropy[router][unit] = (float)(log(all) - weighted / all);
    made->margin[router][unit] = z[expert[k - 1]] - next;
}

Made *
made_new(int64_t tokens, int experts, int k)
{
    Made *made = g_new0(Made, 1);
    *made = (Made){.tokens = tokens, .chunk_tokens = 100, .experts = experts, .k = k};
    made->routers = MADE_ROUTERS;
    made->domains = MADE_DOMAINS;
    made->id = g_new(int32_t, (gsize)tokens);
    made->domain = g_new(int32_t, (gsize)tokens);
    MoeRng rng = moe_rng(7, 0);
    for (int64_t t = 0; t < tokens; t++) {
        made->id[t] = (int32_t)moe_rng_below(&rng, 1000);
        made->domain[t] = (int32_t)(t % MADE_DOMAINS);
    }
    for (int r = 0; r < MADE_ROUTERS; r++) {
        made->info[r] = (MoeRouterInfo){r,
                                        experts,
                                        k,
                                        1,
                                        0,
                                        true,
                                        true,
                                        (char *)"linear",
                                        (char *)"topk",
                                        (char *)"softmax-selected"};
        made->expert[r] = g_new(int32_t, (gsize)(tokens * k));
        made->gate[r] = g_new(float, (gsize)(tokens * k));
        made->logits[r] = g_new(float, (gsize)(tokens * experts));
        made->entropy[r] = g_new(float, (gsize)tokens);
        made->margin[r] = g_new(float, (gsize)tokens);
        for (int64_t i = 0; i < tokens * experts; i++)
            made->logits[r][i] = moe_rng_normal(&rng);
        for (int64_t t = 0; t < tokens; t++)
            made_route(made, r, t);
    }
    return made;
}

void
made_free(Made *made)
{
    for (int r = 0; r < MADE_ROUTERS; r++) {
        g_free(made->expert[r]);
        g_free(made->gate[r]);
        g_free(made->logits[r]);
        g_free(made->entropy[r]);
        g_free(made->margin[r]);
    }
    g_free(made->id);
    g_free(made->domain);
    g_free(made);
}

void
made_copy(Made *made, int64_t from, int64_t to)
{
    int E = made->experts, k = made->k;
    for (int r = 0; r < MADE_ROUTERS; r++) {
        memcpy(made->logits[r] + to * E, made->logits[r] + from * E, sizeof(float) * (size_t)E);
        memcpy(made->gate[r] + to * k, made->gate[r] + from * k, sizeof(float) * (size_t)k);
        memcpy(made->expert[r] + to * k, made->expert[r] + from * k, sizeof(int32_t) * (size_t)k);
        made->entropy[r][to] = made->entropy[r][from];
        made->margin[r][to] = made->margin[r][from];
    }
}

void
made_begin(void)
{
    folder = g_dir_make_tmp("moescope-check-XXXXXX", NULL);
    moe_init();
}

void
made_end(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = made_path(name);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

char *
made_path(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* In batches, so that chunks are as long as asked for. */
static void
append(const Made *made, MoeTraceWriter *writer)
{
    g_autoptr(GError) error = NULL;
    int E = made->experts, k = made->k;
    for (int64_t t = 0; t < made->tokens; t += made->chunk_tokens) {
        MoeTraceTokens tokens = {.n = MIN(made->chunk_tokens, made->tokens - t),
                                 .id = made->id + t,
                                 .domain = made->domains ? made->domain + t : NULL,
                                 .doc = made->doc ? made->doc + t : NULL,
                                 .pos = made->pos ? made->pos + t : NULL,
                                 .step = made->step ? made->step + t : NULL};
        MoeTracePicks picks[MADE_ROUTERS];
        for (int r = 0; r < made->routers; r++)
            picks[r] = (MoeTracePicks){.expert = made->expert[r] + t * k,
                                       .gate = made->gate[r] + t * k,
                                       .logits = made->logits[r] + t * E,
                                       .entropy = made->entropy[r] + t,
                                       .margin = made->margin[r] + t};
        moe_trace_writer_append(writer, &tokens, picks, &error);
        g_assert_no_error(error);
    }
}

MoeTrace *
made_trace(const Made *made, const char *name)
{
    static const char *const domains[MADE_DOMAINS] = {"prose", "code"};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = made_path(name);
    g_autofree char *meta = moe_trace_meta(made->info, made->routers, domains, made->domains, NULL);
    MoeTraceOptions options = {.compression = 1,
                               .chunk_tokens = made->chunk_tokens,
                               .gates = !made->no_gates,
                               .logits = !made->no_logits,
                               .score_stats = !made->no_stats};
    MoeTraceWriter *writer =
        moe_trace_writer_new(path, meta, made->info, made->routers, &options, &error);
    g_assert_no_error(error);
    append(made, writer);
    moe_trace_writer_series(writer, "loss", 1, 0.5, &error);
    moe_trace_writer_close(writer, &error);
    g_assert_no_error(error);
    MoeTrace *trace = moe_trace_open(path, &error);
    g_assert_no_error(error);
    return trace;
}

MoeFindings *
made_check(const Made *made)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeTrace) trace = made_trace(made, "made.npz");
    MoeFindings *findings = moe_check(trace, NULL, &error);
    g_assert_no_error(error);
    return findings;
}

const MoeFinding *
find_finding(const MoeFindings *findings, const char *check, int router)
{
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        if (g_str_equal(finding->check, check) && (router < 0 || finding->router == router))
            return finding;
    }
    return NULL;
}

const MoeFinding *
expect_finding(const MoeFindings *findings, const char *check, int router, MoeSeverity severity,
               int64_t count)
{
    const MoeFinding *finding = find_finding(findings, check, router);
    if (!finding)
        g_error("check %s found nothing", check);
    g_test_message("%s: %s", check, finding->text);
    g_assert_cmpstr(moe_severity_name(finding->severity), ==, moe_severity_name(severity));
    g_assert_cmpint(finding->count, ==, count);
    g_assert_true(*finding->text && *finding->why && *finding->remedy);
    return finding;
}

void
expect_none(const MoeFindings *findings, const char *check)
{
    const MoeFinding *finding = find_finding(findings, check, -1);
    if (finding)
        g_error("%s: %s", check, finding->text);
}

void
expect_clean(const MoeFindings *findings)
{
    for (int i = 0; i < moe_findings_count(findings); i++) {
        const MoeFinding *finding = moe_findings_get(findings, i);
        if (finding->severity > MOE_FINDING_NOTE)
            g_error("%s (router %d): %s", finding->check, finding->router, finding->text);
    }
    g_autofree char *verdict = moe_findings_verdict(findings);
    g_assert_true(g_str_has_prefix(verdict, "clean: "));
}

MoeTrace *
made_restated(const char *from, const char *to, const char *member, const char *what,
              const char *with)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeZipReader) reader = moe__zip_reader_open(from, UINT64_MAX, &error);
    g_autoptr(MoeZipWriter) writer = moe__zip_writer_new(to, NULL, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < reader->entries->len; i++) {
        const MoeZipEntry *entry = &g_array_index(reader->entries, MoeZipEntry, i);
        MoeZipPacked packed;
        char *bytes = (char *)moe__zip_reader_read(reader, entry, &error);
        for (char *at = bytes;
             g_str_equal(entry->name, member) &&
             (at = memmem(at, entry->size - (gsize)(at - bytes), what, strlen(what)));)
            memcpy(at, with, strlen(with));
        g_assert_true(moe__zip_pack((uint8_t *)bytes, entry->size, 1, &packed));
        moe__zip_writer_add(writer, entry->name, &packed, &error);
        moe__zip_packed_clear(&packed);
    }
    moe__zip_writer_finish(writer, &error);
    g_assert_no_error(error);
    MoeTrace *trace = moe_trace_open(to, &error);
    g_assert_no_error(error);
    return trace;
}
