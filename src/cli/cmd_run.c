/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads a scenario, runs its replications, reports. */
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/result_dir.h"
#include "cli/sha256.h"
#include "cli/trace_log.h"
#include "study/scenario_bind.h"
#include "study/verdict.h"

/* What is known before the first event. */
struct plan {
  const struct cli *cli;
  const struct scenario *scenario;
  const char *scenario_json;
  const struct expect *expects;
  uint32_t n_expects;
  struct trace_log *trace; /* NULL: none wanted */
};

static int plan_load(struct plan *plan) {
  const struct cli *cli = plan->cli;
  const char *path = cli->operands.items[0];
  int code;
  plan->scenario = load_or_report(cli, path, &code);
  if (!plan->scenario) return code;
  plan->scenario_json = conf_to_json(cli->arena, scenario_resolve(plan->scenario, cli->arena));
  if (plan->scenario->n_sweep_axes > 0)
    cli_note(cli, "the sweep of %s is left aside: this is its base cell", path);
  return EX_OK;
}

/* Those of the file, which are known to be good, then those of the command line. */
static int plan_expects(struct plan *plan) {
  const struct cli *cli = plan->cli;
  uint32_t n_file = plan->scenario->n_expects, n = n_file + cli->expects.n;
  struct expect *expects = ARENA_ARRAY(cli->arena, n, struct expect);
  for (uint32_t i = 0; i < n; i++) {
    const char *text = i < n_file ? plan->scenario->expects[i] : cli->expects.items[i - n_file];
    const char *fault = expect_parse(plan->scenario, text, cli->arena, &expects[i]);
    if (!fault) continue;
    cli_error("--expect '%s': %s", text, fault);
    return EX_USAGE;
  }
  plan->expects = expects;
  plan->n_expects = n;
  return EX_OK;
}

static void plan_trace(struct plan *plan) {
  const struct cli *cli = plan->cli;
  if (!cli->output || cli->trace_ns == 0) return;
  const struct trace_span span = {.until_ns = cli->trace_ns, .limit = TRACE_LIMIT_DEFAULT};
  plan->trace = trace_log_new(plan->scenario, &span, cli->arena);
}

static int plan_make(struct plan *plan) {
  const struct cli *cli = plan->cli;
  if (cli->has_table && cli->has_format && cli->format != FORMAT_CSV &&
      cli->format != FORMAT_MARKDOWN) {
    cli_error("--table goes with -F csv and -F markdown");
    return EX_USAGE;
  }
  if (cli->output && strcmp(cli->output, "-") == 0) {
    cli_error("-o names a new directory; standard output gets the report anyway");
    return EX_USAGE;
  }
  int code = cli->output ? result_dir_check(cli->output) : EX_OK;
  if (code == EX_OK) code = plan_load(plan);
  if (code == EX_OK) code = plan_expects(plan);
  if (code == EX_OK) plan_trace(plan);
  return code;
}

static struct replications plan_run(const struct plan *plan) {
  const struct cli *cli = plan->cli;
  struct progress progress = progress_start(cli);
  const struct run_params *run = &plan->scenario->run;
  const struct replicate_options options = {
      .first = cli->has_replication ? cli->replication : 0,
      .n = cli->has_replication ? 1 : run->replications,
      .paranoid = cli->paranoid,
      .interrupt = cli->interrupt,
      .trace = plan->trace ? &plan->trace->sink : NULL,
      .on_progress = progress_show,
      .context = &progress,
  };
  struct replications done = replicate_run(plan->scenario, &options, cli->arena);
  progress_end(&progress);
  if (plan->trace) {
    trace_log_finish(plan->trace, run->warmup_ns + run->duration_ns);
    if (plan->trace->is_full)
      cli_warn(cli, "trace.csv is cut at %zu intervals; see --trace-ms", plan->trace->limit);
  }
  if (cli->verbosity > 0)
    cli_note(cli, "%u replications took %.2f s", done.n, progress_elapsed_s(&progress));
  return done;
}

static void print_table(const struct report *report) {
  const struct cli *cli = report->cli;
  struct table table = table_build(report->replications, cli->table, cli->arena);
  if (cli->format == FORMAT_MARKDOWN) {
    report_markdown(&table, stdout);
  } else {
    report_csv(&table, stdout);
  }
}

static void print_report(const struct report *report) {
  const struct cli *cli = report->cli;
  enum format format = cli->has_table && !cli->has_format ? FORMAT_CSV : cli->format;
  switch (format) {
    case FORMAT_TABLE:
      report_summary(report, stdout);
      return;
    case FORMAT_JSON:
      report_json(report, stdout);
      break;
    case FORMAT_CSV:
    case FORMAT_MARKDOWN:
      print_table(report);
      break;
  }
  /* The summary says this on standard output. */
  if (cli->verbosity >= 0) report_notes(report, stderr);
  report_verdicts(report, true, stderr);
}

static int report_results(const struct plan *plan, const struct replications *done) {
  const struct cli *cli = plan->cli;
  struct verdicts verdicts = verdict_reach(done, plan->expects, plan->n_expects, cli->arena);
  const struct report report = {.cli = cli,
                                .scenario = plan->scenario,
                                .scenario_sha256 = sha256_hex(plan->scenario_json, cli->arena),
                                .replications = done,
                                .verdicts = &verdicts,
                                .width = cli_width()};
  if (cli->output) {
    const struct result_dir dir = {.path = cli->output,
                                   .report = &report,
                                   .scenario_json = plan->scenario_json,
                                   .trace = plan->trace};
    int code = result_dir_write(&dir);
    if (code != EX_OK) return code;
  }
  print_report(&report);
  return verdicts.n_failed > 0 ? EXIT_NO : EX_OK;
}

static int run_run(const struct cli *cli) {
  struct plan plan = {.cli = cli};
  int code = plan_make(&plan);
  if (code != EX_OK) return code;
  struct replications done = plan_run(&plan);
  if (done.status == RUN_STUCK) {
    cli_error("%s", done.message);
    code = EX_DATAERR;
  } else if (done.n > 0) {
    code = report_results(&plan, &done);
  }
  if (plan.trace) trace_log_free(plan.trace);
  if (done.status != RUN_INTERRUPTED) return code;
  cli_error("interrupted after %u replications", done.n);
  return code == EX_OK || code == EXIT_NO ? EXIT_SIGNAL + *cli->interrupt : code;
}

const struct command cmd_run = {
    .name = "run",
    .operands = "SCENARIO",
    .help = "run the replications of a scenario and sum them up",
    .details =
        "Without -F a summary for people is printed; --table alone means -F csv. -o DIR "
        "writes manifest.json, scenario.resolved.json, vm.csv, vcpu.csv, lock.csv, host.csv, "
        "summary.csv and trace.csv into a new directory.",
    .options = OPTION_BITS_SCENARIO | OPTION_BIT(OPTION_REPLICATION) | OPTION_BIT(OPTION_EXPECT) |
               OPTION_BIT(OPTION_PARANOID) | OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_FORMAT) |
               OPTION_BIT(OPTION_TABLE) | OPTION_BIT(OPTION_TRACE_MS),
    .min_operands = 1,
    .max_operands = 1,
    .run = run_run,
};
