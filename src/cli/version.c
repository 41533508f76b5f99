/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/version.h"

#include <cJSON.h>
#include <gnu/libc-version.h>
#include <gsl/gsl_version.h>
#include <nettle/version.h>

#include "cli/cli.h"
#include "version_commit.h" /* written by the build: COSTOP_VERSION, COSTOP_COMMIT */

#ifdef __clang__
#define VERSION_COMPILER "clang " __clang_version__
#else
#define VERSION_COMPILER "gcc " __VERSION__
#endif

const char *version_number(void) { return COSTOP_VERSION; }
const char *version_commit(void) { return COSTOP_COMMIT; }
const char *version_compiler(void) { return VERSION_COMPILER; }

void version_print(FILE *to, bool is_verbose) {
  (void)fprintf(to, "costop %s\n", version_number());
  if (!is_verbose) return;
  (void)fprintf(to, "commit %s\ncompiler %s\nmodel %s\n", version_commit(), version_compiler(),
                VERSION_MODEL);
  (void)fprintf(to, "libraries gsl %s, cjson %s, nettle %d.%d, glibc %s\n", gsl_version,
                cJSON_Version(), nettle_version_major(), nettle_version_minor(),
                gnu_get_libc_version());
}
