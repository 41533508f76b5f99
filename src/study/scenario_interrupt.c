/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sources of interrupts of a VM. */
#include <string.h>

#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

static const char *const kind_words[] = {
    [INTERRUPT_DEVICE] = "device", [INTERRUPT_TIMER] = "timer", NULL};

static const struct param interrupt_params[] = {
    {.key = "kind",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct interrupt_spec, kind),
     .fallback = "device",
     .choices = kind_words,
     .help =
         "a device interrupts one vCPU and wakes it if it is idle; a timer is one on each vCPU, "
         "and spares it while it is idle"},
    {.key = "every",
     .type = PARAM_DIST,
     .offset = offsetof(struct interrupt_spec, every),
     .help = "time from one arrival to the next"},
    {.key = "vcpu",
     .type = PARAM_COUNT,
     .offset = offsetof(struct interrupt_spec, vcpu),
     .fallback = "rotate",
     .max = VCPUS_MAX - 1,
     .word = "rotate",
     .word_value = INTERRUPT_ROTATES,
     .help = "whom a device interrupts; by default all vCPUs in turn"},
    {.key = "entry",
     .type = PARAM_DURATION,
     .offset = offsetof(struct interrupt_spec, entry_ns),
     .fallback = "0",
     .max = 0x1p62,
     .help = "kernel time from taking the interrupt to the first step of its handler"},
};
static const char *const interrupt_others[] = {INTERRUPT_HANDLER, NULL};
const struct row_set interrupt_rows = {
    interrupt_params, sizeof interrupt_params / sizeof *interrupt_params, interrupt_others};

static void bind_interrupt(struct bind *bind, struct site site, const struct scenario *scenario,
                           uint32_t n_vcpus, struct interrupt_spec *spec) {
  struct object_rules rules = {
      .rows = interrupt_rows.rows, .n_rows = interrupt_rows.n, .others = interrupt_rows.others};
  spec->name = site.node->key;
  spec->every = dist_constant(1);
  bind_object(bind, site, &rules, spec);
  struct site every = site_child(bind, site, "every"), vcpu = site_child(bind, site, "vcpu");
  if (spec->every.mean_ns <= 0)
    diag_error(bind->diags, every.place, every.path, NULL, "interrupts must be apart");
  if (spec->kind == INTERRUPT_TIMER && vcpu.node)
    diag_warning(bind->diags, vcpu.place, vcpu.path, NULL,
                 "no effect under 'timer', which is one on each vCPU");
  else if (spec->vcpu != INTERRUPT_ROTATES && spec->vcpu >= n_vcpus && n_vcpus > 0)
    diag_error(bind->diags, vcpu.place, vcpu.path, NULL, "there are %u vCPUs, numbered from 0",
               n_vcpus);
  scenario_bind_handler(bind, site_child(bind, site, INTERRUPT_HANDLER), scenario, &spec->handler);
}

/* The calls of a VM's threads come first. */
static const struct op call_ops[] = {{.code = OP_ENTRY}, {.code = OP_RETURN}};
static const struct interrupt_spec calls = {
    .name = SHOOTDOWN,
    .kind = INTERRUPT_CALL,
    .handler = {.name = SHOOTDOWN, .ops = call_ops, .n_ops = sizeof call_ops / sizeof *call_ops}};

static void check_name(struct bind *bind, struct site site, const struct scenario *scenario,
                       bool has_calls) {
  if (has_calls && strcmp(site.node->key, SHOOTDOWN) == 0)
    diag_error(bind->diags, site.node->key_place, site.path, NULL,
               "'" SHOOTDOWN
               "' stands for the calls of this VM's program: give the interrupt "
               "another name");
  if (scenario_find_lock(scenario, site.node->key) != UINT32_MAX)
    diag_error(bind->diags, site.node->key_place, site.path, NULL,
               "'%s' is a lock, too: give the interrupt another name", site.node->key);
}

void scenario_bind_interrupts(struct bind *bind, struct site site, const struct scenario *scenario,
                              struct guest_spec *guest) {
  bool has_calls = guest->program && program_uses(guest->program, OP_SHOOTDOWN, 0);
  bool is_object = bind_expect(bind, site, CONF_OBJECT, "an object of interrupts") && site.node;
  if (!is_object && !has_calls) return;
  uint32_t n = has_calls, n_written = is_object ? site.node->n_children : 0;
  struct interrupt_spec *specs = ARENA_ARRAY(bind->arena, n + n_written, struct interrupt_spec);
  if (has_calls) specs[0] = calls;
  if (is_object) scenario_check_names(bind, site);
  for (uint32_t i = 0; i < n_written; i++) {
    struct site written = site_element(bind, site, i);
    check_name(bind, written, scenario, has_calls);
    bind_interrupt(bind, written, scenario, guest->n_vcpus, &specs[n++]);
  }
  guest->interrupts = specs;
  guest->n_interrupts = n;
}
