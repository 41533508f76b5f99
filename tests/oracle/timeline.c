/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hv/runstate.h"
#include "naive.h"
#include "study/machine.h"

enum { RECORDS_MAX = 1 << 18, LINE_MAX_CHARS = 48, INSTANTS_BEHIND = 4 };

struct recorder {
  struct trace_sink sink; /* first: the sink is the recorder */
  struct trace_record *records;
  size_t n, next;
};

/* Only what both tell alike; the order within an instant is nobody's business. */
static void record(struct trace_sink *sink, const struct trace_record *news) {
  struct recorder *recorder = (struct recorder *)(void *)sink;
  bool is_told = news->what == TRACE_RUNSTATE || news->what == TRACE_ITERATION ||
                 (news->what == TRACE_CURRENT && news->thread != ID_NONE) ||
                 (news->what >= TRACE_LOCK_WAIT && news->what <= TRACE_LOCK_RELEASE);
  if (is_told && recorder->n < RECORDS_MAX) recorder->records[recorder->n++] = *news;
}

static void word(char line[LINE_MAX_CHARS], const struct trace_record *record) {
  static const char *const runstates[RUNSTATES] = {"RUNNING", "READY", "COSTOP", "IDLE"};
  static const char *const verbs[] = {[TRACE_LOCK_WAIT] = "waits for",
                                      [TRACE_LOCK_OWN] = "owns",
                                      [TRACE_LOCK_ENTER] = "enters",
                                      [TRACE_LOCK_RELEASE] = "releases"};
  if (record->what == TRACE_RUNSTATE && record->to == RS_RUNNING)
    snprintf(line, LINE_MAX_CHARS, "vcpu %u RUNNING on %u", record->vcpu, record->pcpu);
  else if (record->what == TRACE_RUNSTATE)
    snprintf(line, LINE_MAX_CHARS, "vcpu %u %s", record->vcpu, runstates[record->to]);
  else if (record->what == TRACE_CURRENT)
    snprintf(line, LINE_MAX_CHARS, "vcpu %u: thread %u", record->vcpu, record->thread);
  else if (record->what == TRACE_ITERATION)
    snprintf(line, LINE_MAX_CHARS, "thread %u iteration %" PRId64, record->thread, record->value);
  else
    snprintf(line, LINE_MAX_CHARS, "thread %u %s %u", record->thread, verbs[record->what],
             record->lock);
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* The lines of the recorder's next instant, if that is at_ns; sorted. */
static size_t take_instant(struct recorder *recorder, int64_t at_ns, char lines[][LINE_MAX_CHARS]) {
  size_t n = 0;
  while (recorder->next < recorder->n && recorder->records[recorder->next].at_ns == at_ns)
    word(lines[n++], &recorder->records[recorder->next++]);
  qsort(lines, n, LINE_MAX_CHARS, by_text);
  return n;
}

static int64_t peek(const struct recorder *recorder) {
  return recorder->next < recorder->n ? recorder->records[recorder->next].at_ns : TIME_NEVER_NS;
}

static bool print_instant(FILE *file, int64_t at_ns, struct recorder *both,
                          char lines[2][RECORDS_MAX][LINE_MAX_CHARS]) {
  size_t n[2], next[2] = {0, 0};
  bool is_same = true;
  for (unsigned side = 0; side < 2; side++) n[side] = take_instant(&both[side], at_ns, lines[side]);
  fprintf(file, "%" PRId64 "\n", at_ns);
  while (next[0] < n[0] || next[1] < n[1]) {
    int order = next[0] == n[0]   ? 1
                : next[1] == n[1] ? -1
                                  : strcmp(lines[0][next[0]], lines[1][next[1]]);
    const char *left = order <= 0 ? lines[0][next[0]++] : "";
    const char *right = order >= 0 ? lines[1][next[1]++] : "";
    fprintf(file, "  %c %-36s %s\n", order == 0 ? ' ' : '!', left, right);
    is_same &= order == 0;
  }
  return is_same;
}

void timeline_print(FILE *file, const struct scenario *scenario) {
  struct arena arena = {0};
  struct recorder both[2];
  for (unsigned side = 0; side < 2; side++)
    both[side] = (struct recorder){
        .sink = {record}, .records = ARENA_ARRAY(&arena, RECORDS_MAX, struct trace_record)};
  char(*lines)[RECORDS_MAX][LINE_MAX_CHARS] = arena_alloc(&arena, 2, sizeof *lines);
  machine_run(scenario, &(struct machine_options){.trace = &both[0].sink}, &arena);
  oracle_run_traced(scenario, 0, &both[1].sink, &arena);
  fprintf(file, "    %-36s %s\n", "machine", "oracle");
  for (int n_left = INT32_MAX; n_left > 0; n_left--) {
    int64_t at_ns = peek(&both[0]) < peek(&both[1]) ? peek(&both[0]) : peek(&both[1]);
    if (at_ns == TIME_NEVER_NS) break;
    if (!print_instant(file, at_ns, both, lines) && n_left > INSTANTS_BEHIND)
      n_left = INSTANTS_BEHIND;
  }
  arena_free(&arena);
}
