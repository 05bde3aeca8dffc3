/* SPDX-License-Identifier: MIT
 *
 * Documents as HTML, PDF, Markdown and JSON: everything said, nothing taken for markup, the same
 * bytes again.
 */
#include "report/document.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define HOSTILE "<script>alert('1')</script> & \"x\" | *b* `c` </style>"

static MoeScene *
scene_new(const char *title)
{
    MoeScene *scene = moe_scene_new(title);
    const MoeAxis x = {.type = MOE_AXIS_BAND, .bands = 2, .label = "expert"};
    const MoeAxis y = {.type = MOE_AXIS_LINEAR, .min = 0, .max = 1, .label = HOSTILE};
    const double values[] = {0.25, 0.123456789012345};
    int panel = moe_scene_add_panel(scene, HOSTILE, NULL, &x, &y);
    const MoeBars bars = {.n = 2, .value = values, .words = "expert {band} " HOSTILE ": {value}"};
    moe_scene_add_bars(scene, panel, &bars);
    moe_scene_set_caption(scene, "caption " HOSTILE);
    return scene;
}

static void
add_table(MoeDocument *document)
{
    static const MoeColumn columns[] = {{.title = "name " HOSTILE, .type = MOE_COLUMN_TEXT},
                                        {.title = "n", .type = MOE_COLUMN_COUNT},
                                        {.title = "value",
                                         .unit = "share",
                                         .help = HOSTILE,
                                         .chance = "uniform",
                                         .type = MOE_COLUMN_VALUE}};
    const MoeEntry entries[] = {
        {.text = HOSTILE, .link = "a <b>"},
        {.value = 12345, .low = NAN, .high = NAN, .chance = NAN},
        {.value = 0.1 + 0.2, .low = 0.25, .high = 0.35, .chance = 1.0 / 3},
        {.text = "\xff invalid"},
        {.value = NAN, .low = NAN, .high = NAN, .chance = NAN},
        {.value = 0.5, .low = NAN, .high = NAN, .chance = 0.25},
    };
    const MoeTable table = {"numbers", "caption " HOSTILE, 3, 2, columns, entries};
    moe_document_table(document, &table);
}

static MoeDocument *
document_new(void)
{
    MoeDocument *document = moe_document_new("Title " HOSTILE);
    moe_document_set_lead(document, HOSTILE);
    moe_document_section(document, "first", "First " HOSTILE);
    moe__document_point_of(document, "second", HOSTILE, HOSTILE);
    moe_document_point(document, HOSTILE);
    moe_document_paragraph(document, HOSTILE);
    moe_document_heading(document, HOSTILE);
    moe_document_fact(document, HOSTILE, HOSTILE);
    moe_document_verdict(document, MOE_VERDICT_WARNING, HOSTILE, "why " HOSTILE, HOSTILE);
    moe_document_section(document, "second", "Second");
    moe_document_note(document, HOSTILE);
    add_table(document);
    moe_document_figure(document, "bars", "Bars " HOSTILE, scene_new(HOSTILE));
    return document;
}

static int
count(const char *text, const char *what)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* One script and one style, which are the page's own. */
static void
test_html(void)
{
    g_autoptr(MoeDocument) document = document_new();
    g_autofree char *html = moe_document_html(document, MOE_REPORT_AUTO);
    g_assert_cmpint(count(html, "<script"), ==, 1);
    g_assert_cmpint(count(html, "</style"), ==, 1);
    g_assert_true(g_str_has_prefix(html, "<!DOCTYPE html>\n<html lang=\"en\">"));
    g_assert_true(g_str_has_suffix(html, "</html>\n"));
    g_assert_nonnull(strstr(html, "&lt;script&gt;alert(&apos;1&apos;)&lt;/script&gt; &amp; "
                                  "&quot;x&quot;"));
    g_assert_nonnull(strstr(html, "href=\"a%20%3Cb%3E.html\""));
    g_assert_nonnull(strstr(html, "data-v=\"0.3\""));
    g_assert_nonnull(strstr(html, "30.0 <span class=\"i\">[25.0,") ?: strstr(html, ">30 <span"));
    g_assert_nonnull(strstr(html, "<svg role=\"img\""));
    g_assert_nonnull(strstr(html, "<title>expert 1 &lt;script&gt;"));
    g_assert_nonnull(strstr(html, "<b>Bars &lt;script&gt;"));
    g_assert_true(g_utf8_validate(html, -1, NULL));
}

static void
test_html_themes(void)
{
    g_autoptr(MoeDocument) document = document_new();
    g_autofree char *automatic = moe_document_html(document, MOE_REPORT_AUTO);
    g_autofree char *light = moe_document_html(document, MOE_REPORT_LIGHT);
    g_autofree char *dark = moe_document_html(document, MOE_REPORT_DARK);
    g_assert_nonnull(strstr(automatic, "@media screen and (prefers-color-scheme:dark){:root{"));
    g_assert_null(strstr(light, "@media screen"));
    g_assert_nonnull(strstr(dark, "@media screen{:root{"));
}

static void
test_markdown(void)
{
    g_autoptr(MoeDocument) document = document_new();
    g_autofree char *text = moe_document_markdown(document);
    g_assert_true(g_str_has_prefix(text, "# Title \\<script\\>alert('1')\\</script\\> \\& \"x\" "
                                         "\\| \\*b\\* \\`c\\`"));
    g_assert_nonnull(strstr(text, "\n| :-- | --: | --: |\n"));
    g_assert_nonnull(strstr(text, "](a%20%3Cb%3E.md) | 12,345 | "));
    g_assert_nonnull(strstr(text, "\n- **warning:** "));
    g_assert_nonnull(strstr(text, "\n**Figure: Bars "));
    g_autoptr(MoeDocument) small = moe_document_new("Small");
    moe_document_verdict(small, MOE_VERDICT_ERROR, "5 pads", "they mislead", "drop them");
    moe_document_verdict(small, MOE_VERDICT_GOOD, "clean", NULL, NULL);
    moe_document_verdict(small, MOE_VERDICT_NOTE, "Ends.", NULL, "say so.");
    g_autofree char *verdicts = moe_document_markdown(small);
    g_assert_nonnull(strstr(verdicts, "- **error:** 5 pads. *Why it matters:* they mislead. *What "
                                      "to do:* drop them.\n"));
    g_assert_nonnull(strstr(verdicts, ":** clean\n"));
    g_assert_nonnull(strstr(verdicts, ":** Ends. *What to do:* say so.\n"));
    g_assert_cmpint(count(text, "<script"), ==, count(text, "\\<script"));
}

static JsonObject *
block_at(JsonObject *root, guint i)
{
    return json_array_get_object_element(json_object_get_array_member(root, "blocks"), i);
}

/* Texts come back as they were; numbers digit by digit, those of figures too. */
static void
test_json(void)
{
    g_autoptr(MoeDocument) document = document_new();
    g_autofree char *text = moe_document_json(document);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    json_parser_load_from_data(parser, text, -1, &error);
    g_assert_no_error(error);
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    g_assert_cmpstr(json_object_get_string_member(root, "schema"), ==, "moescope.report/1");
    g_assert_cmpstr(json_object_get_string_member(root, "title"), ==, "Title " HOSTILE);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(root, "blocks")), ==, 11);
    JsonArray *row =
        json_array_get_array_element(json_object_get_array_member(block_at(root, 9), "rows"), 0);
    JsonObject *value = json_array_get_object_element(row, 2);
    g_assert_cmpstr(json_array_get_string_element(row, 0), ==, HOSTILE);
    g_assert_cmpfloat(json_object_get_double_member(value, "value"), ==, 0.1 + 0.2);
    g_assert_cmpfloat(json_object_get_double_member(value, "chance"), ==, 1.0 / 3);
    JsonArray *other =
        json_array_get_array_element(json_object_get_array_member(block_at(root, 9), "rows"), 1);
    g_assert_true(json_array_get_null_element(other, 1));
    JsonObject *group =
        json_array_get_object_element(json_object_get_array_member(block_at(root, 10), "data"), 0);
    g_assert_cmpstr(json_object_get_string_member(group, "mark"), ==, "bar");
    g_assert_cmpstr(json_object_get_string_member(group, "panel"), ==, HOSTILE);
    JsonArray *bar = json_array_get_array_element(json_object_get_array_member(group, "rows"), 1);
    g_assert_cmpfloat(json_array_get_double_element(bar, json_array_get_length(bar) - 1), ==,
                      0.123456789012345);
}

static void
test_pdf(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeDocument) document = document_new();
    g_autoptr(GBytes) first = moe_document_pdf(document, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) second = moe_document_pdf(document, &error);
    gsize length;
    g_assert_true(g_str_has_prefix(g_bytes_get_data(first, &length), "%PDF-1."));
    g_assert_true(g_bytes_equal(first, second));
}

/* A table longer than a page, and wider than one; a title that fills a page. */
static void
test_pdf_large(void)
{
    enum { ROWS = 120, COLUMNS = 20 };
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeDocument) document = moe_document_new("Large");
    g_autofree MoeColumn *columns = g_new0(MoeColumn, COLUMNS);
    g_autofree MoeEntry *entries = g_new0(MoeEntry, ROWS * COLUMNS);
    g_autofree char *longest = g_strnfill(9000, 'w');
    for (int c = 0; c < COLUMNS; c++)
        columns[c] = (MoeColumn){.title = "a column", .type = MOE_COLUMN_VALUE};
    for (int i = 0; i < ROWS * COLUMNS; i++)
        entries[i] = (MoeEntry){NULL, NULL, i, i - 1, i + 1, NAN};
    const MoeTable table = {"large", "Large.", COLUMNS, ROWS, columns, entries};
    moe_document_section(document, "large", longest);
    moe_document_table(document, &table);
    moe_document_paragraph(document, longest);
    g_autoptr(GBytes) pdf = moe_document_pdf(document, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(pdf), >, 20000);
}

/* Nothing at all is a document too. */
static void
test_empty(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MoeDocument) document = moe_document_new("");
    g_autofree char *html = moe_document_html(document, MOE_REPORT_LIGHT);
    g_autofree char *markdown = moe_document_markdown(document);
    g_autofree char *json = moe_document_json(document);
    g_autoptr(GBytes) pdf = moe_document_pdf(document, &error);
    g_assert_no_error(error);
    g_assert_nonnull(pdf);
    g_assert_nonnull(strstr(html, "<main>\n</main>"));
    g_assert_cmpstr(markdown, ==, "# \n");
    g_assert_nonnull(strstr(json, "\"blocks\":[]"));
}

/* Rows that no report has are left out; columns are those of all. */
static void
test_index(void)
{
    static const MoeColumn tokens = {.title = "tokens", .type = MOE_COLUMN_COUNT};
    static const MoeColumn other = {.title = "other", .type = MOE_COLUMN_VALUE};
    g_autoptr(MoeReportIndex) index = moe_report_index_new(3);
    g_autoptr(MoeDocument) a = moe_document_new("A"), b = moe_document_new("B");
    const MoeEntry ten = moe__entry_number(10), half = moe__entry_number(0.5);
    moe__document_headline(a, &tokens, &ten);
    moe__document_headline(b, &other, &half);
    moe_report_index_set(index, 2, b, "b");
    moe_report_index_set(index, 0, a, "a");
    g_autoptr(MoeDocument) document = moe_report_index_document(index);
    g_autofree char *text = moe_document_markdown(document);
    g_assert_nonnull(strstr(text, "| report | tokens | other |\n| :-- | --: | --: |\n"
                                  "| [a](a.md) | 10 | – |\n| [b](b.md) | – | 0.500 |\n"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report/html", test_html);
    g_test_add_func("/report/html-themes", test_html_themes);
    g_test_add_func("/report/markdown", test_markdown);
    g_test_add_func("/report/json", test_json);
    g_test_add_func("/report/pdf", test_pdf);
    g_test_add_func("/report/pdf-large", test_pdf_large);
    g_test_add_func("/report/empty", test_empty);
    g_test_add_func("/report/index", test_index);
    return g_test_run();
}
