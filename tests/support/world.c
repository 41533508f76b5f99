/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/world.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/figures.h"

enum { TEXT_ROOM = 8192, NAME_ROOM = 64 };

/* --- running --- */

static void keep(struct trace_sink *sink, const struct trace_record *record) {
  struct world *world = (struct world *)(void *)((char *)sink - offsetof(struct world, sink));
  if (world->n_records == world->room) {
    world->room = world->room ? 2 * world->room : 1024;
    world->records = realloc(world->records, world->room * sizeof *record);
    ck_assert_ptr_nonnull(world->records);
  }
  world->records[world->n_records++] = *record;
}

static void bind(struct world *world, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void bind(struct world *world, const char *format, va_list arguments) {
  char text[TEXT_ROOM];
  int length = vsnprintf(text, sizeof text, format, arguments);
  ck_assert(length > 0 && length < TEXT_ROOM);
  bound_bind(&world->bound, text);
  const struct diag *first = &world->bound.diags.items[0];
  ck_assert_msg(world->bound.scenario, "%s: %s", first->path, first->message);
}

void world_watch(struct world *world, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  bind(world, format, arguments);
  va_end(arguments);
  world->sink.emit = keep;
  struct machine_options options = {.guard.paranoid = true, .trace = &world->sink};
  world->result = machine_run(world->bound.scenario, &options, &world->arena);
}

void world_measure(struct world *world, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  bind(world, format, arguments);
  va_end(arguments);
  world->result = machine_run(world->bound.scenario, &(struct machine_options){0}, &world->arena);
}

void world_free(struct world *world) {
  bound_free(&world->bound);
  arena_free(&world->arena);
  free(world->records);
  *world = (struct world){0};
}

/* --- results --- */

const struct vm_result *world_vm(const struct world *world, const char *vm) {
  for (uint32_t i = 0; i < world->result->scenario->n_vms; i++)
    if (strcmp(world->result->vms[i].spec->name, vm) == 0) return &world->result->vms[i];
  ck_abort_msg("no VM %s", vm);
}

const struct lock_result *world_lock(const struct world *world, const char *vm, const char *lock) {
  const struct vm_result *result = world_vm(world, vm);
  for (uint32_t i = 0; i < result->n_locks; i++)
    if (strcmp(result->locks[i].spec->name, lock) == 0) return &result->locks[i];
  ck_abort_msg("no lock %s in %s", lock, vm);
}

double world_share(const struct world *world, const char *vm, enum runstate state) {
  const struct vm_result *result = world_vm(world, vm);
  double time_ns = (double)world->result->window_ns * result->spec->guest.n_vcpus;
  return 100 * (double)result->total.runstate_ns[state] / time_ns;
}

double world_utilisation(const struct world *world) {
  double time_ns = (double)world->result->window_ns * (double)world->result->scenario->host.n_pcpus;
  return (double)world->result->host.busy_ns / time_ns;
}

/* --- pictures --- */

/* What a line of a drawing is about; ID_NONE: not about that. */
struct subject {
  char name[NAME_ROOM];
  pcpu_id_t pcpu;
  vcpu_id_t vcpu;
  thread_id_t thread;
  lock_id_t lock;
};

static uint32_t number(const char *text) {
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  ck_assert_msg(end > text, "a number, not %s", text);
  return (uint32_t)value;
}

static lock_id_t find_lock(const struct vm_result *vm, const char *name) {
  for (uint32_t i = 0; i < vm->n_locks; i++)
    if (strcmp(vm->locks[i].spec->name, name) == 0) return i;
  ck_abort_msg("no lock %s", name);
}

static struct subject subject_of(const struct world *world, const char *name) {
  struct subject subject = {.pcpu = ID_NONE, .vcpu = ID_NONE, .thread = ID_NONE, .lock = ID_NONE};
  snprintf(subject.name, sizeof subject.name, "%s", name);
  char *slash = strchr(subject.name, '/');
  if (!slash) {
    subject.pcpu = number(name + 1);
    return subject;
  }
  *slash = '\0';
  uint32_t n = number(slash + 2), vcpus = 0, threads = 0, locks = 0;
  const struct vm_result *vm = world->result->vms;
  for (; strcmp(vm->spec->name, subject.name) != 0; vm++) {
    ck_assert_msg(vm + 1 < world->result->vms + world->result->scenario->n_vms, "no %s", name);
    vcpus += vm->spec->guest.n_vcpus;
    threads += guest_n_contexts(&vm->spec->guest);
    locks += vm->n_locks;
  }
  *slash = '/';
  const char *colon = strchr(slash, ':');
  if (slash[1] == 'v')
    subject.vcpu = vcpus + n;
  else
    subject.thread = threads + n;
  if (colon) subject.lock = locks + find_lock(vm, colon + 1);
  return subject;
}

/* The character that stands for the subject from this record on; 0: the same as before. */
static char look_of_vcpu(const struct trace_record *record) {
  static const char runstates[RUNSTATES] = {
      [RS_RUNNING] = 0, [RS_READY] = 'r', [RS_COSTOP] = 'x', [RS_IDLE] = '.'};
  static const char activities[ACTIVITIES + 1] = {
      [ACT_OVERHEAD] = 'o', [ACT_USEFUL] = 'u', [ACT_CRITICAL] = 'c',
      [ACT_SPIN] = 's',     [ACT_KERNEL] = 'k', [NO_ACTIVITY] = 0};
  if (record->what == TRACE_RUNSTATE) return runstates[record->to];
  return record->what == TRACE_ACTIVITY ? activities[record->to] : '\0';
}

static char look_of_lock(const struct trace_record *record) {
  static const char phases[] = {[TRACE_LOCK_WAIT] = 'w',
                                [TRACE_LOCK_OWN] = 'g',
                                [TRACE_LOCK_ENTER] = '#',
                                [TRACE_LOCK_RELEASE] = '.'};
  return record->what >= TRACE_LOCK_WAIT && record->what <= TRACE_LOCK_RELEASE
             ? phases[record->what]
             : '\0';
}

/* A host-wide number of a vCPU, or nobody. */
static char look_of_number(bool is_any, vcpu_id_t vcpu) {
  return is_any ? (char)('0' + vcpu) : '.';
}

static char look_of_pcpu(const struct trace_record *record) {
  if (record->what != TRACE_RUNSTATE) return '\0';
  if (record->to != RS_RUNNING && record->from != RS_RUNNING) return '\0';
  return look_of_number(record->to == RS_RUNNING, record->vcpu);
}

static char look_of_thread(const struct trace_record *record, thread_id_t thread, char before) {
  if (record->what != TRACE_CURRENT) return '\0';
  if (record->thread == thread) return look_of_number(true, record->vcpu);
  return before == look_of_number(true, record->vcpu) ? '.' : '\0';
}

static char look(const struct subject *subject, const struct trace_record *record, char before) {
  if (subject->pcpu != ID_NONE) return record->pcpu == subject->pcpu ? look_of_pcpu(record) : '\0';
  if (subject->vcpu != ID_NONE) return record->vcpu == subject->vcpu ? look_of_vcpu(record) : '\0';
  if (subject->lock == ID_NONE) return look_of_thread(record, subject->thread, before);
  bool is_meant = record->thread == subject->thread && record->lock == subject->lock;
  return is_meant ? look_of_lock(record) : '\0';
}

static void draw(const struct world *world, const struct subject *subject, int64_t unit_ns,
                 size_t n, char *cells) {
  memset(cells, '.', n);
  for (size_t i = 0; i < world->n_records; i++) {
    const struct trace_record *record = &world->records[i];
    size_t from = (size_t)(record->at_ns / unit_ns);
    if (from >= n) continue;
    char to = look(subject, record, cells[from]);
    if (!to || cells[from] == to) continue;
    ck_assert_msg(record->at_ns % unit_ns == 0, "%s: %c from %" PRId64 " ns on, within a unit",
                  subject->name, to, record->at_ns);
    memset(cells + from, to, n - from);
  }
}

static void expect_line(const struct world *world, int64_t unit_ns, char *line) {
  char *cells = strchr(line, ' ');
  ck_assert_msg(cells, "%s", line);
  *cells++ = '\0';
  size_t n = 0;
  for (const char *at = cells; *at; at++)
    if (*at != ' ') cells[n++] = *at;
  cells[n] = '\0';
  struct subject subject = subject_of(world, line);
  char *drawn = malloc(n + 1);
  ck_assert_ptr_nonnull(drawn);
  draw(world, &subject, unit_ns, n, drawn);
  drawn[n] = '\0';
  ck_assert_msg(strcmp(cells, drawn) == 0, "%s\nexpected %s\nhappened %s", line, cells, drawn);
  free(drawn);
}

/* Who is not watched takes shorter ways, which must lead to the same. */
static void expect_same_unwatched(const struct world *world) {
  static struct figures watched, unwatched;
  struct arena arena = {0};
  figures_read(&watched, world->result);
  figures_read(&unwatched,
               machine_run(world->bound.scenario, &(struct machine_options){0}, &arena));
  figures_expect_same(&watched, &unwatched);
  arena_free(&arena);
}

void world_expect(const struct world *world, int64_t unit_ns, const char *drawing) {
  char text[TEXT_ROOM], *rest = NULL;
  ck_assert_uint_lt(strlen(drawing), sizeof text);
  strcpy(text, drawing);
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
    expect_line(world, unit_ns, line);
  expect_same_unwatched(world);
}
