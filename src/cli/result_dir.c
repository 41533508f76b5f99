/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/result_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_FILE "results.sqlite"

static int refuse(const char *path, int error) {
  cli_error("cannot create %s: %s", path, strerror(error));
  return EX_CANTCREAT;
}

const char *result_dir_file(const char *path, const char *name, struct arena *arena) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  return arena_printf(arena, "%.*s/%s", (int)length, path, name);
}

int result_dir_check(const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0) return refuse(path, EEXIST);
  return errno == ENOENT ? EX_OK : refuse(path, errno);
}

int result_dir_check_output(const struct cli *cli) {
  if (!cli->output && cli->is_resumed) {
    cli_error("--resume goes on with a directory: which one? -o DIR");
    return EX_USAGE;
  }
  if (!cli->output) return EX_OK;
  if (strcmp(cli->output, "-") == 0) {
    cli_error("-o names a directory; standard output gets the report anyway");
    return EX_USAGE;
  }
  if (access(cli->output, F_OK) != 0) return result_dir_check(cli->output);
  if (access(result_dir_file(cli->output, STORE_FILE, cli->arena), F_OK) != 0) {
    if (!cli->is_resumed) return refuse(cli->output, EEXIST);
    cli_error("cannot resume %s: it has no " STORE_FILE, cli->output);
    return EX_CANTCREAT;
  }
  if (cli->is_resumed) return EX_OK;
  cli_error("%s has results already; --resume goes on with them", cli->output);
  return EX_CANTCREAT;
}

/* Never in place of something that has come up in the meantime. */
static int rename_new(const char *from, const char *to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  /* Some file systems do not know the flag. */
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (access(to, F_OK) == 0) {
    errno = EEXIST;
    return -1;
  }
  return rename(from, to);
}

void result_dir_remove(const char *path, struct arena *arena) {
  unlink(result_dir_file(path, STORE_FILE, arena));
  rmdir(path);
}

/* What a new entry in a directory needs to be there after a power cut, too. */
static void sync_parent(const char *path, struct arena *arena) {
  char *parent = arena_strdup(arena, path), *slash = strrchr(parent, '/');
  if (slash) slash[slash == parent] = '\0';
  int fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

/* A directory under its name has a store in it at any instant, so that it can be resumed. */
static int make_dir(const char *path, const struct store_identity *identity, struct arena *arena) {
  const char *plain = result_dir_file(path, "", arena);
  char *target = arena_strdup(arena, plain);
  target[strlen(target) - 1] = '\0';
  const char *base = arena_printf(arena, "%s.%ld.tmp", target, (long)getpid());
  if (mkdir(base, 0777) != 0) return refuse(path, errno);
  struct store *store;
  int code = store_create(result_dir_file(base, STORE_FILE, arena), identity, &store);
  if (code == EX_OK) code = store_close(store);
  if (code == EX_OK && rename_new(base, target) != 0) code = refuse(path, errno);
  if (code != EX_OK) result_dir_remove(base, arena);
  if (code == EX_OK) sync_parent(target, arena);
  return code;
}

int result_dir_open(const struct cli *cli, const char *path, const struct store_identity *identity,
                    struct store **store) {
  int code =
      access(path, F_OK) == 0 && cli->is_resumed ? EX_OK : make_dir(path, identity, cli->arena);
  if (code != EX_OK) return code;
  return store_resume(result_dir_file(path, STORE_FILE, cli->arena), identity, store);
}

int result_dir_read(const char *path, struct arena *arena, struct store **store) {
  if (access(path, F_OK) != 0) {
    cli_error("cannot read %s: %s", path, strerror(errno));
    return EX_NOINPUT;
  }
  const char *file = result_dir_file(path, STORE_FILE, arena);
  if (access(file, F_OK) == 0) return store_read(file, store);
  cli_error("%s is no result directory: it has no " STORE_FILE, path);
  return EX_NOINPUT;
}

int result_dir_close(const char *path, struct store *store) {
  uint64_t n_replications;
  uint32_t n_finished;
  int counted = store_count(store, &n_replications, &n_finished), closed = store_close(store);
  struct arena arena = {0};
  if (counted == EX_OK && n_replications == 0) result_dir_remove(path, &arena);
  arena_free(&arena);
  return counted != EX_OK ? counted : closed;
}
