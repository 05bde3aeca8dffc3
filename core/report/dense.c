/* SPDX-License-Identifier: MIT
 *
 * The report of a dense run: there is no routing to tell of, but how the training went, beside
 * which the losses of its sparse twins are read.
 */
#include "report/dense.h"
#include "report/report.h"
#include "report/run-series.h"
#include "report/words.h"

#include "figure/run-log.h"

#include <moescope/recipe.h>

static MoeRecipe *
recipe_of(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "recipe.ini", NULL);
    return moe_recipe_load(path, NULL);
}

bool
moe__report_is_dense(const char *path)
{
    g_autofree char *trace = g_build_filename(path, "trace.npz", NULL);
    if (!moe__run_log_is(path) || g_file_test(trace, G_FILE_TEST_EXISTS))
        return false;
    g_autoptr(MoeRecipe) recipe = recipe_of(path);
    return recipe && g_strcmp0(moe_recipe_text(recipe, "moe.variant"), "dense") == 0;
}

/* What of the recipe says most, in the words of its keys. (transfer full) */
static char *
recipe_words(const char *path)
{
    static const char *const counts[] = {"model.layers", "model.d_model", "moe.hidden",
                                         "train.steps",  "train.batch",   "train.length",
                                         "train.seed"};
    g_autoptr(MoeRecipe) recipe = recipe_of(path);
    g_autoptr(GString) text = g_string_new("moe.variant" NBSP "=" NBSP "dense");
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        g_string_append_printf(text, ", %s" NBSP "=" NBSP "%" G_GINT64_FORMAT, counts[i],
                               moe_recipe_int(recipe, counts[i]));
    char rate[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(rate, sizeof(rate), "%g", moe_recipe_real(recipe, "optim.lr"));
    g_string_append_printf(text, ", optim.lr" NBSP "=" NBSP "%s, data.tokenizer" NBSP "=" NBSP "%s",
                           rate, moe_recipe_text(recipe, "data.tokenizer"));
    return g_strdup(text->str);
}

static void
add_provenance(const char *path, const char *name, MoeDocument *document)
{
    g_autofree char *recipe = recipe_words(path);
    g_autofree char *program = g_strdup_printf("moescope %s", moe_version());
    g_autofree char *again = g_strdup_printf("moescope report %s", name);
    moe_document_section(document, "provenance", "Where this comes from");
    moe_document_fact(document, "folder", name);
    moe_document_fact(document, "model", "dense, without routers");
    moe_document_fact(document, "recipe", recipe);
    moe_document_fact(document, "report by", program);
    moe_document_fact(document, "made with", again);
}

static bool
read_ends(const char *path, const char *name, SeriesEnds *ends)
{
    int64_t n = 0;
    g_autofree double *pairs = moe__run_log_read(path, name, &n, NULL);
    return pairs && moe__series_ends(pairs, n, ends);
}

/* (transfer full) */
static char *
how_it_went(const char *path)
{
    SeriesEnds loss, validation;
    bool has_loss = read_ends(path, "loss", &loss);
    bool has_validation = read_ends(path, VALIDATION, &validation);
    return moe__series_say_loss(has_loss ? &loss : NULL, has_validation ? &validation : NULL);
}

static bool
add_training(const char *path, const char *words, MoeDocument *document, GError **error)
{
    static const char *const names[] = {"loss", "validation_loss", "validation_bits_per_byte",
                                        "grad_norm", "lr"};
    static const char *const figures[] = {"losses", "losses name=validation_bits_per_byte"};
    g_autoptr(MoeFigureInput) input = moe_figure_input_new();
    if (!moe_figure_input_open(input, path, NULL, error))
        return false;
    moe_document_section(document, "training", "Training");
    if (words)
        moe_document_point(document, words);
    for (gsize i = 0; i < G_N_ELEMENTS(figures); i++)
        g_free(moe__report_add_figure(input, figures[i], document));
    RowTable table = moe__series_table();
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        SeriesEnds ends;
        if (read_ends(path, names[i], &ends))
            moe__series_row(&table, names[i], &ends);
    }
    moe__row_table_end(&table, "series", "Series of the run: first and last value.", document);
    return true;
}

MoeDocument *
moe__report_dense(const char *path, const MoeReportOptions *options, GError **error)
{
    g_autofree char *name = g_path_get_basename(path), *words = how_it_went(path);
    g_autofree char *title = g_strdup_printf("Run of %s", name);
    g_autoptr(GPtrArray) sections = moe__report_choose(options ? options->sections : NULL, error);
    static const MoeColumn model = {.title = "model", .type = MOE_COLUMN_TEXT};
    const MoeEntry dense = moe__entry_text("dense");
    SeriesEnds validation;
    if (!sections)
        return NULL;
    g_autoptr(MoeDocument) document = moe_document_new(title);
    moe_document_set_lead(document,
                          "A dense model: without routers there is no routing to report.");
    moe__document_headline(document, &model, &dense);
    if (read_ends(path, VALIDATION, &validation))
        moe__series_headline(&validation, document);
    moe_document_section(document, "summary", "In short");
    if (words)
        moe__document_point_of(document, "training", "Training", words);
    else
        moe_document_note(document, "the run wrote no losses down yet");
    add_provenance(path, name, document);
    if (g_ptr_array_find(sections, &moe__section_training, NULL) &&
        !add_training(path, words, document, error))
        return NULL;
    return g_steal_pointer(&document);
}
