/* SPDX-License-Identifier: MIT
 *
 * The importers of logs, and how each knows its own.
 */
#include "import/csv.h"
#include "import/importers.h"
#include "import/log-row.h"
#include "import/row-log.h"

#include <string.h>

static bool
read_jsonl(MoeImport *import, GError **error)
{
    return moe__row_log_read(import, false, error);
}

static bool
read_csv(MoeImport *import, GError **error)
{
    return moe__row_log_read(import, true, error);
}

/* --- Which is it ------------------------------------------------------------------------------*/

/* Whether it begins with an object, or an array of some. */
static bool
begins_object(const MoeImportHead *head)
{
    static const char blanks[] = " \t\r\n\xef\xbb\xbf";
    const char *at = head->text + strspn(head->text, blanks);
    if (*at == '[')
        at += 1 + strspn(at + 1, blanks);
    return *at == '{';
}

static int
score_vllm(const MoeImportHead *head)
{
    bool named = strstr(head->text, "\"topk_ids\"") && strstr(head->text, "\"layer");
    return begins_object(head) && named ? 90 : 0;
}

static int
score_plain(const MoeImportHead *head)
{
    return begins_object(head) && moe__log_is_told(head->text) ? 45 : 0;
}

/* A line of names, among them those of layer and experts. */
static int
score_csv(const MoeImportHead *head)
{
    g_auto(GStrv) names = moe__csv_names(head->text);
    bool layer = false, experts = false;
    for (char **name = names; *name; name++) {
        bool numbered;
        MoeLogField field = moe__log_column(*name, &numbered);
        layer = layer || field == MOE_LOG_LAYER;
        experts = experts || field == MOE_LOG_EXPERTS;
    }
    return layer && experts ? 60 : 0;
}

const MoeImporter moe__import_vllm_jsonl = {
    .struct_size = sizeof(MoeImporter),
    .name = "vllm-jsonl",
    .help = "JSON Lines of a logger in vLLM: meta and route lines, topk_ids and topk_weights",
    .cite = "github.com/KennethWang1221/vllm-expert-profiler and others",
    .score = score_vllm,
    .read = read_jsonl,
};

const MoeImporter moe__import_jsonl = {
    .struct_size = sizeof(MoeImporter),
    .name = "jsonl",
    .help = "JSON Lines, one a token and layer: doc, pos, id, domain, layer, experts, gates",
    .cite = "the plain layout of core/import/README.md",
    .score = score_plain,
    .read = read_jsonl,
};

const MoeImporter moe__import_csv = {
    .struct_size = sizeof(MoeImporter),
    .name = "csv",
    .help = "CSV with a line of names: doc, pos, id, domain, layer, experts, gates",
    .cite = "the plain layout of core/import/README.md",
    .score = score_csv,
    .read = read_csv,
};
