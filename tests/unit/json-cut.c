/* SPDX-License-Identifier: MIT */
#include "base/json-in.h"

#include <string.h>

static const char *const keys[] = {"schema", "routers", NULL};

static const char *const whole[] = {
    "{}",
    " { } ",
    "{\"schema\": \"a\"}",
    "{\"other\": [1, -2.5e+3, 0.1, 1E5, true, false, null], \"schema\": \"a\"}",
    ("{\"schema\": \"first\", \"x\": {\"schema\": \"inner\", \"routers\": []}, \"schema\": "
     "\"second\"}"),
    "{\"x\": \"{[\\\"\\\\\", \"routers\": [{\"k\": 2}, {\"k\": \"}\"}], \"y\": []}",
    "{\"sch\\u0065ma\": \"a\", \"x\": 1}",
    "\n{\t\"x\" : \"\\ud83d\\ude00 \xC3\xA9\" ,\r\n\"routers\" : [ ] , \"y\" : { } }\n",
    "{\"schemas\": 1, \"schem\": 2, \"\": 3}",
};

static const char *const broken[] = {
    "",
    "[]",
    "{",
    "{\"",
    "{\"schema",
    "{\"schema\"",
    "{\"schema\":",
    "{\"schema\": \"a\"",
    "{\"schema\": \"a\",",
    "{\"schema\": \"a\\",
    "{\"schema\": \"a\\u00",
    "{\"x\": [1, 2}",
    "{\"x\": {\"y\": ]}",
    "{\"x\" 1}",
    "{\"schema\": \"a\"} {",
    "{\"x\": \"\xff\"}",
};

/* Both parsers say the same of the members asked for. */
static void
assert_same(const char *text)
{
    g_autoptr(GError) error = NULL, other = NULL;
    g_autoptr(JsonNode) some = moe__json_object_some(text, keys, &error);
    g_autoptr(JsonNode) all = moe__json_object_parse(text, &other);
    g_assert_no_error(error);
    g_assert_no_error(other);
    for (const char *const *key = keys; *key; key++) {
        JsonNode *a = json_object_get_member(json_node_get_object(some), *key);
        JsonNode *b = json_object_get_member(json_node_get_object(all), *key);
        g_assert_true(a && b ? json_node_equal(a, b) : a == b);
    }
}

static void
test_whole(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(whole); i++)
        assert_same(whole[i]);
}

static void
test_others_are_left(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = moe__json_object_some(whole[3], keys, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(json_object_get_size(json_node_get_object(node)), ==, 1);
}

static void
test_broken(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL, other = NULL;
        g_assert_null(moe__json_object_some(broken[i], keys, &error));
        g_assert_null(moe__json_object_parse(broken[i], &other));
        g_assert_cmpstr(error->message, ==, other->message);
    }
}

/* Every cut of a text is refused, and reads nothing behind it (under a sanitizer). */
static void
test_cut_off(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(whole); i++) {
        g_autofree char *all = g_strstrip(g_strdup(whole[i]));
        for (size_t n = 0; n < strlen(all); n++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *text = g_strndup(all, n);
            g_assert_null(moe__json_object_some(text, keys, &error));
            g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
        }
    }
}

static void
test_deep(void)
{
    for (int depth = 60; depth < 70; depth++) {
        g_autoptr(GString) text = g_string_new("{\"x\": ");
        for (int i = 1; i < depth; i++)
            g_string_append_c(text, '[');
        for (int i = 1; i < depth; i++)
            g_string_append_c(text, ']');
        g_string_append(text, ", \"schema\": \"a\"}");
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = moe__json_object_some(text->str, keys, &error);
        g_assert_true((node != NULL) == (depth <= 64));
        g_assert_true(node || strstr(error->message, "over 64 deep"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-cut/whole", test_whole);
    g_test_add_func("/json-cut/others-are-left", test_others_are_left);
    g_test_add_func("/json-cut/broken", test_broken);
    g_test_add_func("/json-cut/cut-off", test_cut_off);
    g_test_add_func("/json-cut/deep", test_deep);
    return g_test_run();
}
