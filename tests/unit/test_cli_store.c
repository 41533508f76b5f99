/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is put into a store comes out of it, whatever happens to its process and its disk. */
#include "cli/store.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "study/result_words.h"
#include "support/fake_result.h"
#include "support/suite.h"

static struct arena arena;
static const struct scenario *scenario;
static const char *path;
static char directory[] = "/tmp/test_cli_store_XXXXXX";
static const struct store_identity identity = {
    "{\"scenario\": {\"run\": {\"seed\": 1, \"replications\": 3}}}", "costop 1, model 1"};

static void setup(void) {
  scenario = fake_scenario(&arena);
  strcpy(strrchr(directory, '_'), "_XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(directory));
  path = arena_printf(&arena, "%s/results.sqlite", directory);
}

static void teardown(void) {
  (void)unlink(path);
  (void)unlink(arena_printf(&arena, "%s-wal", path));
  (void)unlink(arena_printf(&arena, "%s-journal", path));
  ck_assert_int_eq(rmdir(directory), 0);
  arena_free(&arena);
}

/* A replication with two notes. */
static const struct run_result *run_of(uint32_t replication) {
  struct run_result *run = fake_result(scenario, replication, &arena);
  struct run_note *notes = ARENA_ARRAY(&arena, 2, struct run_note);
  notes[0] = (struct run_note){1500, 0, arena_printf(&arena, "deadlock %u", replication)};
  notes[1] = (struct run_note){2500, 1, "it's \"quoted\""};
  run->notes = notes;
  run->n_notes = 2;
  return run;
}

static struct store *create(const char *at) {
  struct store *store;
  ck_assert_int_eq(store_create(at, &identity, &store), EX_OK);
  return store;
}

static void put(struct store *store, uint32_t cell, uint32_t replication) {
  ck_assert_int_eq(store_begin(store), EX_OK);
  ck_assert_int_eq(store_put(store, cell, run_of(replication)), EX_OK);
  ck_assert_int_eq(store_commit(store), EX_OK);
}

static struct replications get(struct store *store, uint32_t cell) {
  struct replications replications;
  ck_assert_int_eq(store_get(store, cell, scenario, &arena, &replications), EX_OK);
  return replications;
}

static void expect_counts(struct store *store, uint64_t n_replications, uint32_t n_finished) {
  uint64_t n_runs;
  uint32_t n_cells;
  ck_assert_int_eq(store_count(store, &n_runs, &n_cells), EX_OK);
  ck_assert_uint_eq(n_runs, n_replications);
  ck_assert_uint_eq(n_cells, n_finished);
}

static bool is_same(const struct run_result *one, const struct run_result *other) {
  size_t n = result_words_count(scenario);
  int64_t *words = ARENA_ARRAY(&arena, 2 * n, int64_t);
  result_words_pack(one, words);
  result_words_pack(other, words + n);
  if (one->replication != other->replication || one->n_notes != other->n_notes) return false;
  for (uint32_t i = 0; i < one->n_notes; i++)
    if (one->notes[i].at_ns != other->notes[i].at_ns || one->notes[i].vm != other->notes[i].vm ||
        strcmp(one->notes[i].text, other->notes[i].text) != 0)
      return false;
  return memcmp(words, words + n, n * sizeof *words) == 0;
}

START_TEST(replications_come_out_as_they_went_in) {
  for (int is_temporary = 0; is_temporary <= 1; is_temporary++) {
    struct store *store = create(is_temporary ? NULL : path);
    put(store, 7, 2);
    put(store, 7, 0);
    put(store, 1, 1);
    struct replications seven = get(store, 7);
    ck_assert_uint_eq(seven.n, 2);
    ck_assert_int_eq(seven.status, RUN_DONE);
    ck_assert(is_same(seven.runs[0], run_of(0)) && is_same(seven.runs[1], run_of(2)));
    ck_assert_uint_eq(seven.runs[1]->seed, scenario->run.seed);
    ck_assert_uint_eq(get(store, 0).n, 0);
    ck_assert(store_has_cell(store, 7) && !store_has_cell(store, 0));
    expect_counts(store, 3, 0);
    ck_assert(store_has(store, 7, 2) && !store_has(store, 7, 1) && !store_has(store, 2, 2));
    ck_assert_int_eq(store_close(store), EX_OK);
  }
}
END_TEST

START_TEST(a_finished_cell_loses_what_lies_beyond) {
  struct store *store = create(path);
  for (uint32_t i = 0; i < 5; i++) put(store, 3, 10 + i);
  put(store, 4, 14);
  ck_assert(!store_is_finished(store, 3));
  ck_assert_int_eq(store_finish_cell(store, 3, 2), EX_OK);
  ck_assert(store_is_finished(store, 3) && !store_is_finished(store, 4));
  struct replications three = get(store, 3);
  ck_assert_uint_eq(three.n, 2);
  ck_assert(is_same(three.runs[0], run_of(10)) && is_same(three.runs[1], run_of(11)));
  ck_assert_uint_eq(get(store, 4).n, 1);
  expect_counts(store, 3, 1);
  ck_assert_int_ne(store_finish_cell(store, 4, 2), EX_OK);
  ck_assert_int_eq(store_close(store), EX_OK);
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_OK);
  ck_assert(store_is_finished(store, 3) && !store_is_finished(store, 4));
  ck_assert_int_eq(store_close(store), EX_OK);
}
END_TEST

START_TEST(facts_are_kept_and_dropped) {
  struct store *store = create(path);
  ck_assert_ptr_null(store_fact(store, "warmup", &arena));
  ck_assert_int_eq(store_set_fact(store, "warmup", "1s"), EX_OK);
  ck_assert_int_eq(store_set_fact(store, "warmup", "2s"), EX_OK);
  ck_assert_int_eq(store_close(store), EX_OK);
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_OK);
  ck_assert_str_eq(store_fact(store, "warmup", &arena), "2s");
  ck_assert_int_eq(store_set_fact(store, "warmup", NULL), EX_OK);
  ck_assert_ptr_null(store_fact(store, "warmup", &arena));
  ck_assert_int_eq(store_close(store), EX_OK);
}
END_TEST

/* Puts replications until it is killed, the last one without a commit. */
static void work_and_die(uint32_t n_committed) {
  struct store *store = create(path);
  for (uint32_t i = 0; i < n_committed; i++) put(store, 0, i);
  if (store_sync(store) != EX_OK) _exit(1);
  if (store_begin(store) != EX_OK || store_put(store, 0, run_of(n_committed)) != EX_OK) _exit(1);
  (void)raise(SIGKILL);
}

START_TEST(a_killed_process_keeps_what_it_committed) {
  pid_t child = fork();
  if (child == 0) work_and_die(9);
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  struct store *store;
  ck_assert_int_eq(store_read(path, &store), EX_OK);
  ck_assert_uint_eq(get(store, 0).n, 9);
  ck_assert_int_eq(store_close(store), EX_OK);
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_OK);
  ck_assert_uint_eq(get(store, 0).n, 9);
  put(store, 0, 9);
  ck_assert_int_eq(store_close(store), EX_OK);
  ck_assert_int_eq(access(arena_printf(&arena, "%s-wal", path), F_OK), -1);
}
END_TEST

START_TEST(one_writer_at_a_time) {
  struct store *store = create(path);
  put(store, 0, 0);
  pid_t child = fork();
  if (child == 0) {
    struct store *other;
    int code = store_resume(path, &identity, &other);
    _exit(code == EX_CANTCREAT && store_read(path, &other) == EX_NOINPUT ? 0 : 1);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ck_assert_int_eq(store_close(store), EX_OK);
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_OK);
  ck_assert_int_eq(store_close(store), EX_OK);
}
END_TEST

START_TEST(another_study_is_refused) {
  struct store *store = create(path);
  ck_assert_int_eq(store_close(store), EX_OK);
  const struct store_identity others[] = {
      {"{\"scenario\": {\"run\": {\"seed\": 2, \"replications\": 3}}}", identity.version},
      {"{\"scenario\": {\"run\": {\"replications\": 3, \"seed\": 1}}}", identity.version},
      {"{\"scenario\": {\"run\": {\"seed\": 1}}}", identity.version},
      {identity.study_json, "costop 2, model 1"}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    ck_assert_int_eq(store_resume(path, &others[i], &store), EX_DATAERR);
    ck_assert_ptr_null(store);
  }
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_OK);
  ck_assert_str_eq(store_identity(store)->study_json, identity.study_json);
  ck_assert_str_eq(store_identity(store)->version, identity.version);
  ck_assert_int_eq(store_close(store), EX_OK);
}
END_TEST

static void write_file(const char *bytes, size_t n) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  ck_assert(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
  ck_assert_int_eq(close(fd), 0);
}

START_TEST(other_files_are_refused) {
  static const char text[] =
      "this is a text, of no particular length, and no database at all: it "
      "goes on for a while so that it would fill a header of a hundred bytes";
  struct store *store;
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_CANTCREAT);
  ck_assert_int_eq(store_read(path, &store), EX_NOINPUT);
  write_file(text, sizeof text);
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_DATAERR);
  ck_assert_int_eq(store_read(path, &store), EX_DATAERR);
  write_file("", 0);
  ck_assert_int_eq(store_read(path, &store), EX_DATAERR);
}
END_TEST

/* Every 61st byte of the file in turn: a store with a changed byte is refused, or what comes out of
   it is what went in. */
START_TEST(damage_is_never_taken_for_results) {
  struct store *store = create(path);
  for (uint32_t i = 0; i < 6; i++) put(store, i / 3, i % 3);
  ck_assert_int_eq(store_close(store), EX_OK);
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  size_t size = (size_t)status.st_size;
  char *bytes = ARENA_ARRAY(&arena, size, char);
  int fd = open(path, O_RDONLY);
  ck_assert(fd >= 0 && read(fd, bytes, size) == status.st_size && close(fd) == 0);
  uint32_t n_refused = 0;
  /* Messages are expected by the hundred. */
  ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
  for (size_t at = 0; at < size; at += 61) {
    bytes[at] ^= 0x24;
    write_file(bytes, size);
    bytes[at] ^= 0x24;
    int code = store_read(path, &store);
    n_refused += code != EX_OK;
    if (code != EX_OK) continue;
    for (uint32_t cell = 0; cell < 2; cell++) {
      struct replications replications;
      code = store_get(store, cell, scenario, &arena, &replications);
      for (uint32_t i = 0; code == EX_OK && i < 3; i++)
        ck_assert_msg(replications.n == 3 && is_same(replications.runs[i], run_of(i)),
                      "byte %zu is changed, and nobody says so", at);
    }
    ck_assert_int_eq(store_close(store), EX_OK);
  }
  ck_assert_uint_gt(n_refused, 20);
}
END_TEST

/* In a process that may write files of 1 MB at most. */
static void fill_disk(void) {
  struct rlimit limit = {1000000, 1000000};
  (void)signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(1);
  struct store *store = create(path);
  int code = EX_OK;
  uint32_t n = 0;
  for (; code == EX_OK && n < 10000; n++) {
    code = store_begin(store);
    if (code == EX_OK) code = store_put(store, 0, run_of(n));
    if (code == EX_OK) code = store_commit(store);
  }
  (void)store_close(store);
  _exit(code == EX_IOERR && n > 10 && n < 10000 ? 0 : 1);
}

START_TEST(a_full_disk_keeps_what_was_committed) {
  pid_t child = fork();
  if (child == 0) fill_disk();
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  struct store *store;
  ck_assert_int_eq(store_resume(path, &identity, &store), EX_OK);
  struct replications some = get(store, 0);
  ck_assert_uint_gt(some.n, 10);
  for (uint32_t i = 0; i < some.n; i++) ck_assert(is_same(some.runs[i], run_of(i)));
  put(store, 0, some.n);
  ck_assert_int_eq(store_close(store), EX_OK);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("store");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, replications_come_out_as_they_went_in);
  tcase_add_test(tests, a_finished_cell_loses_what_lies_beyond);
  tcase_add_test(tests, facts_are_kept_and_dropped);
  tcase_add_test(tests, a_killed_process_keeps_what_it_committed);
  tcase_add_test(tests, one_writer_at_a_time);
  tcase_add_test(tests, another_study_is_refused);
  tcase_add_test(tests, other_files_are_refused);
  tcase_add_test(tests, damage_is_never_taken_for_results);
  tcase_add_test(tests, a_full_disk_keeps_what_was_committed);
  return suite_run(tests, "cli/store");
}
