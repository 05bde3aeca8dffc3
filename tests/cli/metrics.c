/* SPDX-License-Identifier: MIT
 *
 * moescope metrics from the outside: its four formats, what can be chosen, and complaints.
 */
#include "place.h"
#include "run.h"

#include <json-glib/json-glib.h>
#include <moescope/trace.h>

/* Two layers of E 4, k 1 over two domains; layer 2 takes every expert in turn, layer 7 one alone.
 */
static void
write_trace(const char *path)
{
    enum { TOKENS = 40 };
    g_autoptr(GError) error = NULL;
    const char *const domains[2] = {"prose", "a, \"b\""};
    const MoeRouterInfo routers[2] = {
        {2, 4, 1, 1, 0, false, true, (char *)"linear", (char *)"topk", (char *)"score"},
        {7, 4, 1, 1, 0, false, true, (char *)"linear", (char *)"topk", (char *)"score"},
    };
    int32_t id[TOKENS], domain[TOKENS], expert[2][TOKENS] = {{0}};
    for (int t = 0; t < TOKENS; t++) {
        id[t] = t;
        domain[t] = t >= TOKENS / 2;
        expert[0][t] = t % 4;
    }
    g_autofree char *meta = moe_trace_meta(routers, 2, domains, 2, NULL);
    MoeTraceOptions options = {0};
    MoeTraceWriter *writer = moe_trace_writer_new(path, meta, routers, 2, &options, &error);
    g_assert_no_error(error);
    MoeTraceTokens tokens = {.n = TOKENS, .id = id, .domain = domain};
    const MoeTracePicks picks[2] = {{.expert = expert[0]}, {.expert = expert[1]}};
    moe_trace_writer_append(writer, &tokens, picks, &error);
    moe_trace_writer_close(writer, &error);
    g_assert_no_error(error);
}

static void
test_text(void)
{
    g_auto(Run) all = run_moescope("metrics", "t.npz", "--only", "cv,dead,same-first", NULL);
    run_expect(&all, 0, "t.npz, layer 2, all tokens: E = 4, T = 40 units, N = 40 picks\n", "");
    run_expect(&all, 0, "\n\nt.npz, layer 7, all tokens: ", "");
    /* sqrt((1 - 1/4) / (40 / 4)) and sqrt(3). */
    run_expect(&all, 0,
               "\n  cv                          1.73205     0.273861            -  ratio\n", "");
    run_expect(&all, 0,
               "\n  same-first                        1         0.25            1  share\n", "");
    g_auto(Run) some = run_moescope("metrics", "t.npz", "--layers", "3-9", "--markdown", NULL);
    run_expect(&some, 0, "### t.npz, layer 7, all tokens", "");
    run_expect(&some, 0, "\n| maxvio | 3 | ", "");
    g_assert_null(g_strrstr(some.out, "layer 2"));
}

static void
test_csv(void)
{
    g_auto(Run) run = run_moescope("metrics", "t.npz", "--csv", "--by", "domain", "--only", "dead",
                                   "--layers", "7", NULL);
    run_expect(&run, 0,
               "trace,router,layer,scope,domain,experts,units,picks,metric,value,uniform,shuffled,"
               "unit\nt.npz,1,7,all,,4,40,40,dead,3,",
               "");
    run_expect(&run, 0, "\nt.npz,1,7,domain,prose,4,20,20,dead,3,", "");
    run_expect(&run, 0, "\nt.npz,1,7,domain,\"a, \"\"b\"\"\",4,20,20,dead,3,", "");
}

static void
test_json(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(Run) run = run_moescope("metrics", "t.npz", "t.npz", "--json", NULL);
    run_expect(&run, 0, NULL, "");
    g_autoptr(JsonParser) parser = json_parser_new();
    json_parser_load_from_data(parser, run.out, -1, &error);
    g_assert_no_error(error);
    JsonArray *groups = json_node_get_array(json_parser_get_root(parser));
    g_assert_cmpint(json_array_get_length(groups), ==, 4);
    JsonObject *group = json_array_get_object_element(groups, 2);
    g_assert_cmpint(json_object_get_int_member(group, "layer"), ==, 2);
    JsonObject *metrics = json_object_get_object_member(group, "metrics");
    JsonObject *one = json_object_get_object_member(metrics, "effective-experts");
    g_assert_cmpfloat_with_epsilon(json_object_get_double_member(one, "value"), 4, 1e-12);
    one = json_object_get_object_member(metrics, "margin"); /* no gates */
    g_assert_true(json_object_get_null_member(one, "value"));
}

static void
test_list(void)
{
    g_auto(Run) text = run_moescope("metrics", "--list", NULL);
    run_expect(&text, 0, "\nmaxvio [ratio]\n  (max_e c_e - m) / m\n  source: Wang et al. 2024", "");
    g_auto(Run) markdown = run_moescope("metrics", "--list", "--markdown", NULL);
    run_expect(&markdown, 0, "\n| avgvio | (1/E) Σ \\|c_e - m\\| / m | ratio |", "");
    g_auto(Run) csv = run_moescope("metrics", "--list", "--csv", NULL);
    run_expect(&csv, 0, "\ngini,\"Σ_i (2i - E - 1) c_(i) / (E N), c ascending\",ratio,", "");
    g_auto(Run) json = run_moescope("metrics", "--list", "--json", NULL);
    run_expect(&json, 0, "\"name\": \"dead\", ", "");
}

static void
test_complaints(void)
{
    g_auto(Run) none = run_moescope("metrics", NULL);
    run_expect(&none, 2, "", "found no trace");
    g_auto(Run) near = run_moescope("metrics", "t.npz", "--only", "giny", NULL);
    run_expect(&near, 2, "", "found no metric \"giny\"; did you mean \"gini\"?");
    const char *const layers[] = {"", "1,", "5-3", "x", "1-", "12345678901"};
    for (gsize i = 0; i < G_N_ELEMENTS(layers); i++) {
        g_auto(Run) wrong = run_moescope("metrics", "t.npz", "--layers", layers[i], NULL);
        run_expect(&wrong, 2, "", "expected layers and ranges (0,3-5)");
    }
    g_auto(Run) beyond = run_moescope("metrics", "t.npz", "--layers", "8-9", NULL);
    run_expect(&beyond, 1, "", "t.npz: found no router in the layers of --layers");
    g_auto(Run) by = run_moescope("metrics", "t.npz", "--by", "layer", NULL);
    run_expect(&by, 2, "", "found --by layer, expected --by domain");
    g_auto(Run) two = run_moescope("metrics", "t.npz", "--json", "--csv", NULL);
    run_expect(&two, 2, "", "expected one");
    g_auto(Run) absent = run_moescope("metrics", "t.npz", "absent.npz", NULL);
    run_expect(&absent, 1, "", "moescope: absent.npz: ");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/metrics/text", test_text);
    g_test_add_func("/cli/metrics/csv", test_csv);
    g_test_add_func("/cli/metrics/json", test_json);
    g_test_add_func("/cli/metrics/list", test_list);
    g_test_add_func("/cli/metrics/complaints", test_complaints);
    place_enter();
    write_trace("t.npz");
    int status = g_test_run();
    place_leave();
    return status;
}
