/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs one replication and writes what happened in it as a timeline. */
#include <string.h>

#include "cli/cli.h"
#include "cli/limits.h"
#include "cli/load.h"
#include "cli/save.h"
#include "cli/trace_take.h"
#include "cli/trace_write.h"
#include "sim/duration.h"
#include "study/machine.h"

static bool has_ending(const char *path, const char *ending) {
  size_t length = strlen(path), n = strlen(ending);
  return length > n && strcmp(path + length - n, ending) == 0;
}

/* FORMAT_CSV or FORMAT_JSON, by -F or by the name of the file. */
static int choose_format(const struct cli *cli, enum format *format) {
  if (!cli->output) {
    cli_error("where to? -o FILE.json, -o FILE.csv, or -o - with -F json or -F csv");
    return EX_USAGE;
  }
  *format = has_ending(cli->output, ".json") ? FORMAT_JSON : FORMAT_CSV;
  if (cli->has_format) {
    *format = cli->format;
  } else if (*format == FORMAT_CSV && !has_ending(cli->output, ".csv")) {
    cli_error("'%s' ends in neither .json nor .csv: say -F json or -F csv", cli->output);
    return EX_USAGE;
  }
  if (*format == FORMAT_CSV || *format == FORMAT_JSON) return EX_OK;
  cli_error("a trace is written as csv or json");
  return EX_USAGE;
}

/* What was asked for, within what the scenario runs. */
static int choose_span(const struct cli *cli, const struct run_params *run,
                       struct trace_span *span) {
  char from[DURATION_TEXT_MAX], until[DURATION_TEXT_MAX];
  span->from_ns = cli->from_ns;
  span->until_ns = run->warmup_ns + run->duration_ns;
  span->limit = cli->limit ? cli->limit : TRACE_LIMIT_DEFAULT;
  if (cli->until_ns > 0 && cli->until_ns < span->until_ns) span->until_ns = cli->until_ns;
  if (span->from_ns < span->until_ns) return EX_OK;
  cli_error("--from %s: the trace ends at %s", duration_format(span->from_ns, from),
            duration_format(span->until_ns, until));
  return EX_USAGE;
}

static int report_end(const struct cli *cli, const struct run_result *result,
                      const struct trace_log *log) {
  char until[DURATION_TEXT_MAX];
  (void)duration_format(log->until_ns, until);
  for (uint32_t i = 0; i < result->n_notes; i++) cli_warn(cli, "%s", result->notes[i].text);
  if (log->is_full)
    cli_warn(cli,
             "%s ends at %s, where its %zu intervals reach the limit; choose a span with --from "
             "and --to, or raise --limit",
             cli->output, until, log->limit);
  if (result->status == RUN_STUCK || result->status == RUN_LIMITED) {
    cli_error("%s", result->message);
    return result->status == RUN_STUCK ? EX_DATAERR : EXIT_LIMIT;
  }
  if (!*cli->interrupt) return EX_OK;
  cli_error("interrupted: %s ends at %s", cli->output, until);
  return EXIT_SIGNAL + *cli->interrupt;
}

static int write_trace(const struct cli *cli, const struct trace_log *log, enum format format,
                       struct save *save) {
  if (format == FORMAT_JSON) {
    trace_json_write(log, cli->replication, save->to);
  } else {
    trace_csv_write(log, save->to);
  }
  return save_close(save);
}

static int trace_run(const struct cli *cli) {
  enum format format;
  int code = choose_format(cli, &format);
  if (code != EX_OK) return code;
  const struct scenario *scenario = load_or_report(cli, cli->operands.items[0], &code);
  if (!scenario) return code;
  struct trace_wish wish = {.scenario = scenario,
                            .replication = cli->replication,
                            .guard = cli->guard,
                            .interrupt = cli->interrupt};
  struct save save;
  code = limits_check_memory(cli->operands.items[0], machine_memory(scenario));
  if (code == EX_OK) code = choose_span(cli, &scenario->run, &wish.span);
  if (code == EX_OK) code = save_open(&save, cli->output, cli->arena);
  if (code != EX_OK) return code;
  struct trace_log *log;
  const struct run_result *result = trace_take(&wish, &log, cli->arena);
  code = write_trace(cli, log, format, &save);
  int end = report_end(cli, result, log);
  trace_log_free(log);
  return code == EX_OK ? end : code;
}

const struct command cmd_trace = {
    .name = "trace",
    .operands = "SCENARIO",
    .help = "run one replication and write a timeline of it",
    .details =
        "FILE.json is for ui.perfetto.dev and chrome://tracing, FILE.csv for everything else; "
        "plots/timeline.gp draws it. Times count from the start of the simulation, warm-up "
        "included.",
    .options = OPTION_BITS_SCENARIO | OPTION_BIT(OPTION_REPLICATION) | OPTION_BIT(OPTION_PARANOID) |
               OPTION_BIT(OPTION_MAX_EVENTS) | OPTION_BIT(OPTION_OUTPUT) |
               OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_FROM) | OPTION_BIT(OPTION_TO) |
               OPTION_BIT(OPTION_LIMIT),
    .min_operands = 1,
    .max_operands = 1,
    .run = trace_run,
};
