/* SPDX-License-Identifier: MIT
 *
 * Logs as loggers of one's own write them: other names, experts a line or a column each, several
 * tokens a line, layers by their names. All say the same, which is what has to come out.
 */
#include "import-trace.h"

/* Two tokens, layers 3 and 4, in any of these layouts. */
static void
expect_same(const char *name, const char *text)
{
    g_test_message("%s: %s", name, text);
    g_autofree char *path = import_file(name, text, -1);
    MoeImportOptions options = told;
    options.k = 2;
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "2:0.5 5:0.25, 1:0.75 0:0.25");
    expect_picks(trace, 1, "6:0.5 7:0.5, 3:0.75 4:0.25");
    expect_column(trace, "tokens/pos", "0 1");
    g_assert_cmpint(moe_trace_router(trace, 0)->layer, ==, 3);
    g_assert_cmpint(moe_trace_router(trace, 1)->layer, ==, 4);
}

static void
test_json(void)
{
    static const char *const texts[] = {
        /* layers by name, other keys, null for what isn't known */
        "{\"layer_name\": \"model.layers.3.mlp.gate\", \"position\": null, \"topk_indices\": [5, "
        "2], "
        "\"routing_weights\": [0.25, 0.5], \"extra\": {\"a\": [1]}}\n"
        "{\"layer_name\": \"model.layers.4.mlp.gate\", \"topk_indices\": [6, 7], "
        "\"routing_weights\": [0.5, 0.5]}\n"
        "{\"layer_name\": \"model.layers.3.mlp.gate\", \"topk_indices\": [1, 0], "
        "\"routing_weights\": [0.75, 0.25]}\n"
        "{\"layer_name\": \"model.layers.4.mlp.gate\", \"topk_indices\": [4, 3], "
        "\"routing_weights\": [0.25, 0.75]}",
        /* a line an expert */
        "{\"token\": 0, \"layer\": \"3\", \"expert\": 5, \"weight\": 0.25}\n"
        "{\"token\": 0, \"layer\": \"3\", \"expert\": 2, \"weight\": 0.5}\n"
        "{\"token\": 0, \"layer\": \"4\", \"expert\": 6, \"weight\": 0.5}\n"
        "{\"token\": 0, \"layer\": \"4\", \"expert\": 7, \"weight\": 0.5}\n"
        "{\"token\": 1, \"layer\": \"3\", \"expert\": 1, \"weight\": 0.75}\n"
        "{\"token\": 1, \"layer\": \"3\", \"expert\": 0, \"weight\": 0.25}\n"
        "{\"token\": 1, \"layer\": \"4\", \"expert\": 4, \"weight\": 0.25}\n"
        "{\"token\": 1, \"layer\": \"4\", \"expert\": 3, \"weight\": 0.75}\n",
        /* a line a pass, of a type that isn't "route" */
        "{\"type\": \"routing\", \"layer\": 3, \"topk_ids\": [[5, 2], [1, 0]], "
        "\"topk_weights\": [[0.25, 0.5], [0.75, 0.25]]}\n"
        "{\"type\": \"routing\", \"layer\": 4, \"topk_ids\": [ [6, 7], [4, 3]], "
        "\"topk_weights\": [[0.5, 0.5], [0.25, 0.75]]}\n",
        "{\"layer\": 3.0, \"positions\": [1, 0], \"topk_ids\": [[[1, 0], [5, 2]]], "
        "\"topk_weights\": [[[0.75, 0.25], [0.25, 0.5]]]}\n"
        "{\"layer\": 4, \"positions\": [0, 1], \"topk_ids\": [[[6, 7], [4, 3]]], "
        "\"topk_weights\": [[[0.5, 0.5], [0.25, 0.75]]]}\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        expect_same("log.jsonl", texts[i]);
}

static void
test_csv(void)
{
    static const char *const texts[] = {
        /* a line an expert */
        "token,layer,rank,expert,weight\n0,3,0,5,.25\n0,3,1,2,.5\n0,4,0,6,.5\n0,4,1,7,.5\n"
        "1,3,0,1,.75\n1,3,1,0,.25\n1,4,0,4,.25\n1,4,1,3,.75",
        /* a column an expert */
        "token_idx,layer,expert_0,expert_1,weight_0,weight_1\n0,3,5,2,.25,.5\n0,4,6,7,.5,.5\n"
        "1,3,1,0,.75,.25\n1,4,4,3,.25,.75\n",
        "text,pos,layer,top1_expert,top2_expert,top1_weight,top2_weight\nHello,0,3,5,2,.25,.5\n"
        "Hello,0,4,6,7,.5,.5\n\", \",1,3,1,0,.75,.25\n\", \",1,4,4,3,.25,.75\n",
        /* numbers as pandas has them beside missing ones, lists as Python and torch print them */
        "pos,layer,experts,gates\n0.0,3.0,\"(5, 2)\",\"(0.25, 0.5)\"\n"
        "0.0,4.0,\"tensor([6, 7])\",\"tensor([0.5000, 0.5000])\"\n"
        "1.0,3.0,\"array([1, 0])\",[.75 .25]\n1.0,4.0,4|3,.25|.75\n",
        "pos;layer;experts;gates\n0;model.layers.3.mlp;5,2;.25,.5\n0;model.layers.4.mlp;6,7;.5,.5\n"
        "1;model.layers.3.mlp;1,0;.75,.25\n1;model.layers.4.mlp;4,3;.25,.75\n",
        /* of llama.cpp's kind: nothing names the tokens */
        "layer,expert,weight\n3,5,.25\n3,2,.5\n4,6,.5\n4,7,.5\n3,1,.75\n3,0,.25\n4,4,.25\n4,3,."
        "75\n",
        "Weight;Expert ID;Layer ID;step\n.25;5;3;0\n.5;2;3;0\n.5;6;4;0\n.5;7;4;0\n.75;1;3;1\n"
        ".25;0;3;1\n.25;4;4;1\n.75;3;4;1\n",
        ",layer,expert,prob\n0,blk.3,5,.25\n1,blk.3,2,.5\n2,blk.4,6,.5\n3,blk.4,7,.5\n4,blk.3,1,."
        "75\n"
        "5,blk.3,0,.25\n6,blk.4,4,.25\n7,blk.4,3,.75\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        expect_same("log.csv", texts[i]);
}

/* What says less than is needed, or the same twice. */
static void
test_refused(void)
{
    static const char *const cases[][2] = {
        {"{\"layer\": 0, \"expert\": 1}\n", "no place of the token that would tell which lines"},
        {"{\"layer\": \"gate\", \"experts\": [1]}\n",
         "line 1, byte 10: layer: found \"gate\", expected a name that numbers it"},
        {"{\"layer\": \"mlp.1.gate.2\", \"experts\": [1]}\n", "expected a name that numbers it"},
        {"{\"layer\": 1.5, \"experts\": [1]}\n", "layer: found a number, expected an integer"},
        {"{\"layer\": 0, \"experts\": [[1, 2], [3]]}\n", "experts: found a list of 1, 2 before"},
        {"{\"layer\": 0, \"experts\": [1.5]}\n", "experts: found a number, expected an integer"},
        {"{\"layer\": 0, \"experts\": [1], \"topk_ids\": [1]}\n",
         "experts: found them a second time"},
        {"{\"layer\": 0, \"pos\": [0], \"experts\": [[1], [2]]}\n",
         "line 1: found 1 positions for the experts of 2 tokens"},
        {"{\"layer\": 0, \"pos\": [0, -4], \"experts\": [[1], [2]]}\n",
         "position: found -4, expected 0 or more"},
        {"{\"layer\": 0, \"experts\": [[1], [2]], \"gates\": [[0.5], [0.25, 0.5]]}\n",
         "gates: found a list of 2, 1 before"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i][0]);
        g_autofree char *path = import_file("x.jsonl", cases[i][0], -1);
        expect_failure(path, &told, cases[i][1]);
    }
}

/* Top-1 models have an expert a line that is no list. */
static void
test_top_one(void)
{
    static const char text[] = "{\"layer\": 1, \"expert\": 5}\n{\"layer\": 3, \"expert\": 2}\n"
                               "{\"layer\": 1, \"expert\": 4}\n{\"layer\": 3, \"expert\": 2}\n";
    MoeImportOptions options = told;
    options.k = 1;
    g_autofree char *path = import_file("one.jsonl", text, -1);
    g_autoptr(MoeTrace) trace = import_all((const char *[]){path}, 1, &options, NULL);
    expect_picks(trace, 0, "5, 4");
    expect_picks(trace, 1, "2, 2");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-loggers/json", test_json);
    g_test_add_func("/import-loggers/csv", test_csv);
    g_test_add_func("/import-loggers/refused", test_refused);
    g_test_add_func("/import-loggers/top-one", test_top_one);
    int status = g_test_run();
    import_files_remove();
    return status;
}
