/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/expect.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "study/suggest.h"

const char *const expect_op_words[] = {[EXPECT_LT] = "<",
                                       [EXPECT_LE] = "<=",
                                       [EXPECT_GT] = ">",
                                       [EXPECT_GE] = ">=",
                                       [EXPECT_EQ] = "==",
                                       [EXPECT_NE] = "!=",
                                       NULL};

bool expect_covers(const struct expect *expect, const struct vm_spec *vm) {
  return !expect->vm || strcmp(expect->vm, vm->name) == 0 || strcmp(expect->vm, vm->base_name) == 0;
}

bool expect_op_take(const char **at, enum expect_op *op) {
  size_t longest = 0;
  for (uint32_t i = 0; expect_op_words[i]; i++) {
    size_t length = strlen(expect_op_words[i]);
    if (length <= longest || strncmp(*at, expect_op_words[i], length) != 0) continue;
    *op = (enum expect_op)i;
    longest = length;
  }
  *at += longest;
  return longest > 0;
}

bool expect_op_holds(enum expect_op op, int order) {
  switch (op) {
    case EXPECT_LT:
      return order < 0;
    case EXPECT_LE:
      return order <= 0;
    case EXPECT_GT:
      return order > 0;
    case EXPECT_GE:
      return order >= 0;
    case EXPECT_EQ:
      return order == 0;
    case EXPECT_NE:
      return order != 0;
  }
  return false;
}

bool expect_holds(const struct expect *expect, double value) {
  return expect_op_holds(expect->op, (value > expect->value) - (value < expect->value));
}

/* By its name, or as one of those of an entry of the file. */
static bool is_stealer(const struct scenario *scenario, uint32_t stealer, const char *name) {
  bool is_vm = stealer < scenario->n_vms;
  return strcmp(entity_stealer(scenario, stealer), name) == 0 ||
         (is_vm && strcmp(scenario->vms[stealer].base_name, name) == 0);
}

bool expect_means(const struct expect *expect, const struct run_result *run, struct entity entity) {
  if (entity.scope == SCOPE_HOST) return true;
  const struct vm_result *vm = &run->vms[entity.vm];
  if (!expect_covers(expect, vm->spec)) return false;
  if (!expect->member || entity.scope == SCOPE_VM) return true;
  if (entity.scope == SCOPE_LOCK)
    return strcmp(vm->locks[entity.member].spec->name, expect->member) == 0;
  if (entity.scope == SCOPE_INTERRUPT)
    return strcmp(vm->interrupts[entity.member].spec->name, expect->member) == 0;
  if (entity.scope == SCOPE_STEAL) return is_stealer(run->scenario, entity.member, expect->member);
  return strtoul(expect->member + 1, NULL, 10) == entity.member;
}

static const char *skip_blanks(const char *at) {
  while (isblank((unsigned char)*at)) at++;
  return at;
}

/* "v12": the number, else -1. */
static long vcpu_number(const char *member) {
  char *end;
  if (*member != 'v' || !isdigit((unsigned char)member[1])) return -1;
  long number = strtol(member + 1, &end, 10);
  return *end ? -1 : number;
}

/* A lock, or a source of interrupts: their names differ; or who may have run while it was READY. */
static const char *expect_named(const struct scenario *scenario, const struct vm_spec *vm,
                                struct expect *expect, struct arena *arena) {
  expect->scope = SCOPE_INTERRUPT;
  for (uint32_t i = 0; i < vm->guest.n_interrupts; i++)
    if (strcmp(vm->guest.interrupts[i].name, expect->member) == 0) return NULL;
  expect->scope = SCOPE_LOCK;
  for (uint32_t i = 0; i < scenario->n_locks; i++)
    if (strcmp(scenario->locks[i].name, expect->member) == 0) return NULL;
  expect->scope = SCOPE_STEAL;
  for (uint32_t i = 0; i < entity_n_stealers(scenario); i++)
    if (is_stealer(scenario, i, expect->member)) return NULL;
  return arena_printf(arena, "no lock or interrupt '%s'; VM/v0 is a vCPU", expect->member);
}

static const char *expect_scope(const struct scenario *scenario, struct expect *expect,
                                struct arena *arena) {
  expect->scope = SCOPE_VM;
  if (strcmp(expect->vm, "host") == 0) {
    expect->scope = SCOPE_HOST;
    expect->vm = NULL;
    return expect->member ? "the host has no parts" : NULL;
  }
  const struct vm_spec *vm = NULL;
  const char **names = ARENA_ARRAY(arena, scenario->n_vms + 1u, const char *);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    names[i] = scenario->vms[i].base_name;
    if (!vm && expect_covers(expect, &scenario->vms[i])) vm = &scenario->vms[i];
  }
  if (!vm) {
    const char *near = suggest_word(expect->vm, names);
    return near ? arena_printf(arena, "no VM '%s'; did you mean '%s'?", expect->vm, near)
                : arena_printf(arena, "no VM '%s'", expect->vm);
  }
  if (!expect->member) return NULL;
  long vcpu = vcpu_number(expect->member);
  if (vcpu < 0) return expect_named(scenario, vm, expect, arena);
  expect->scope = SCOPE_VCPU;
  if (vcpu < (long)vm->guest.n_vcpus) return NULL;
  return arena_printf(arena, "%s has %u vCPUs, numbered from v0", vm->name, vm->guest.n_vcpus);
}

static const char *expect_metric(struct expect *expect, const char *name, bool has_scope,
                                 struct arena *arena) {
  bool is_ambiguous = false;
  expect->metric = metric_find(expect->scope, name, &is_ambiguous);
  if (!expect->metric && !has_scope && !is_ambiguous) {
    expect->scope = SCOPE_HOST;
    expect->metric = metric_find(SCOPE_HOST, name, &is_ambiguous);
  }
  if (expect->metric) return NULL;
  if (is_ambiguous) return arena_printf(arena, "metric '%s' needs its unit", name);
  size_t n = 0;
  enum scope scope = has_scope ? expect->scope : SCOPE_VM;
  while (metrics_of[scope][n]) n++;
  const char **names = ARENA_ARRAY(arena, n + 1, const char *);
  for (size_t i = 0; i < n; i++) names[i] = metrics_of[scope][i]->name;
  const char *near = suggest_word(name, names);
  return near ? arena_printf(arena, "no metric '%s' in scope %s; did you mean '%s'?", name,
                             scope_names[scope], near)
              : arena_printf(arena, "no metric '%s' in scope %s", name, scope_names[scope]);
}

const char *expect_parse_subject(const struct scenario *scenario, const char **text,
                                 struct arena *arena, struct expect *expect) {
  *expect = (struct expect){.text = *text, .scope = SCOPE_VM};
  const char *at = skip_blanks(*text);
  int length = (int)strcspn(at, " \t@<>=!");
  if (length == 0) return "expected METRIC[@SCOPE]";
  const char *name = arena_printf(arena, "%.*s", length, at);
  at = skip_blanks(at + length);
  bool has_scope = *at == '@';
  if (has_scope) {
    at = skip_blanks(at + 1);
    length = (int)strcspn(at, " \t<>=!");
    char *vm = arena_printf(arena, "%.*s", length, at), *slash = strchr(vm, '/');
    at = skip_blanks(at + length);
    expect->vm = vm;
    if (slash) {
      *slash = '\0';
      expect->member = slash + 1;
    }
    const char *fault = expect_scope(scenario, expect, arena);
    if (fault) return fault;
  }
  *text = at;
  return expect_metric(expect, name, has_scope, arena);
}

const char *expect_parse(const struct scenario *scenario, const char *text, struct arena *arena,
                         struct expect *expect) {
  const char *at = text, *fault = expect_parse_subject(scenario, &at, arena, expect);
  if (fault) return fault;
  if (!expect_op_take(&at, &expect->op)) return "expected an operator: < <= > >= == !=";
  at = skip_blanks(at);
  char *end;
  expect->value = strtod(at, &end);
  bool is_number = end != at && (isdigit((unsigned char)*at) || strchr("+-.", *at));
  if (!is_number) return "expected a number behind the operator";
  if (*skip_blanks(end)) return arena_printf(arena, "'%s' behind the number", skip_blanks(end));
  bool is_finite = expect->value - expect->value == 0;
  return is_finite ? NULL : "the number is beyond all bounds";
}
