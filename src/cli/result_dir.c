/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/result_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/save.h"
#include "cli/trace_write.h"

static int result_dir_refuse(const char *path, int error) {
  cli_error("cannot create %s: %s", path, strerror(error));
  return EX_CANTCREAT;
}

int result_dir_check(const char *path) {
  struct stat status;
  if (lstat(path, &status) == 0) return result_dir_refuse(path, EEXIST);
  return errno == ENOENT ? EX_OK : result_dir_refuse(path, errno);
}

static void write_table(const struct result_dir *dir, enum result_table which, FILE *to) {
  struct arena arena = {0};
  struct table table = table_build(dir->report->replications, which, &arena);
  report_csv(&table, to);
  arena_free(&arena);
}

static void write_manifest(const struct result_dir *dir, FILE *to) {
  report_manifest(dir->report, to);
}
static void write_scenario(const struct result_dir *dir, FILE *to) {
  (void)fputs(dir->scenario_json, to);
}
static void write_vm(const struct result_dir *dir, FILE *to) { write_table(dir, TABLE_VM, to); }
static void write_vcpu(const struct result_dir *dir, FILE *to) { write_table(dir, TABLE_VCPU, to); }
static void write_lock(const struct result_dir *dir, FILE *to) { write_table(dir, TABLE_LOCK, to); }
static void write_host(const struct result_dir *dir, FILE *to) { write_table(dir, TABLE_HOST, to); }
static void write_summary(const struct result_dir *dir, FILE *to) {
  write_table(dir, TABLE_SUMMARY, to);
}
static void write_trace(const struct result_dir *dir, FILE *to) { trace_csv_write(dir->trace, to); }

static const struct {
  const char *name;
  void (*write)(const struct result_dir *dir, FILE *to);
} result_files[] = {
    {"manifest.json", write_manifest},
    {"scenario.resolved.json", write_scenario},
    {"vm.csv", write_vm},
    {"vcpu.csv", write_vcpu},
    {"lock.csv", write_lock},
    {"host.csv", write_host},
    {"summary.csv", write_summary},
    {"trace.csv", write_trace},
};
enum { FILES = sizeof result_files / sizeof *result_files };

static const char *file_path(const struct result_dir *dir, const char *base, size_t index) {
  return arena_printf(dir->report->cli->arena, "%s/%s", base, result_files[index].name);
}

static int write_files(const struct result_dir *dir, const char *base) {
  for (size_t i = 0; i < FILES; i++) {
    if (result_files[i].write == write_trace && !dir->trace) continue;
    struct save save;
    int code = save_open(&save, file_path(dir, base, i), dir->report->cli->arena);
    if (code != EX_OK) return code;
    result_files[i].write(dir, save.to);
    code = save_close(&save);
    if (code != EX_OK) return code;
  }
  return EX_OK;
}

static void remove_files(const struct result_dir *dir, const char *base) {
  for (size_t i = 0; i < FILES; i++) unlink(file_path(dir, base, i));
  rmdir(base);
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

/* "results/" -> "results": what is put behind it belongs beside it, not into it. */
static const char *plain_path(const struct result_dir *dir) {
  size_t length = strlen(dir->path);
  while (length > 1 && dir->path[length - 1] == '/') length--;
  return arena_printf(dir->report->cli->arena, "%.*s", (int)length, dir->path);
}

int result_dir_write(const struct result_dir *dir) {
  const char *path = plain_path(dir);
  const char *base = arena_printf(dir->report->cli->arena, "%s.%ld.tmp", path, (long)getpid());
  if (mkdir(base, 0777) != 0) return result_dir_refuse(dir->path, errno);
  int code = write_files(dir, base);
  if (code == EX_OK && rename_new(base, path) != 0) code = result_dir_refuse(dir->path, errno);
  if (code != EX_OK) remove_files(dir, base);
  return code;
}
