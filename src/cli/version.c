/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/version.h"

#include <cJSON.h>
#include <gnu/libc-version.h>
#include <gsl/gsl_version.h>
#include <nettle/version.h>
#include <sqlite3.h>

#include "cli/cli.h"
#include "cli/mpi_link.h"
#include "version_commit.h" /* written by the build: COSTOP_VERSION, COSTOP_COMMIT */

#ifdef __clang__
#define VERSION_COMPILER "clang " __clang_version__
#else
#define VERSION_COMPILER "gcc " __VERSION__
#endif

const char *version_number(void) { return COSTOP_VERSION; }
const char *version_commit(void) { return COSTOP_COMMIT; }
const char *version_compiler(void) { return VERSION_COMPILER; }

const char *version_libraries(struct arena *arena) {
  return arena_printf(arena, "gsl %s, cjson %s, nettle %d.%d, sqlite %s, glibc %s", gsl_version,
                      cJSON_Version(), nettle_version_major(), nettle_version_minor(),
                      sqlite3_libversion(), gnu_get_libc_version());
}

void version_print(const struct cli *cli, FILE *to) {
  (void)fprintf(to, "costop %s\n", version_number());
  if (cli->verbosity <= 0) return;
  (void)fprintf(to, "commit %s\ncompiler %s\nlibraries %s\nmpi %s\nmodel %s\n", version_commit(),
                version_compiler(), version_libraries(cli->arena), mpi_link_version(cli->arena),
                VERSION_MODEL);
}
