/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/print_scenario.h"

#include <inttypes.h>
#include <string.h>

static void print_dist(FILE *file, const struct dist *dist) {
  if (dist_is_constant(dist)) {
    fprintf(file, "\"%" PRId64 "ns\"", dist->constant_ns);
  } else if (dist->scale_ns > 0) {
    fprintf(file, "{\"exponential\": \"%.0fns\"}", dist->scale_ns);
  } else {
    int64_t ends_ns[2];
    for (unsigned i = 0; i < 2; i++)
      memcpy(&ends_ns[i], dist->params.bytes + dist->kind->kind.params[i].offset,
             sizeof ends_ns[i]);
    fprintf(file, "{\"%s\": [\"%" PRId64 "ns\", \"%" PRId64 "ns\"]}", dist->kind->kind.name,
            ends_ns[0], ends_ns[1]);
  }
}

static void print_value(FILE *file, const struct param *row, const unsigned char *params) {
  if (row->type == PARAM_CHOICE) {
    uint32_t choice;
    memcpy(&choice, params + row->offset, sizeof choice);
    fprintf(file, "\"%s\"", row->choices[choice]);
    return;
  }
  if (row->type == PARAM_COUNT) {
    uint32_t count;
    memcpy(&count, params + row->offset, sizeof count);
    fprintf(file, "%" PRIu32, count);
    return;
  }
  int64_t value_ns;
  memcpy(&value_ns, params + row->offset, sizeof value_ns);
  if (row->word && value_ns == row->word_value)
    fprintf(file, "\"%s\"", row->word);
  else
    fprintf(file, "\"%" PRId64 "ns\"", value_ns);
}

/* Rows with a dot in their key belong into one object, named before the dot. */
static void print_kind(FILE *file, const struct kind_choice *choice) {
  const struct kind *kind = choice->kind;
  fprintf(file, "{ \"kind\": \"%s\"", kind->name);
  const char *object = NULL;
  for (size_t i = 0; i < kind->n_params; i++) {
    const struct param *row = &kind->params[i];
    if (strchr(row->key, '.')) {
      object = row->key;
      continue;
    }
    fprintf(file, ", \"%s\": ", row->key);
    print_value(file, row, choice->params.bytes);
  }
  if (object) {
    fprintf(file, ", \"%.*s\": {", (int)strcspn(object, "."), object);
    const char *separator = "";
    for (size_t i = 0; i < kind->n_params; i++) {
      const char *dot = strchr(kind->params[i].key, '.');
      if (!dot) continue;
      fprintf(file, "%s \"%s\": ", separator, dot + 1);
      print_value(file, &kind->params[i], choice->params.bytes);
      separator = ",";
    }
    fputs(" }", file);
  }
  fputs(" }", file);
}

static void print_step(FILE *file, const struct scenario *scenario, const struct op *op) {
  switch (op->code) {
    case OP_COMPUTE:
      if (op->purpose == RNG_HOLD) return; /* printed with its lock */
      fputs("{\"compute\": ", file);
      print_dist(file, &op->dist);
      break;
    case OP_SLEEP:
      fputs("{\"sleep\": ", file);
      print_dist(file, &op->dist);
      break;
    case OP_BARRIER:
      fprintf(file, "{\"barrier\": \"%s\"", scenario->barriers[op->target].name);
      break;
    case OP_YIELD:
      fputs("{\"yield\": true", file);
      break;
    case OP_LOCK:
      fprintf(file, "{\"lock\": \"%s\", ", scenario->locks[op->target].name);
      if (op->is_read) fputs("\"mode\": \"read\", ", file);
      if (op[1].code != OP_COMPUTE || op[1].purpose != RNG_HOLD) {
        fputs("\"do\": [", file);
        return;
      }
      fputs("\"hold\": ", file);
      print_dist(file, &op[1].dist);
      return;
    case OP_UNLOCK:
      if (op[-1].code != OP_COMPUTE || op[-1].purpose != RNG_HOLD) fputs("]", file);
      break;
    case OP_SHOOTDOWN:
      fputs("{\"shootdown\": {\"handler\": ", file);
      print_dist(file, &op->dist);
      fputs("}", file);
      break;
    case OP_ENTRY:
    case OP_RETURN:
    case OP_END:
      return;
  }
  bool is_last = op[1].code == OP_UNLOCK || op[1].code == OP_RETURN || op[1].code == OP_END;
  fputs(is_last ? "}" : "}, ", file);
}

static void print_interrupts(FILE *file, const struct scenario *scenario,
                             const struct guest_spec *guest) {
  const char *separator = "";
  fputs(",\n      \"interrupts\": {", file);
  for (uint32_t i = 0; i < guest->n_interrupts; i++) {
    const struct interrupt_spec *spec = &guest->interrupts[i];
    if (spec->kind == INTERRUPT_CALL) continue; /* the program says it */
    bool is_timer = spec->kind == INTERRUPT_TIMER;
    fprintf(file, "%s \"%s\": { \"kind\": \"%s\", \"every\": ", separator, spec->name,
            is_timer ? "timer" : "device");
    print_dist(file, &spec->every);
    if (!is_timer && spec->vcpu != INTERRUPT_ROTATES) fprintf(file, ", \"vcpu\": %u", spec->vcpu);
    fprintf(file, ", \"entry\": \"%" PRId64 "ns\", \"handler\": [", spec->entry_ns);
    for (uint32_t o = 0; o < spec->handler.n_ops; o++)
      print_step(file, scenario, &spec->handler.ops[o]);
    fputs("] }", file);
    separator = ",";
  }
  fputs(" }", file);
}

static void print_vm(FILE *file, const struct scenario *scenario, const struct vm_spec *vm) {
  const struct guest_spec *guest = &vm->guest;
  fprintf(file, "    \"%s\": { \"vcpus\": %u, \"threads\": %u, \"program\": \"%s\"", vm->name,
          guest->n_vcpus, guest->n_threads, guest->program->name);
  if (guest->iterations > 0) fprintf(file, ", \"iterations\": %" PRIu64, guest->iterations);
  if (guest->placement == PLACEMENT_PINNED) fputs(", \"placement\": \"pinned\"", file);
  if (guest->balance == BALANCE_NONE) fputs(", \"balance\": \"none\"", file);
  fprintf(file, ", \"weight\": %u", vm->weight);
  if (vm->cap_pct > 0) fprintf(file, ", \"cap\": %g", vm->cap_pct);
  if (vm->reservation_pct > 0) fprintf(file, ", \"reservation\": %g", vm->reservation_pct);
  fputs(", \"guest_scheduler\": ", file);
  print_kind(file, &guest->scheduler);
  fprintf(file,
          ",\n      \"guest_timeslice\": \"%" PRId64 "ns\", \"guest_switch\": \"%" PRId64
          "ns\", \"ipi_latency\": \"%" PRId64 "ns\", \"start\": ",
          guest->timeslice_ns, guest->switch_ns, guest->ipi_latency_ns);
  print_dist(file, &vm->start);
  print_interrupts(file, scenario, guest);
  if (vm->affinity) {
    const char *separator = ", \"affinity\": \"";
    for (uint32_t p = 0; p < scenario->host.n_pcpus; p++) {
      if (!(*vm->affinity >> p & 1)) continue;
      fprintf(file, "%s%u", separator, p);
      separator = ",";
    }
    fputs("\"", file);
  }
  fputs(" }", file);
}

static bool is_program_used(const struct scenario *scenario, const struct program *program) {
  for (uint32_t i = 0; i < scenario->n_vms; i++)
    if (scenario->vms[i].guest.program == program) return true;
  return false;
}

static bool is_target_used(const struct scenario *scenario, enum op_code code, uint32_t target) {
  for (uint32_t i = 0; i < scenario->n_vms; i++)
    if (guest_uses(&scenario->vms[i].guest, code, target)) return true;
  return false;
}

static void print_locks(FILE *file, const struct scenario *scenario) {
  const char *separator = "";
  fputs("  \"locks\": {", file);
  for (uint32_t i = 0; i < scenario->n_locks; i++) {
    if (!is_target_used(scenario, OP_LOCK, i)) continue;
    fprintf(file, "%s\n    \"%s\": ", separator, scenario->locks[i].name);
    print_kind(file, &scenario->locks[i].choice);
    separator = ",";
  }
  fputs(" },\n", file);
}

static void print_barriers(FILE *file, const struct scenario *scenario) {
  const char *separator = "";
  fputs("  \"barriers\": {", file);
  for (uint32_t i = 0; i < scenario->n_barriers; i++) {
    const struct barrier_spec *barrier = &scenario->barriers[i];
    if (!is_target_used(scenario, OP_BARRIER, i)) continue;
    fprintf(file, "%s\n    \"%s\": { \"kind\": \"%s\"", separator, barrier->name,
            barrier->wait == BARRIER_SPIN ? "spin" : "block");
    if (barrier->parties) fprintf(file, ", \"parties\": %u", barrier->parties);
    fputs(" }", file);
    separator = ",";
  }
  fputs(" },\n", file);
}

static void print_programs(FILE *file, const struct scenario *scenario) {
  const char *separator = "";
  fputs("  \"programs\": {", file);
  for (uint32_t i = 0; i < scenario->n_programs; i++) {
    const struct program *program = &scenario->programs[i];
    if (!is_program_used(scenario, program)) continue;
    fprintf(file, "%s\n    \"%s\": [", separator, program->name);
    for (uint32_t o = 0; o < program->n_ops; o++) print_step(file, scenario, &program->ops[o]);
    fputs("]", file);
    separator = ",";
  }
  fputs(" },\n", file);
}

static void print_host(FILE *file, const struct host_spec *host) {
  static const char *const keys[] = {[DISTANCE_CORE] = "migration_in_core",
                                     [DISTANCE_LLC] = "migration_in_llc",
                                     [DISTANCE_SOCKET] = "migration_in_socket",
                                     [DISTANCE_HOST] = "migration"};
  fprintf(file,
          "  \"host\": { \"pcpus\": %u, \"topology\": { \"sockets\": %u,"
          " \"threads_per_core\": %u, \"llcs_per_socket\": %u, \"smt_factor\": %g },\n"
          "    \"costs\": { \"context_switch\": \"%" PRId64 "ns\"",
          host->n_pcpus, host->n_sockets, host->threads_per_core, host->llcs_per_socket,
          host->smt_factor, host->context_switch_ns);
  for (enum distance d = 0; d < DISTANCES; d++)
    fprintf(file, ", \"%s\": \"%" PRId64 "ns\"", keys[d], host_migration_ns(host, d));
  fputs(" } },\n", file);
}

static void print_extras(FILE *file, const struct hypervisor_spec *hypervisor) {
  static const char *const yields[] = {
      [PLE_OFF] = "off", [PLE_DIRECTED] = "directed", [PLE_UNDIRECTED] = "undirected"};
  const struct ple_params *ple = &hypervisor->ple;
  const struct poll_params *poll = &hypervisor->halt_polling;
  if (ple->yield != PLE_OFF)
    fprintf(file,
            ",\n    \"ple\": { \"yield\": \"%s\", \"window\": \"%" PRId64
            "ns\", \"max_windows\": %u, \"exit_cost\": \"%" PRId64 "ns\" }",
            yields[ple->yield], ple->window_ns, ple->max_windows, ple->exit_cost_ns);
  if (poll->max_ns > 0)
    fprintf(file,
            ",\n    \"halt_polling\": { \"max\": \"%" PRId64 "ns\", \"start\": \"%" PRId64
            "ns\", \"grow\": %u, \"shrink\": %u }",
            poll->max_ns, poll->start_ns, poll->grow, poll->shrink);
  if (hypervisor->delay_preemption_ns > 0)
    fprintf(file, ",\n    \"delay_preemption\": \"%" PRId64 "ns\"",
            hypervisor->delay_preemption_ns);
  if (hypervisor->is_core_scheduled) fputs(",\n    \"core_scheduling\": \"on\"", file);
}

void print_scenario(FILE *file, const struct scenario *scenario) {
  fprintf(file, "{ \"version\": 1, \"name\": \"%s\",\n", scenario->name);
  print_host(file, &scenario->host);
  fputs("  \"hypervisor\": {\n    \"scheduler\": ", file);
  print_kind(file, &scenario->hypervisor.scheduler);
  fputs(",\n    \"coscheduling\": ", file);
  print_kind(file, &scenario->hypervisor.coscheduling);
  print_extras(file, &scenario->hypervisor);
  fputs(" },\n", file);
  print_locks(file, scenario);
  print_barriers(file, scenario);
  print_programs(file, scenario);
  fputs("  \"vms\": {\n", file);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    print_vm(file, scenario, &scenario->vms[i]);
    fputs(i + 1 < scenario->n_vms ? ",\n" : " },\n", file);
  }
  fprintf(file,
          "  \"run\": { \"duration\": \"%" PRId64 "ns\", \"warmup\": \"%" PRId64
          "ns\", \"replications\": 1, \"seed\": %" PRIu64 " } }\n",
          scenario->run.duration_ns, scenario->run.warmup_ns, scenario->run.seed);
}
