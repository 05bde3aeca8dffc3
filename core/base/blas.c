/* SPDX-License-Identifier: MIT
 *
 * blas.c: with its Fortran runtime, loading OpenBLAS takes as long as drawing a figure does, and
 * whoever reads traces or draws figures has no product to compute. It is loaded from where the
 * build found it, whatever else provides a library of that name.
 */
#include "base/blas.h"

#include <dlfcn.h>
#include <glib.h>
#include <moescope/base.h>

static MoeBlas blas;
static gsize loaded;

static void *
open_library(void)
{
    static const char *const names[] = {MOE_BLAS, "libopenblas.so.0", "libopenblas.so"};
    void *library = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(names) && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        g_error("OpenBLAS can't be loaded: %s (looked for as %s)", dlerror(), MOE_BLAS);
    return library;
}

static void *
find(void *library, const char *name)
{
    void *function = dlsym(library, name);
    if (!function)
        g_error("the library of OpenBLAS lacks a function: %s", dlerror());
    return function;
}

static void
load(void)
{
    void *library = open_library();
    blas = (MoeBlas){
        .sgemm = find(library, "cblas_sgemm"),
        .set_num_threads = find(library, "openblas_set_num_threads"),
        .get_parallel = find(library, "openblas_get_parallel"),
        .get_config = find(library, "openblas_get_config"),
        .get_corename = find(library, "openblas_get_corename"),
        .dsyev = find(library, "dsyev_"),
        .dstev = find(library, "dstev_"),
    };
}

const MoeBlas *
moe__blas_loaded(void)
{
    return g_atomic_pointer_get(&loaded) ? &blas : NULL;
}

const MoeBlas *
moe__blas(void)
{
    if (g_once_init_enter(&loaded)) {
        int threads = moe_threads(); /* before it changes what OpenMP says */
        load();
        moe__blas_settle(&blas, threads);
        g_once_init_leave(&loaded, 1);
    }
    return &blas;
}
