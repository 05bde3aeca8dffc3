/* SPDX-License-Identifier: MIT
 *
 * Pickles: every protocol, the arrays within, and what was made to harm. The files are those of
 * fixtures/pickle/make.py; pickles in this file are written out by hand.
 */
#include "import/pickle.h"
#include "import/pt.h"
#include "python-tree.h"

#include <math.h>

static MoePyDoc *
open_pickle(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = fixture(name);
    MoePyDoc *doc = moe__pickle_read(bytes, name, &error);
    g_assert_no_error(error);
    return doc;
}

/* --- Values -----------------------------------------------------------------------------------*/

static void
check_numbers(const MoePy *root)
{
    static const int64_t ints[] = {
        0,         1,        255, 256, 65535, 65536, -1, -((int64_t)1 << 31), (int64_t)1 << 31,
        INT64_MIN, INT64_MAX};
    const MoePy *list = moe__py_get(root, "ints");
    g_assert_cmpint(list->count, ==, G_N_ELEMENTS(ints));
    for (gsize i = 0; i < G_N_ELEMENTS(ints); i++)
        g_assert_cmpint(integer(list->items[i]), ==, ints[i]);
    list = moe__py_get(root, "floats");
    g_assert_cmpfloat(number(list->items[0]), ==, 0.5);
    g_assert_cmpfloat(number(list->items[1]), ==, -1e300);
    g_assert_cmpfloat(number(list->items[2]), ==, INFINITY);
    g_assert_cmpint(moe__py_get(root, "none")->kind, ==, MOE_PY_NONE);
    g_assert_cmpint(moe__py_get(root, "yes")->kind, ==, MOE_PY_BOOL);
    g_assert_cmpint(integer(moe__py_get(root, "yes")), ==, 1);
    g_assert_cmpint(integer(moe__py_get(root, "no")), ==, 0);
    list = moe__py_get(root, "scalars");
    g_assert_cmpint(integer(list->items[0]), ==, -5);
    g_assert_cmpfloat(number(list->items[1]), ==, 0.25);
    g_assert_cmpint(list->items[2]->kind, ==, MOE_PY_BOOL);
    g_assert_cmpint(integer(list->items[2]), ==, 1);
    g_assert_cmpint(integer(list->items[3]), ==, 200);
}

static void
check_texts(const MoePy *root)
{
    g_autofree char *text = moe__py_string(moe__py_get(root, "text"));
    g_assert_cmpstr(text, ==, "gr\u00fcn \u2713 \\u");
    const MoePy *bytes = moe__py_get(root, "bytes");
    g_assert_cmpint(bytes->kind, ==, MOE_PY_BYTES);
    g_assert_cmpmem(bytes->bytes, bytes->count, "\x00\xff\x80\x61", 4);
}

static void
check_containers(const MoePy *root)
{
    const MoePy *list = moe__py_get(root, "tuples");
    for (int n = 0; n < 5; n++) {
        g_assert_cmpint(list->items[n]->kind, ==, MOE_PY_TUPLE);
        g_assert_cmpint(list->items[n]->count, ==, n);
        for (int i = 0; i < n; i++)
            g_assert_cmpint(integer(list->items[n]->items[i]), ==, i + 1);
    }
    list = moe__py_get(root, "shared");
    g_assert_true(list->items[0] == list->items[1]);
    g_assert_true(moe__py_is(list->items[0]->items[1], "b"));
    g_assert_cmpint(integer(moe__py_get(root, "set")->items[0]), ==, 5);
    g_assert_cmpint(integer(moe__py_get(root, "frozen")->items[0]), ==, 6);
    g_assert_cmpint(integer(moe__py_get(moe__py_get(root, "ordered"), "second")), ==, 2);
    const MoePy *counter = moe__py_get(root, "counter");
    g_assert_cmpint(counter->count, ==, 2);
    g_assert_cmpint(integer(counter->items[0]), ==, 3);
    g_assert_cmpint(integer(counter->items[1]), ==, 7);
    g_assert_cmpint(counter->items[2]->kind, ==, MOE_PY_TUPLE);
    const MoePy *lazy = moe__py_get(moe__py_get(root, "default"), "x");
    g_assert_cmpint(integer(lazy->items[0]), ==, 4);
    g_assert_cmpint(integer(lazy->items[1]), ==, 9);
}

static void
test_protocols(void)
{
    for (int protocol = 0; protocol <= 5; protocol++) {
        g_autofree char *name = g_strdup_printf("plain-%d.pkl", protocol);
        g_autoptr(MoePyDoc) doc = open_pickle(name);
        const MoePy *root = moe__py_root(doc);
        check_numbers(root);
        check_texts(root);
        check_containers(root);
        int64_t unused;
        g_assert_null(moe__py_get(root, "missing"));
        g_assert_cmpint(moe__py_get(root, "big")->kind, ==, MOE_PY_BIG);
        g_assert_false(moe__py_integer(moe__py_get(root, "big"), &unused));
    }
}

static void
test_arrays(void)
{
    static const int protocols[] = {0, 2, 4, 5};
    for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++) {
        g_autofree char *name = g_strdup_printf("arrays-%d.pkl", protocols[i]);
        g_autoptr(MoePyDoc) doc = open_pickle(name);
        check_array(doc, "f4", MOE_STORED_F32, "[2, 3]", (double[]){0, 0.5, 1, 1.5, 2, 2.5});
        check_array(doc, "f8", MOE_STORED_F64, "[3]", (double[]){0, 0.5, 1});
        check_array(doc, "f2", MOE_STORED_F16, "[4]", (double[]){0, 0.5, 1, 1.5});
        check_array(doc, "i8", MOE_STORED_I64, "[3]", (double[]){0, 1, 2});
        check_array(doc, "u1", MOE_STORED_U8, "[3]", (double[]){0, 1, 2});
        check_array(doc, "bool", MOE_STORED_BOOL, "[2]", (double[]){0, 1});
        check_array(doc, "fortran", MOE_STORED_I32, "[2, 3]", (double[]){0, 1, 2, 3, 4, 5});
        check_array(doc, "scalar", MOE_STORED_I16, "[]", (double[]){7});
        check_array(doc, "empty", MOE_STORED_F32, "[0, 4]", NULL);
    }
}

/* --- Harm -------------------------------------------------------------------------------------*/

static void
assert_refused(const void *pickle, size_t length, int code, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static(pickle, length);
    g_assert_null(moe__pickle_read(bytes, "evil.pkl", &error));
    g_assert_error(error, MOE_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_true(g_str_has_prefix(error->message, "evil.pkl: byte "));
    g_assert_nonnull(strstr(error->message, part));
}

#define ASSERT_REFUSED(pickle, code, part) assert_refused(pickle, sizeof pickle - 1, code, part)

/* What the documentation of pickle warns of, in each way that a name can be given. */
static void
test_globals(void)
{
    ASSERT_REFUSED("\x80\x02]q\0cos\nsystem\nq\1X\2\0\0\0idq\2\x85q\3Rq\4.", MOE_ERROR_UNSUPPORTED,
                   "byte 5: the pickle asks for \"os.system\"");
    ASSERT_REFUSED("\x80\x04\x8c\5posix\x8c\6system\x93\x8c\2id\x85R.", MOE_ERROR_UNSUPPORTED,
                   "byte 17: the pickle asks for \"posix.system\"");
    ASSERT_REFUSED("(S'id'\nios\nsystem\n.", MOE_ERROR_UNSUPPORTED, "byte 7: the pickle asks for");
    ASSERT_REFUSED("cbuiltins\neval\n.", MOE_ERROR_UNSUPPORTED, "\"builtins.eval\"");
    ASSERT_REFUSED("cbuiltins\ngetattr\n.", MOE_ERROR_UNSUPPORTED, "\"builtins.getattr\"");
    ASSERT_REFUSED("cnumpy\nload\n.", MOE_ERROR_UNSUPPORTED, "\"numpy.load\"");
    ASSERT_REFUSED("ctorch\nload\n.", MOE_ERROR_UNSUPPORTED, "\"torch.load\"");
    ASSERT_REFUSED("ccollections\nOrderedDict.__init__\n.", MOE_ERROR_UNSUPPORTED, "__init__");
    ASSERT_REFUSED("c\xff\xfe\n\x80\n.", MOE_ERROR_UNSUPPORTED, "byte 0");
    ASSERT_REFUSED("(ccollections\nOrderedDict\no.", MOE_ERROR_UNSUPPORTED, "opcode 0x6f");
    ASSERT_REFUSED("\x82\1.", MOE_ERROR_UNSUPPORTED, "opcode 0x82");
    ASSERT_REFUSED("cbuiltins\nint\n)R.", MOE_ERROR_UNSUPPORTED, "builtins.int is called");
}

static void
test_malformed(void)
{
    ASSERT_REFUSED("", MOE_ERROR_TRUNCATED, "byte 0");
    ASSERT_REFUSED("\x80\x09.", MOE_ERROR_UNSUPPORTED, "protocol 9");
    ASSERT_REFUSED("\xfe.", MOE_ERROR_FORMAT, "0xfe is no pickle opcode");
    ASSERT_REFUSED(".", MOE_ERROR_FORMAT, "0 values");
    ASSERT_REFUSED("NN.", MOE_ERROR_FORMAT, "2 values");
    ASSERT_REFUSED("N.N", MOE_ERROR_FORMAT, "byte 2: the pickle ends here, 1 bytes follow");
    ASSERT_REFUSED("N(.", MOE_ERROR_FORMAT, "1 marks");
    ASSERT_REFUSED("N(\x85.", MOE_ERROR_FORMAT, "empty stack");
    ASSERT_REFUSED("t.", MOE_ERROR_FORMAT, "no mark");
    ASSERT_REFUSED("a.", MOE_ERROR_FORMAT, "nothing to add");
    ASSERT_REFUSED(")Na.", MOE_ERROR_FORMAT, "a tuple is there, a list is expected");
    ASSERT_REFUSED("}(Nu.", MOE_ERROR_FORMAT, "a key has no value");
    ASSERT_REFUSED("h\0.", MOE_ERROR_FORMAT, "never stored");
    ASSERT_REFUSED("Nr\xff\xff\xff\xff.", MOE_ERROR_FORMAT, "memo entry 4294967295");
    ASSERT_REFUSED("Np99999999999999999999\n.", MOE_ERROR_FORMAT, "number is expected");
    ASSERT_REFUSED("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", MOE_ERROR_TRUNCATED, "more are");
    ASSERT_REFUSED("I1x\n.", MOE_ERROR_FORMAT, "an integer");
    ASSERT_REFUSED("Fx\n.", MOE_ERROR_FORMAT, "a number");
    ASSERT_REFUSED("S'\\\n.", MOE_ERROR_FORMAT, "quotes");
    ASSERT_REFUSED("S'\\'\n.", MOE_ERROR_FORMAT, "escape");
    ASSERT_REFUSED("V\\u12\n.", MOE_ERROR_FORMAT, "escape");
    ASSERT_REFUSED("\x97.", MOE_ERROR_UNSUPPORTED, "opcode 0x97");
    ASSERT_REFUSED("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR.", MOE_ERROR_FORMAT,
                   "never given its values");
}

/* A tensor whose values should be in another member of an archive that isn't there. */
static void
test_no_archive(void)
{
    static const char pickle[] = "ctorch._utils\n_rebuild_tensor_v2\n((Vstorage\nctorch\n"
                                 "FloatStorage\nV0\nVcpu\nI1\ntQI0\n(I1\nt(I1\ntI00\nNt"
                                 "R.";
    g_autoptr(GError) error = NULL, reason = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static(pickle, sizeof pickle - 1);
    g_autoptr(MoePyDoc) doc = moe__pickle_read(bytes, "lone.pkl", &error);
    g_assert_no_error(error);
    g_auto(MoeValues) values = {0};
    g_assert_false(moe__py_values(doc, moe__py_root(doc), &values, &error));
    g_assert_error(error, MOE_ERROR, MOE_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, "storage 0"));
    g_assert_null(moe__pt_read(bytes, "lone.pkl", &reason));
    g_assert_error(reason, MOE_ERROR, MOE_ERROR_FORMAT);
}

/* Tensors that are known to be there, and no more: complex ones, and views that negate. */
static void
test_unread(void)
{
    static const char *const pickles[] = {
        "ctorch._utils\n_rebuild_tensor_v2\n((Vstorage\nctorch\nComplexFloatStorage\nV0\nVcpu\nI1\n"
        "tQI0\n(I1\nt(I1\ntI00\nNtR.",
        "ctorch._utils\n_rebuild_tensor_v2\n((Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI1\ntQI0\n"
        "(I1\nt(I1\ntI00\nN(Vneg\nI01\ndtR.",
        "ctorch._utils\n_rebuild_tensor_v3\n(("
        "Vstorage\nctorch.storage\nUntypedStorage\nV0\nVcpu\nI2\ntQI0\n"
        "(I1\nt(I1\ntI00\nNctorch\nuint16\n(Vneg\nI01\ndtR.",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(pickles); i++) {
        g_autoptr(GError) error = NULL, reason = NULL;
        g_autoptr(GBytes) bytes = g_bytes_new_static(pickles[i], strlen(pickles[i]));
        g_autoptr(MoePyDoc) doc = moe__pickle_read(bytes, "unread.pkl", &error);
        g_assert_no_error(error);
        g_assert_cmpint(moe__py_root(doc)->kind, ==, MOE_PY_UNREAD);
        g_auto(MoeValues) values = {0};
        g_assert_false(moe__py_values(doc, moe__py_root(doc), &values, &reason));
        g_assert_nonnull(strstr(reason->message, "an array of a type that isn't read is there"));
    }
}

/* [[[…]]], a list that holds itself, and lists of ten of the one before. */
static void
test_bombs(void)
{
    g_autoptr(GString) text = g_string_new("");
    for (int i = 0; i < 100000; i++)
        g_string_append(text, "]");
    for (int i = 1; i < 100000; i++)
        g_string_append(text, "a");
    g_string_append(text, ".");
    assert_refused(text->str, text->len, MOE_ERROR_FORMAT, "nest over 64 deep");

    ASSERT_REFUSED("]q\0h\0a.", MOE_ERROR_FORMAT, "holds itself");
    ASSERT_REFUSED("}q\0Nh\0s.", MOE_ERROR_FORMAT, "holds itself");

    g_string_assign(text, "]");
    for (int level = 0; level < 20; level++) {
        g_string_append_printf(text, "p%d\n0(", level);
        for (int i = 0; i < 10; i++)
            g_string_append_printf(text, "g%d\n", level);
        g_string_append(text, "l");
    }
    g_string_append(text, ".");
    assert_refused(text->str, text->len, MOE_ERROR_FORMAT, "unfold");
}

/* A text of 64 KiB that is turned into bytes again and again. */
static void
test_memory(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    static const char head[] = "c_codecs\nencode\np0\n0V", again[] = "g0\n(g1\nVlatin1\ntR0";
    g_autofree char *long_text = g_strnfill(65536, 'x');
    g_byte_array_append(bytes, (const guint8 *)head, sizeof head - 1);
    g_byte_array_append(bytes, (const guint8 *)long_text, 65536);
    g_byte_array_append(bytes, (const guint8 *)"\np1\n0", 5);
    for (int i = 0; i < 10000; i++)
        g_byte_array_append(bytes, (const guint8 *)again, sizeof again - 1);
    g_byte_array_append(bytes, (const guint8 *)"N.", 2);
    assert_refused(bytes->data, bytes->len, MOE_ERROR_FORMAT, "far more memory");
}

/* A nested stream that takes long and makes nothing, read again and again. */
static void
test_repeated_stream(void)
{
    static const char head[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.M\xe9\3."
                               "}X\x0d\0\0\0little_endian\x88s.";
    static const char load[] = "ctorch.storage\n_load_from_bytes\np0\n0B", again[] = "g0\n(g1\ntR0";
    g_autoptr(GByteArray) stream = g_byte_array_new(), bytes = g_byte_array_new();
    g_byte_array_append(stream, (const guint8 *)head, sizeof head - 1);
    for (int i = 0; i < 30000; i++)
        g_byte_array_append(stream, (const guint8 *)"(1", 2);
    g_byte_array_append(stream, (const guint8 *)"N.].", 4);
    g_byte_array_append(bytes, (const guint8 *)load, sizeof load - 1);
    g_byte_array_append(bytes, (const guint8 *)&stream->len, 4);
    g_byte_array_append(bytes, stream->data, stream->len);
    g_byte_array_append(bytes, (const guint8 *)"p1\n0", 4);
    for (int i = 0; i < 20000; i++)
        g_byte_array_append(bytes, (const guint8 *)again, sizeof again - 1);
    g_byte_array_append(bytes, (const guint8 *)"N.", 2);
    assert_refused(bytes->data, bytes->len, MOE_ERROR_FORMAT, "far more memory");
}

/* Every beginning of a pickle is refused; its bits flipped, it is read or refused. */
static void
test_damage(void)
{
    static const char *const names[] = {"plain-0.pkl",  "plain-2.pkl",  "plain-5.pkl",
                                        "arrays-2.pkl", "arrays-5.pkl", "tensor-pickled.pkl"};
    MoeRng rng = moe_rng(4, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GBytes) whole = fixture(names[i]);
        gsize length;
        const uint8_t *data = g_bytes_get_data(whole, &length);
        for (gsize n = 0; n < length; n++) {
            g_autofree uint8_t *copy = g_memdup2(data, n); /* so that the sanitizer sees its end */
            g_autoptr(GBytes) cut = g_bytes_new_static(copy, n);
            g_autoptr(GError) error = NULL;
            g_assert_null(moe__pickle_read(cut, names[i], &error));
            g_assert_error(error, MOE_ERROR, MOE_ERROR_TRUNCATED);
        }
        for (int n = 0; n < 1000; n++) {
            g_autofree uint8_t *copy = g_memdup2(data, length);
            for (int flips = 1 + n % 3; flips > 0; flips--)
                copy[moe_rng_below(&rng, length)] ^= (uint8_t)(1 << moe_rng_below(&rng, 8));
            g_autoptr(GBytes) damaged = g_bytes_new_static(copy, length);
            g_autoptr(GError) error = NULL;
            g_autoptr(MoePyDoc) doc = moe__pickle_read(damaged, names[i], &error);
            g_assert_true((doc == NULL) == (error != NULL));
            if (doc)
                read_all_arrays(doc, moe__py_root(doc));
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pickle/protocols", test_protocols);
    g_test_add_func("/pickle/arrays", test_arrays);
    g_test_add_func("/pickle/globals", test_globals);
    g_test_add_func("/pickle/malformed", test_malformed);
    g_test_add_func("/pickle/no-archive", test_no_archive);
    g_test_add_func("/pickle/unread", test_unread);
    g_test_add_func("/pickle/bombs", test_bombs);
    g_test_add_func("/pickle/memory", test_memory);
    g_test_add_func("/pickle/repeated-stream", test_repeated_stream);
    g_test_add_func("/pickle/damage", test_damage);
    return g_test_run();
}
