/* SPDX-License-Identifier: MIT */
#include "base/json-out.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static void
test_line(void)
{
    GString *line = moe__json_line();
    moe__json_int(line, "step", 12);
    moe__json_float(line, "loss", 0.1f);
    moe__json_real(line, "lr", 3e-4);
    moe__json_bool(line, "eval", false);
    moe__json_string(line, "note", "a \"b\"\n\x01\xff");
    moe__json_string(line, "none", NULL);
    moe__json_real(line, "bad", NAN);
    moe__json_float(line, "worse", -INFINITY);
    g_autofree char *text = moe__json_line_end(line);
    g_assert_cmpstr(text, ==,
                    "{\"step\": 12, \"loss\": 0.1, \"lr\": 0.0003, \"eval\": false, "
                    "\"note\": \"a \\\"b\\\"\\n\\u0001\xEF\xBF\xBD\", \"none\": null, "
                    "\"bad\": null, \"worse\": null}\n");
    g_autoptr(JsonParser) parser = json_parser_new();
    g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
}

static void
test_round_trip(void)
{
    MoeRng rng = moe_rng(5, 5);
    for (int i = 0; i < 20000; i++) {
        float x;
        uint32_t bits = moe_rng_u32(&rng);
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x))
            continue;
        g_autoptr(GString) one = g_string_new(NULL), two = g_string_new(NULL);
        moe__json_append_float(one, x);
        g_assert_true((float)g_ascii_strtod(one->str, NULL) == x);
        double y = x * 1.1;
        moe__json_append_real(two, y);
        g_assert_true(g_ascii_strtod(two->str, NULL) == y);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-out/line", test_line);
    g_test_add_func("/json-out/round-trip", test_round_trip);
    return g_test_run();
}
