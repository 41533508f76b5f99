/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/data_file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

/* The directory of the program, whatever link it was started by; "" if the system does not tell. */
static const char *program_dir(struct arena *arena) {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return "";
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  if (slash) *slash = '\0';
  return arena_strdup(arena, path);
}

static const char *data_file_in(const char *dir, const char *name, struct arena *arena) {
  const char *path = arena_printf(arena, "%s/%s", dir, name);
  return access(path, R_OK) == 0 ? path : NULL;
}

const char *data_file(const char *name, struct arena *arena) {
  const char *wanted = getenv("COSTOP_DATADIR"), *found = NULL;
  if (wanted && wanted[0]) {
    found = data_file_in(wanted, name, arena);
    if (!found) cli_error("$COSTOP_DATADIR, %s, has no %s", wanted, name);
    return found;
  }
  const char *dir = program_dir(arena);
  const char *places[] = {arena_printf(arena, "%s/" COSTOP_DATA_FROM_BIN, dir),
                          arena_printf(arena, "%s/share", dir)};
  for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++)
    found = data_file_in(places[i], name, arena);
  if (!found) cli_error("cannot find %s in %s; say where with COSTOP_DATADIR", name, places[0]);
  return found;
}
