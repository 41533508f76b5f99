/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/preset.h"

#include <assert.h>
#include <stdlib.h>
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

static const struct preset_value hyperv_core[] = {
    {"hypervisor.scheduler.kind", "rr",
     "Microsoft, Hyper-V scheduler types: fair share, preemptive"},
    {"hypervisor.scheduler.timeslice", "10ms", "assumed: none is published"},
    {"hypervisor.core_scheduling", "on", "the default from Windows Server 2019 on"},
    {"hypervisor.coscheduling.kind", "none", "beyond a core vCPUs are scheduled one by one"},
    {"hypervisor.ple.yield", "off", "what an exit leads to is not published"},
    COSTS};

/* Of a lock in Linux: how long it is held has been measured, how often it is taken has not. */
#define LOCK_STAT(class, text)                                                       \
  "Linux, Documentation/locking/lockstat.rst, holdtime-avg of " class ": " text      \
                                                                      " us; the law" \
                                                                      " is assumed"
#define KERNEL_LOCK(program, lock, kind, kind_source, hold, hold_source)                      \
  {                                                                                           \
    {"programs." program ".0.compute.exponential", "100us", "assumed: nothing is published"}, \
        {"programs." program ".1.lock", lock, "a lock of that name, of any kind"},            \
        {"programs." program ".1.hold.exponential", hold, hold_source}, {                     \
      "locks." lock ".kind", kind, kind_source                                                \
    }                                                                                         \
  }
#define QUEUED "Linux 4.2 and later: queued spinlocks"

static const struct preset_value linux_dentry[] =
    KERNEL_LOCK("linux-dentry", "dentry", "mcs", QUEUED, "270ns", LOCK_STAT("dentry", "0.27"));
static const struct preset_value linux_rcu[] =
    KERNEL_LOCK("linux-rcu", "rcu_node", "mcs", QUEUED, "890ns", LOCK_STAT("rcu_node", "0.89"));
static const struct preset_value linux_lru[] =
    KERNEL_LOCK("linux-lru", "lru_lock", "mcs", QUEUED, "930ns", LOCK_STAT("lru_lock", "0.93"));
static const struct preset_value linux_runqueue[] =
    KERNEL_LOCK("linux-runqueue", "runqueue", "mcs", QUEUED, "1690ns",
                LOCK_STAT("rq->lock", "1.69 (3.82 in another sample)"));
static const struct preset_value linux_tasklist[] =
    KERNEL_LOCK("linux-tasklist", "tasklist", "rw-spin", "a reader-writer spinlock, taken to write",
                "7720ns", LOCK_STAT("tasklist, to write", "7.72"));

#define PRESET(name, values, help) \
  { (name), (help), (values), sizeof(values) / sizeof *(values) }
static const struct preset hypervisors[] = {
    PRESET("esxi-6.0", esxi_6_0, "VMware ESXi 6.0: quantum 50 ms, relaxed co-scheduling"),
    PRESET("esxi-8", esxi_8, "VMware ESXi 8: quantum 200 ms, relaxed co-scheduling"),
    PRESET("xen-credit", xen_credit, "Xen with sched=credit, pause-loop exits yield"),
    PRESET("xen-credit2", xen_credit2, "Xen with its default scheduler, pause-loop exits yield"),
    PRESET("kvm-6.6", kvm_6_6, "KVM on Linux 6.6: EEVDF, directed yields"),
    PRESET("kvm-6.18", kvm_6_18, "KVM on Linux 6.18: EEVDF, directed yields"),
    PRESET("hyperv-core", hyperv_core, "Hyper-V's core scheduler: a core runs one VM at a time"),
};
static const struct preset programs[] = {
    PRESET("linux-dentry", linux_dentry, "a guest that takes the lock of a directory entry"),
    PRESET("linux-rcu", linux_rcu, "a guest that takes the lock of a node of read-copy-update"),
    PRESET("linux-lru", linux_lru, "a guest that takes the lock of the lists of pages by age"),
    PRESET("linux-runqueue", linux_runqueue,
           "a guest that takes the lock of a queue of its scheduler"),
    PRESET("linux-tasklist", linux_tasklist,
           "a guest that takes the lock of the list of tasks, to change it"),
};
static const struct {
  const struct preset *presets;
  size_t n;
} places[PRESET_PLACES] = {
    [PRESET_HYPERVISOR] = {hypervisors, sizeof hypervisors / sizeof *hypervisors},
    [PRESET_PROGRAM] = {programs, sizeof programs / sizeof *programs},
};

const struct preset *preset_at(enum preset_place place, size_t index) {
  return index < places[place].n ? &places[place].presets[index] : NULL;
}

const char *const *preset_names(enum preset_place place, const char *words[PRESETS_MAX + 1]) {
  size_t n = 0;
  for (; preset_at(place, n); n++) {
    assert(n < PRESETS_MAX);
    words[n] = preset_at(place, n)->name;
  }
  words[n] = NULL;
  return words;
}

static const struct preset *find(enum preset_place place, const char *name) {
  for (size_t i = 0; preset_at(place, i); i++)
    if (strcmp(preset_at(place, i)->name, name) == 0) return preset_at(place, i);
  return NULL;
}

/* The value put at the dotted path, whose numbers count elements of arrays from 0 on; every node at
   the place of the preset's name. */
static const struct conf *put(struct arena *arena, const struct conf *parent, const char *path,
                              const struct conf *value) {
  const char *dot = strchr(path, '.');
  const char *key = dot ? arena_printf(arena, "%.*s", (int)(dot - path), path) : path;
  if (dot) {
    bool is_array = dot[1] >= '0' && dot[1] <= '9';
    const struct conf *child = conf_find_path(parent, key);
    if (!child) child = conf_new(arena, is_array ? CONF_ARRAY : CONF_OBJECT, NULL, value->place);
    value = put(arena, child, dot + 1, value);
  }
  if (parent->kind == CONF_ARRAY && strtoul(key, NULL, 10) == parent->n_children)
    return conf_longer(arena, parent, value);
  return conf_with(arena, parent, key, value);
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

static const struct preset *find_or_report(enum preset_place place, const struct conf *name,
                                           const char *path, struct diags *diags,
                                           struct arena *arena) {
  struct bind bind = {.diags = diags, .arena = arena};
  const char *words[PRESETS_MAX + 1];
  bool is_text = name->kind == CONF_STRING;
  const struct preset *preset = is_text ? find(place, name->text) : NULL;
  if (!is_text)
    diag_error(diags, name->place, path, NULL, "expected a string, found %s",
               conf_describe(arena, name));
  else if (!preset)
    diag_error(diags, name->place, path,
               bind_known(&bind, name->text, "there are", preset_names(place, words)),
               "unknown preset '%s'", name->text);
  return preset;
}

/* The preset of a VM's program, if that is what it is: the VM gets a program of its name. */
static const struct conf *expand_program(const struct conf *level, const struct conf *vm,
                                         struct diags *diags, struct arena *arena) {
  const struct conf *program = conf_find(vm, "program"), *name = conf_find(program, "preset");
  if (!name) return level;
  const char *path = arena_printf(arena, "vms.%s.program.preset", vm->key);
  const struct preset *preset = find_or_report(PRESET_PROGRAM, name, path, diags, arena);
  if (!preset) preset = &programs[0]; /* so that nothing else is wrong */
  if (program->n_children > 1)
    diag_error(diags, program->place, path, NULL,
               "a preset stands alone; change programs.%s beside it", preset->name);
  const struct conf *vms = conf_find(level, "vms");
  program = conf_new(arena, CONF_STRING, preset->name, name->place);
  vms = conf_with(arena, vms, vm->key, conf_with(arena, vm, "program", program));
  return conf_merge(arena, tree_of(preset, name, arena), conf_with(arena, level, "vms", vms));
}

const struct conf *preset_expand(const struct conf *level, struct diags *diags,
                                 struct arena *arena) {
  const struct conf *vms = conf_find(level, "vms");
  for (uint32_t i = 0; vms && vms->kind == CONF_OBJECT && i < vms->n_children; i++)
    level = expand_program(level, vms->children[i], diags, arena);
  const struct conf *hypervisor = conf_find(level, "hypervisor");
  const struct conf *name = conf_find(hypervisor, "preset");
  if (!name) return level;
  hypervisor = conf_without(arena, hypervisor, "preset");
  level = conf_with(arena, level, "hypervisor", hypervisor);
  const struct preset *preset = find_or_report(PRESET_HYPERVISOR, name, PRESET_PATH, diags, arena);
  return preset ? conf_merge(arena, tree_of(preset, name, arena), level) : level;
}

const struct conf *preset_clear(const struct conf *below, struct arena *arena) {
  static const char *const wholes[] = {"scheduler", "coscheduling", "ple", "halt_polling",
                                       "core_scheduling"};
  const struct conf *hypervisor = conf_find(below, "hypervisor");
  if (!hypervisor || hypervisor->kind != CONF_OBJECT) return below;
  for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++)
    if (conf_find(hypervisor, wholes[i])) hypervisor = conf_without(arena, hypervisor, wholes[i]);
  return conf_with(arena, below, "hypervisor", hypervisor);
}

const struct conf *preset_put(const struct conf *below, const struct conf *name,
                              struct diags *diags, struct arena *arena) {
  const struct preset *preset = find_or_report(PRESET_HYPERVISOR, name, PRESET_PATH, diags, arena);
  if (!preset) return NULL;
  return conf_merge(arena, preset_clear(below, arena), tree_of(preset, name, arena));
}
