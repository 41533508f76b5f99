/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzz targets share. */
#ifndef COSTOP_FUZZ_FUZZ_H
#define COSTOP_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "study/conf.h"
#include "study/diag.h"
#include "study/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A finding, if it is not. */
void fuzz_require(bool is_true);

/* The input as a string on the heap, so that the address sanitizer sees a read behind its end. */
char *fuzz_text(const uint8_t *data, size_t size);

struct diags *fuzz_diags(struct arena *arena);
/* text[size] is a NUL, and so may be others. NULL: it is no JSON, and diags say so. */
const struct conf *fuzz_read(const char *text, size_t size, struct diags *diags);
/* NULL: it is refused, with an error. */
const struct scenario *fuzz_bind(const char *text, size_t size, struct arena *arena);

/* Of a file in a directory of this process, which is removed with it. */
char *fuzz_path(const char *name, struct arena *arena);
void fuzz_write(const char *path, const void *bytes, size_t size);

#endif
