/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static int save_refuse(const struct save *save, int error) {
  cli_error("cannot create %s: %s", save->path, strerror(error));
  return EX_CANTCREAT;
}

/* What path leads to. A device or pipe is written to, not replaced by a file; a link stays one. */
static int save_resolve(struct save *save, bool *is_file, struct arena *arena) {
  struct stat status;
  save->target = save->path;
  *is_file = true;
  if (stat(save->path, &status) != 0) return EX_OK;
  if (S_ISDIR(status.st_mode)) return save_refuse(save, EISDIR);
  *is_file = S_ISREG(status.st_mode);
  char *resolved = realpath(save->path, NULL);
  if (resolved) save->target = arena_strdup(arena, resolved);
  free(resolved);
  return EX_OK;
}

int save_open(struct save *save, const char *path, struct arena *arena) {
  *save = (struct save){.path = path};
  if (strcmp(path, "-") == 0) {
    save->to = stdout;
    return EX_OK;
  }
  bool is_file;
  int code = save_resolve(save, &is_file, arena);
  if (code != EX_OK) return code;
  int fd;
  if (is_file) {
    save->temporary = arena_printf(arena, "%s.%ld.tmp", save->target, (long)getpid());
    fd = open(save->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } else {
    fd = open(path, O_WRONLY | O_CLOEXEC);
  }
  if (fd < 0) return save_refuse(save, errno);
  save->to = fdopen(fd, "w");
  if (save->to) return EX_OK;
  int error = errno;
  close(fd);
  if (save->temporary) unlink(save->temporary);
  return save_refuse(save, error);
}

int save_close_stream(FILE *to) {
  bool has_failed = ferror(to) != 0;
  errno = 0;
  /* Why it failed is long forgotten, but another attempt fails likewise. */
  if (has_failed && fputc('\n', to) != EOF) (void)fflush(to);
  if (fclose(to) == 0 && !has_failed) return 0;
  return errno ? errno : EIO;
}

int save_close(struct save *save) {
  /* What goes wrong with standard output is told at the end of the program. */
  if (save->to == stdout) return EX_OK;
  int lost = save_close_stream(save->to);
  if (lost != 0) {
    cli_error("cannot write %s: %s", save->path, strerror(lost));
    if (save->temporary) unlink(save->temporary);
    return EX_IOERR;
  }
  if (!save->temporary || rename(save->temporary, save->target) == 0) return EX_OK;
  int error = errno;
  unlink(save->temporary);
  return save_refuse(save, error);
}

void save_drop(struct save *save) {
  if (save->to == stdout) return;
  (void)fclose(save->to);
  if (save->temporary) unlink(save->temporary);
}
