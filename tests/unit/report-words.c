/* SPDX-License-Identifier: MIT
 *
 * Words derived from numbers: decimals by intervals, per cent, chance, the layer that is told of.
 */
#include "report/statement.h"
#include "report/words.h"

#include <math.h>

static void
expect(char *said, const char *expected)
{
    /* No-break spaces as they are read. */
    g_auto(GStrv) parts = g_strsplit(said, NBSP, -1);
    g_autofree char *plain = g_strjoinv(" ", parts);
    g_assert_cmpstr(plain, ==, expected);
    g_free(said);
}

/* One figure of half the interval, two of the number; three where there is no interval. */
static void
test_numbers(void)
{
    expect(moe__say(9.21, 8.81, 9.62, "experts"), "9.2 [8.8, 9.6]");
    expect(moe__say(52.8524, 52.59, 53.14, "experts"), "52.9 [52.6, 53.1]");
    expect(moe__say(0.225909, 0.2201, 0.2319, "share"), "22.6 % [22.0, 23.2]");
    expect(moe__say(0.0123, -0.4, 0.5, "nats"), "0.012 [−0.400, 0.500]");
    expect(moe__say(3, 3, 3, "experts"), "3 [3, 3]");
    expect(moe__say(63.9888, NAN, NAN, "experts"), "64.0");
    expect(moe__say(12345.6, NAN, NAN, "tokens"), "12,346");
    expect(moe__say(NAN, NAN, NAN, "share"), "–");
    expect(moe__say_number(0.5, "share of ln E"), "50 %");
    expect(moe__say_number(INFINITY, "nats"), "∞");
}

/* What stands beside a number has its decimals, and isn't 0 unless it is next to nothing. */
static void
test_beside(void)
{
    expect(moe__say_beside(63.9888, 9.21, 8.81, 9.62, "experts"), "64.0");
    expect(moe__say_beside(0.0444, 3.97, 3.87, 4.06, "ratio"), "0.044");
    expect(moe__say_beside(-1e-6, 3.97, 3.87, 4.06, "ratio"), "0");
    expect(moe__say_beside(0.03, 0.226, 0.22, 0.232, "share"), "3.0 %");
}

static void
test_lists(void)
{
    static const char *const names[] = {"a", "b", "c"};
    expect(moe__say_list(names, 0), "");
    expect(moe__say_list(names, 1), "a");
    expect(moe__say_list(names, 2), "a and b");
    expect(moe__say_list(names, 3), "a, b and c");
    expect(moe__say_count(1, "layer", "layers"), "1 layer");
    expect(moe__say_count(1234567, "token", "tokens"), "1,234,567 tokens");
}

static const Place places[] = {{0, 64, 8}, {7, 64, 8}, {12, 64, 0}};

static const Statement statement = {
    .metric = "effective-experts",
    .lowest = true,
    .uniform = true,
    .says = "{Layer} uses {value} of {experts} experts, {k} a unit",
    .chance = "; chance: {chance}",
    .same = "; no other than chance ({chance})",
    .others = "; median {median}, up to {high} from {low}",
    .none = "nobody does",
};

static void
test_statement(void)
{
    const Measured measured[] = {{60, 63.99, NAN, {59.5, 60.4, 20}},
                                 {9.21, 63.99, NAN, {8.81, 9.62, 20}},
                                 {63.8, 63.99, NAN, {63.7, 64, 20}}};
    expect(moe__statement_say(&statement, "experts", measured, places, 3),
           "Layer 7 uses 9.2 [8.8, 9.6] of 64 experts, 8 a unit; chance: 64.0; median 60.0, up to "
           "63.8 from 9.2.");
    /* The only layer: nothing of others; chance within the interval is said to be chance. */
    expect(moe__statement_say(&statement, "experts", &measured[2], &places[2], 1),
           "Layer 12 uses 63.8 [63.7, 64.0] of 64 experts, varying number of a unit; no other than "
           "chance (64.0).");
}

/* Layers without a value are passed over; without any there is no sentence. */
static void
test_nothing(void)
{
    const Measured none = {NAN, NAN, NAN, {NAN, NAN, 0}}, zero = {0, 1, NAN, {0, 0, 20}};
    const Measured one[] = {none, {9.2, NAN, NAN, {NAN, NAN, 3}}, none};
    g_assert_null(moe__statement_say(&statement, "experts", &none, places, 1));
    g_assert_null(moe__statement_say(&statement, "experts", NULL, places, 0));
    expect(moe__statement_say(&statement, "experts", &zero, places, 1), "nobody does");
    expect(moe__statement_say(&statement, "experts", one, places, 3),
           "Layer 7 uses 9.20 of 64 experts, 8 a unit.");
}

/* An estimate that few tokens bring above 1, or that may well be 0, makes no sentence. */
static void
test_share(void)
{
    static const Statement share = {.metric = "share", .share = true, .says = "{layer}: {value}"};
    const Measured fine[] = {{0.4, NAN, NAN, {NAN, NAN, 1}}, {0.2, NAN, NAN, {NAN, NAN, 1}}};
    const Measured above[] = {{0.4, NAN, NAN, {NAN, NAN, 1}}, {1.07, NAN, NAN, {NAN, NAN, 1}}};
    const Measured below = {-0.02, NAN, NAN, {NAN, NAN, 1}};
    const Measured chance = {0.01, NAN, NAN, {-0.01, 0.03, 20}};
    const Measured clear = {0.02, NAN, NAN, {0.01, 0.03, 20}};
    expect(moe__statement_say(&share, "ratio", fine, places, 2), "layer 0: 0.400.");
    g_assert_null(moe__statement_say(&share, "ratio", above, places, 2));
    g_assert_null(moe__statement_say(&share, "ratio", &below, places, 1));
    g_assert_null(moe__statement_say(&share, "ratio", &chance, places, 1));
    expect(moe__statement_say(&share, "ratio", &clear, places, 1),
           "layer 0: 0.020 [0.010, 0.030].");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/report/words/numbers", test_numbers);
    g_test_add_func("/report/words/beside", test_beside);
    g_test_add_func("/report/words/lists", test_lists);
    g_test_add_func("/report/words/statement", test_statement);
    g_test_add_func("/report/words/nothing", test_nothing);
    g_test_add_func("/report/words/share", test_share);
    return g_test_run();
}
