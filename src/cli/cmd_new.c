/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starter scenarios. They are kept as JSON in macros and laid out by the writer that `show` uses.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/json_read.h"
#include "cli/result_dir.h"
#include "cli/save.h"

/* JSON can have no comments: the description, put in later, says what to change and look at. */
#define JSON(...) #__VA_ARGS__

/* clang-format off */
static const char spinlock[] = JSON({
  "version": 1,
  "name": "spinlock",
  "description": "",
  "host": {"pcpus": 4, "ghz": 3.0, "costs": {"context_switch": "1.5us", "migration": "2us"}},
  "hypervisor": {
    "scheduler": {"kind": "rr", "timeslice": "10ms"}, "coscheduling": {"kind": "none"}},
  "locks": {"runq": {"kind": "ticket", "handoff_cost": {"base": "60ns", "per_waiter": "20ns"}}},
  "programs": {
    "oltp": [
      {"compute": {"exponential": "40us"}},
      {"lock": "runq", "hold": {"exponential": "2us"}}],
    "hog": [{"compute": "1ms"}]},
  "vms": {
    "db": {"vcpus": 4, "program": "oltp"},
    "noise": {"count": 2, "vcpus": 1, "program": "hog"}},
  "run": {"duration": "1s", "warmup": "100ms", "replications": 5, "seed": 1}
});

static const char mutex[] = JSON({
  "version": 1,
  "name": "mutex",
  "description": "",
  "host": {"pcpus": 4, "ghz": 3.0, "costs": {"context_switch": "1.5us", "migration": "2us"}},
  "hypervisor": {
    "scheduler": {"kind": "rr", "timeslice": "10ms"}, "coscheduling": {"kind": "none"}},
  "locks": {"table": {"kind": "mutex", "acquire": "30ns", "block": "1us", "wake": "1us"}},
  "programs": {
    "worker": [
      {"compute": {"exponential": "40us"}},
      {"lock": "table", "hold": {"exponential": "2us"}}],
    "hog": [{"compute": "1ms"}]},
  "vms": {
    "app": {"vcpus": 4, "threads": 8, "program": "worker", "guest_switch": "1us"},
    "noise": {"count": 2, "vcpus": 1, "program": "hog"}},
  "run": {"duration": "1s", "warmup": "100ms", "replications": 5, "seed": 1}
});

static const char barrier[] = JSON({
  "version": 1,
  "name": "barrier",
  "description": "",
  "host": {"pcpus": 4, "ghz": 3.0, "costs": {"context_switch": "1.5us", "migration": "2us"}},
  "hypervisor": {
    "scheduler": {"kind": "rr", "timeslice": "10ms"}, "coscheduling": {"kind": "none"}},
  "barriers": {"step": {"kind": "block"}},
  "programs": {
    "solver": [{"compute": {"exponential": "200us"}}, {"barrier": "step"}],
    "hog": [{"compute": "1ms"}]},
  "vms": {
    "hpc": {"vcpus": 4, "program": "solver"},
    "noise": {"vcpus": 1, "program": "hog"}},
  "run": {"duration": "1s", "warmup": "100ms", "replications": 5, "seed": 1}
});

static const char consolidation[] = JSON({
  "version": 1,
  "name": "consolidation",
  "description": "",
  "host": {"pcpus": 4, "ghz": 3.0, "costs": {"context_switch": "1.5us", "migration": "2us"}},
  "hypervisor": {"scheduler": {"kind": "rr", "timeslice": "5ms"}, "coscheduling": {"kind": "none"}},
  "programs": {"request": [{"sleep": {"exponential": "4ms"}}, {"compute": {"exponential": "1ms"}}]},
  "vms": {"web": {"count": 12, "vcpus": 1, "program": "request"}},
  "run": {"duration": "2s", "warmup": "200ms", "replications": 5, "seed": 1},
  "expect": ["ready_pct@web <= 10"]
});
/* clang-format on */

static const struct template { const char *name, *json, *description; }
templates[] = {{"spinlock", spinlock,
                "Does it hurt to preempt lock holders? db runs transactions under a spinlock "
                "beside two CPU hogs. Look at spin% and its LHP share; then try -s "
                "hypervisor.coscheduling.kind=relaxed, strict, or -s vms.db.vcpus=2."},
               {"mutex", mutex,
                "Does a guest that sleeps instead of spinning care about preemption? The same "
                "work under a mutex: spin% is 0, waiting shows as %IDLE. Compare with -s "
                "locks.table.kind=ticket."},
               {"barrier", barrier,
                "How long do the fast wait for the slow? Four threads meet at a barrier after "
                "each step of a parallel program; one hog shares their pCPUs. Look at iter/s "
                "under coscheduling none, relaxed, strict, and with the barrier's kind spin."},
               {"consolidation", consolidation,
                "How many VMs fit on this host? VMs that sleep and compute in turn; raise -s "
                "vms.web.count until ready_pct or latency_p99_us is too high."}};
enum { TEMPLATES = sizeof templates / sizeof *templates };

static const char *new_candidate(uint32_t index) {
  return index < TEMPLATES ? templates[index].name : NULL;
}

static int new_write(const struct cli *cli, const struct template *template) {
  const struct source source = {
      .name = template->name, .text = template->json, .length = (uint32_t)strlen(template->json)};
  struct diags *diags = ARENA_NEW(cli->arena, struct diags);
  diags->arena = cli->arena;
  const struct conf *conf = json_read(&source, diags, cli->arena);
  if (!conf) {
    cli_error("template %s: %s", template->name, diags->items[0].message);
    return EX_SOFTWARE;
  }
  conf = conf_with(cli->arena, conf, "description", conf_string(cli->arena, template->description));
  const char *path = cli->output ? cli->output : "-";
  int code = strcmp(path, "-") == 0 ? EX_OK : result_dir_check(path);
  if (code != EX_OK) return code;
  struct save save;
  code = save_open(&save, path, cli->arena);
  if (code != EX_OK) return code;
  (void)fputs(conf_to_json(cli->arena, conf), save.to);
  return save_close(&save);
}

static int new_run(const struct cli *cli) {
  const char *wanted = cli->operands.n > 0 ? cli->operands.items[0] : templates[0].name;
  for (uint32_t i = 0; i < TEMPLATES; i++)
    if (strcmp(templates[i].name, wanted) == 0) return new_write(cli, &templates[i]);
  return cli_unknown_operand(cli, "template", wanted);
}

const struct command cmd_new = {
    .name = "new",
    .operands = "[TEMPLATE]",
    .help = "a starter scenario: spinlock (default), mutex, barrier, consolidation",
    .details = "It goes to standard output, or with -o to a new file.",
    .options = OPTION_BIT(OPTION_OUTPUT),
    .max_operands = 1,
    .candidate = new_candidate,
    .run = new_run,
};
