/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/preset.h"

#include <assert.h>
#include <string.h>

#include "study/bind.h"

#define MEASURED_SWITCH "about 1.1 us for a thread, 2.4 us for a process on Linux 6.6; assumed here"
#define COSTS                                                                       \
  {"host.costs.context_switch", "1.5us", MEASURED_SWITCH},                          \
      {"host.costs.migration", "2us", "assumed: refilling the nearest caches"}, {   \
    "hypervisor.ple.exit_cost", "550ns", "1650 cycles at 3 GHz: an empty hypercall" \
  }
#define XEN_PLE                                                                           \
  {"hypervisor.coscheduling.kind", "none", "Xen has no co-scheduling"},                   \
      {"hypervisor.ple.yield", "undirected", "xen/arch/x86/hvm/vmx/vmx.c: vcpu_yield()"}, \
      {"hypervisor.ple.window", "4096cycles", "Xen: ple_window"}, {                       \
    "hypervisor.ple.max_windows", "1", "Xen: the window does not grow"                    \
  }
#define KVM_PLE                                                                             \
  {"hypervisor.coscheduling.kind", "none", "Linux schedules vCPUs as any threads"},         \
      {"hypervisor.ple.yield", "directed", "virt/kvm/kvm_main.c: kvm_vcpu_on_spin()"},      \
      {"hypervisor.ple.window", "4096cycles", "KVM_VMX_DEFAULT_PLE_WINDOW"},                \
      {"hypervisor.halt_polling.max", "200us", "KVM_HALT_POLL_NS_DEFAULT on x86"},          \
      {"hypervisor.halt_polling.start", "10us", "halt_poll_ns_grow_start"},                 \
      {"hypervisor.halt_polling.grow", "2", "halt_poll_ns_grow"}, {                         \
    "hypervisor.ple.max_windows", "1048575", "ple_window_max: UINT_MAX cycles, by doubling" \
  }
#define ESX_RULE                                                                        \
  {"hypervisor.coscheduling.kind", "relaxed", "ESX 4 and later"},                       \
      {"hypervisor.coscheduling.costop_threshold", "3ms", "ESXi's advanced settings"},  \
      {"hypervisor.coscheduling.costart_threshold", "2ms", "ESXi's advanced settings"}, \
      {"hypervisor.coscheduling.poll", "1ms", "ESXi's advanced settings"}, {            \
    "hypervisor.ple.yield", "off", "nothing is published"                               \
  }

static const struct preset_value esxi_6_0[] = {
    {"hypervisor.scheduler.kind", "esx", "VMware, The CPU Scheduler in vSphere 5.1"},
    {"hypervisor.scheduler.quantum", "50ms", "ESXi 6.0 U3: Cpu.Quantum"},
    ESX_RULE,
    COSTS};
static const struct preset_value esxi_8[] = {
    {"hypervisor.scheduler.kind", "esx", "VMware, The CPU Scheduler in vSphere 5.1"},
    {"hypervisor.scheduler.quantum", "200ms", "ESXi 6.5 and later: Cpu.Quantum"},
    ESX_RULE,
    COSTS};
static const struct preset_value xen_credit[] = {
    {"hypervisor.scheduler.kind", "credit", "Xen: sched=credit"},
    {"hypervisor.scheduler.timeslice", "30ms", "sched_credit_tslice_ms"},
    {"hypervisor.scheduler.ratelimit", "1ms", "sched_ratelimit_us"},
    XEN_PLE,
    COSTS};
static const struct preset_value xen_credit2[] = {
    {"hypervisor.scheduler.kind", "credit2", "Xen 4.12 and later"},
    {"hypervisor.scheduler.ratelimit", "1ms", "sched_ratelimit_us"},
    XEN_PLE,
    COSTS};
static const struct preset_value kvm_6_6[] = {
    {"hypervisor.scheduler.kind", "eevdf", "Linux 6.6: kernel/sched/fair.c"},
    {"hypervisor.scheduler.base_slice", "3ms", "0.75 ms, times 4 with 8 CPUs or more"},
    {"hypervisor.halt_polling.shrink", "0", "halt_poll_ns_shrink of Linux before 6.11"},
    {"hypervisor.scheduler.tick", "4ms", "CONFIG_HZ=250"},
    KVM_PLE,
    COSTS};
static const struct preset_value kvm_6_18[] = {
    {"hypervisor.scheduler.kind", "eevdf", "Linux 6.18: kernel/sched/fair.c"},
    {"hypervisor.scheduler.base_slice", "2800us", "0.7 ms, times 4 with 8 CPUs or more"},
    {"hypervisor.halt_polling.shrink", "2", "halt_poll_ns_shrink of Linux 6.11 and later"},
    {"hypervisor.scheduler.tick", "4ms", "CONFIG_HZ=250"},
    KVM_PLE,
    COSTS};

#define PRESET(name, values, help) \
  { (name), (help), (values), sizeof(values) / sizeof *(values) }
static const struct preset presets[] = {
    PRESET("esxi-6.0", esxi_6_0, "VMware ESXi 6.0: quantum 50 ms, relaxed co-scheduling"),
    PRESET("esxi-8", esxi_8, "VMware ESXi 8: quantum 200 ms, relaxed co-scheduling"),
    PRESET("xen-credit", xen_credit, "Xen with sched=credit, pause-loop exits yield"),
    PRESET("xen-credit2", xen_credit2, "Xen with its default scheduler, pause-loop exits yield"),
    PRESET("kvm-6.6", kvm_6_6, "KVM on Linux 6.6: EEVDF, directed yields"),
    PRESET("kvm-6.18", kvm_6_18, "KVM on Linux 6.18: EEVDF, directed yields"),
};

const struct preset *preset_at(size_t index) {
  return index < sizeof presets / sizeof *presets ? &presets[index] : NULL;
}

const char *const *preset_names(const char *words[PRESETS_MAX + 1]) {
  size_t n = 0;
  for (; preset_at(n); n++) {
    assert(n < PRESETS_MAX);
    words[n] = preset_at(n)->name;
  }
  words[n] = NULL;
  return words;
}

static const struct preset *find(const char *name) {
  for (size_t i = 0; preset_at(i); i++)
    if (strcmp(preset_at(i)->name, name) == 0) return preset_at(i);
  return NULL;
}

/* The value put at the dotted path; every node at the place of the preset's name. */
static const struct conf *put(struct arena *arena, const struct conf *object, const char *path,
                              const struct conf *value) {
  const char *dot = strchr(path, '.');
  if (!dot) return conf_with(arena, object, path, value);
  const char *key = arena_printf(arena, "%.*s", (int)(dot - path), path);
  const struct conf *child = conf_find(object, key);
  if (!child) child = conf_new(arena, CONF_OBJECT, NULL, value->place);
  return conf_with(arena, object, key, put(arena, child, dot + 1, value));
}

static const struct conf *tree_of(const struct preset *preset, const struct conf *name,
                                  struct arena *arena) {
  const struct conf *root = conf_new(arena, CONF_OBJECT, NULL, name->place);
  for (size_t i = 0; i < preset->n_values; i++) {
    const char *text = preset->values[i].value;
    enum conf_kind kind = text[strspn(text, "0123456789")] ? CONF_STRING : CONF_NUMBER;
    root = put(arena, root, preset->values[i].path, conf_new(arena, kind, text, name->place));
  }
  return root;
}

static const struct preset *find_or_report(const struct conf *name, struct diags *diags,
                                           struct arena *arena) {
  struct bind bind = {.diags = diags, .arena = arena};
  const char *words[PRESETS_MAX + 1];
  bool is_text = name->kind == CONF_STRING;
  const struct preset *preset = is_text ? find(name->text) : NULL;
  if (!is_text)
    diag_error(diags, name->place, PRESET_PATH, NULL, "expected a string, found %s",
               conf_describe(arena, name));
  else if (!preset)
    diag_error(diags, name->place, PRESET_PATH,
               bind_known(&bind, name->text, "there are", preset_names(words)),
               "unknown preset '%s'", name->text);
  return preset;
}

const struct conf *preset_expand(const struct conf *level, struct diags *diags,
                                 struct arena *arena) {
  const struct conf *hypervisor = conf_find(level, "hypervisor");
  const struct conf *name = conf_find(hypervisor, "preset");
  if (!name) return level;
  hypervisor = conf_without(arena, hypervisor, "preset");
  level = conf_with(arena, level, "hypervisor", hypervisor);
  const struct preset *preset = find_or_report(name, diags, arena);
  return preset ? conf_merge(arena, tree_of(preset, name, arena), level) : level;
}

const struct conf *preset_clear(const struct conf *below, struct arena *arena) {
  static const char *const wholes[] = {"scheduler", "coscheduling", "ple", "halt_polling"};
  const struct conf *hypervisor = conf_find(below, "hypervisor");
  if (!hypervisor || hypervisor->kind != CONF_OBJECT) return below;
  for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
    if (conf_find(hypervisor, wholes[i])) hypervisor = conf_without(arena, hypervisor, wholes[i]);
  return conf_with(arena, below, "hypervisor", hypervisor);
}

const struct conf *preset_put(const struct conf *below, const struct conf *name,
                              struct diags *diags, struct arena *arena) {
  const struct preset *preset = find_or_report(name, diags, arena);
  if (!preset) return NULL;
  return conf_merge(arena, preset_clear(below, arena), tree_of(preset, name, arena));
}
