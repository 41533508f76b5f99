/* SPDX-License-Identifier: GPL-3.0-or-later */
/* argp driven by the option rows. Each subcommand gets an argp of its own that knows its
   options and the global ones only. */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "sim/duration.h"
#include "study/suggest.h"

enum { JOBS_MAX = 4096, SHARDS_MAX = 1000000, REPS_MAX = 1000000 };

/* Of -m and -M. A half-width over a few replications is small by chance now and then. */
enum { MIN_REPS = 10, MAX_REPS = 1000 };

enum { KEY_BASE = 0x100, TRACE_MS_DEFAULT = 100, TRACE_MS_MAX = 1000000, NS_PER_MS = 1000000 };

enum { HELP_WIDTH = 80, HELP_WIDTH_MIN = 50, HELP_WIDTH_MAX = 120 };

/* What argp hands to options_parse_key. */
struct options_input {
  struct cli *cli;
  int command_at; /* index of the subcommand's name, 0 if there is none */
};

static int option_key(enum option_id id) {
  return option_rows[id].letter ? option_rows[id].letter : KEY_BASE + (int)id;
}

static uint32_t options_check_word(const struct option_row *row, const char *text,
                                   struct argp_state *state) {
  uint32_t n = 0;
  while (row->words[n] && strcmp(row->words[n], text) != 0) n++;
  if (!row->words[n]) argp_error(state, "--%s: unknown '%s': %s", row->name, text, row->help);
  return n;
}

static uint64_t options_check_count(const struct option_row *row, const char *text,
                                    struct argp_state *state) {
  char *end;
  errno = 0;
  uint64_t value = strtoull(text, &end, 10);
  bool is_number = text[0] >= '0' && text[0] <= '9' && *end == '\0';
  if (!is_number) argp_error(state, "--%s: '%s' is not a whole number", row->name, text);
  if (errno == ERANGE) argp_error(state, "--%s: %s is too large", row->name, text);
  return value;
}

static int64_t options_check_duration(const struct option_row *row, const char *text,
                                      struct argp_state *state) {
  int64_t value_ns = 0;
  for (const char *const *word = row->words; word && *word; word++)
    if (strcmp(*word, text) == 0) return 0;
  enum duration_error error = duration_parse(text, &value_ns);
  if (error != DURATION_OK)
    argp_error(state, "--%s: '%s' %s; write for example 50ms", row->name, text,
               duration_error_text(error));
  return value_ns;
}

static void options_check_replication(struct cli *cli, uint64_t count, struct argp_state *state) {
  if (count > UINT32_MAX) argp_error(state, "--replication: %lu is too large", count);
  cli->replication = (uint32_t)count;
  cli->has_replication = true;
}

static uint32_t options_check_range(const struct option_row *row, uint64_t count, uint32_t max,
                                    struct argp_state *state) {
  if (count < 1 || count > max) argp_error(state, "--%s: must be from 1 to %u", row->name, max);
  return (uint32_t)count;
}

static void options_check_shard(struct cli *cli, const char *text, struct argp_state *state) {
  unsigned shard = 0, n = 0;
  int length = 0;
  bool is_pair = sscanf(text, "%7u/%7u%n", &shard, &n, &length) == 2 && text[length] == '\0';
  if (!is_pair || shard < 1 || shard > n || n > SHARDS_MAX || strpbrk(text, "+- \t"))
    argp_error(state, "--shard: '%s' is not I/N with I from 1 to N, N at most %d", text,
               SHARDS_MAX);
  cli->shard = shard - 1;
  cli->n_shards = n;
}

static void options_check_trace_ms(struct cli *cli, uint64_t count, struct argp_state *state) {
  if (count > TRACE_MS_MAX) argp_error(state, "--trace-ms: more than %d", TRACE_MS_MAX);
  cli->trace_ns = (int64_t)count * NS_PER_MS;
}

static void options_apply_global(struct cli *cli, enum option_id id, const char *text,
                                 uint32_t word, struct argp_state *state) {
  if (id == OPTION_DIRECTORY && chdir(text) != 0)
    argp_failure(state, EX_NOINPUT, errno, "-C %s", text);
  if (id == OPTION_QUIET) cli->verbosity = -1;
  if (id == OPTION_VERBOSE) cli->verbosity = 1;
  if (id == OPTION_COLOR) cli->color = (enum when)word;
  if (id == OPTION_PROGRESS) cli->progress = (enum when)word;
  if (id == OPTION_HELP) cli->wants_help = true;
  if (id == OPTION_USAGE) cli->wants_usage = true;
  if (id == OPTION_VERSION) cli->wants_version = true;
}

/* How much is run: how often, by whom, how long. */
static void options_apply_work(struct cli *cli, enum option_id id, const char *text, uint64_t count,
                               int64_t time_ns, struct argp_state *state) {
  const struct option_row *row = &option_rows[id];
  if (id == OPTION_PRECISION) cli_append(cli->arena, &cli->precisions, text);
  if (id == OPTION_MIN_REPS) cli->min_reps = options_check_range(row, count, REPS_MAX, state);
  if (id == OPTION_MAX_REPS) cli->max_reps = options_check_range(row, count, REPS_MAX, state);
  if (id == OPTION_JOBS) cli->jobs = options_check_range(row, count, JOBS_MAX, state);
  if (id == OPTION_SHARD) options_check_shard(cli, text, state);
  if (id == OPTION_MAX_WALL) cli->max_wall_ns = time_ns;
  if (id == OPTION_MAX_EVENTS) cli->guard.max_events = count;
  if (id == OPTION_MAX_EVENTS && count == 0) argp_error(state, "--max-events: no events at all");
  if (id == OPTION_MAX_WALL && time_ns == 0) argp_error(state, "--max-wall: no time at all");
}

/* What is asked of which cells. */
static void options_apply_question(struct cli *cli, enum option_id id, const char *text) {
  if (id == OPTION_ZIP) cli->is_zipped = true;
  if (id == OPTION_WHERE) cli_append(cli->arena, &cli->wheres, text);
  if (id == OPTION_EXPECT) cli_append(cli->arena, &cli->expects, text);
  if (id == OPTION_VM) cli->vm = text;
  if (id == OPTION_METRIC) cli_append(cli->arena, &cli->metrics, text);
  if (id == OPTION_BASE) cli->base = text;
  if (id == OPTION_LIST) cli->wants_list = true;
}

/* What comes of it. */
static void options_apply_output(struct cli *cli, enum option_id id, const char *text,
                                 uint32_t word, uint64_t count, int64_t time_ns,
                                 struct argp_state *state) {
  if (id == OPTION_OUTPUT) cli->output = text;
  if (id == OPTION_RESUME) cli->is_resumed = true;
  if (id == OPTION_FORMAT) cli->format = (enum format)word;
  if (id == OPTION_FORMAT) cli->has_format = true;
  if (id == OPTION_TABLE) cli->table = (enum result_table)word;
  if (id == OPTION_TABLE) cli->has_table = true;
  if (id == OPTION_TRACE_MS) options_check_trace_ms(cli, count, state);
  if (id == OPTION_FROM) cli->from_ns = time_ns;
  if (id == OPTION_TO) cli->until_ns = time_ns;
  if (id == OPTION_LIMIT && count == 0) argp_error(state, "--limit: must be at least 1");
  if (id == OPTION_LIMIT) cli->limit = count;
}

/* "path=value", and by which option. */
static void options_add_set(struct cli *cli, const struct option_row *row, const char *text) {
  cli_append(cli->arena, &cli->sets, text);
  cli_append(cli->arena, &cli->set_options, arena_printf(cli->arena, "--%s", row->name));
}

/* PATH=VALUE or PATH=LIST. */
static void options_apply_assignment(struct cli *cli, enum option_id id, const char *text,
                                     struct argp_state *state) {
  const struct option_row *row = &option_rows[id];
  if (!strchr(text, '=') || text[0] == '=')
    argp_error(state, "--%s: '%s' is not %s", row->name, text, row->argument);
  if (id == OPTION_SET) options_add_set(cli, row, text);
  if (id == OPTION_SWEEP) cli_append(cli->arena, &cli->axes, text);
}

static void options_apply(struct cli *cli, enum option_id id, char *text,
                          struct argp_state *state) {
  const struct option_row *row = &option_rows[id];
  uint32_t word = row->value == VALUE_WORD ? options_check_word(row, text, state) : 0;
  uint64_t count = row->value == VALUE_COUNT ? options_check_count(row, text, state) : 0;
  int64_t time_ns = row->value == VALUE_DURATION ? options_check_duration(row, text, state) : 0;
  switch (id) {
    case OPTION_DIRECTORY:
    case OPTION_QUIET:
    case OPTION_VERBOSE:
    case OPTION_COLOR:
    case OPTION_PROGRESS:
    case OPTION_HELP:
    case OPTION_USAGE:
    case OPTION_VERSION:
      options_apply_global(cli, id, text, word, state);
      break;
    case OPTION_SET:
    case OPTION_SWEEP:
      options_apply_assignment(cli, id, text, state);
      break;
    case OPTION_PRECISION:
    case OPTION_MIN_REPS:
    case OPTION_MAX_REPS:
    case OPTION_JOBS:
    case OPTION_SHARD:
    case OPTION_MAX_WALL:
    case OPTION_MAX_EVENTS:
      options_apply_work(cli, id, text, count, time_ns, state);
      break;
    case OPTION_REPS:
    case OPTION_SEED:
    case OPTION_WARMUP:
    case OPTION_DURATION:
      if (id == OPTION_REPS) cli->has_reps = true;
      if (id == OPTION_WARMUP) cli->has_auto_warmup = strcmp(text, row->words[0]) == 0;
      if (id == OPTION_WARMUP && cli->has_auto_warmup) break;
      options_add_set(cli, row, arena_printf(cli->arena, "%s=%s", row->set_path, text));
      break;
    case OPTION_REPLICATION:
      options_check_replication(cli, count, state);
      break;
    case OPTION_PARANOID:
      cli->guard.paranoid = true;
      break;
    case OPTION_ZIP:
    case OPTION_WHERE:
    case OPTION_EXPECT:
    case OPTION_VM:
    case OPTION_METRIC:
    case OPTION_BASE:
    case OPTION_LIST:
      options_apply_question(cli, id, text);
      break;
    case OPTION_OUTPUT:
    case OPTION_RESUME:
    case OPTION_FORMAT:
    case OPTION_TABLE:
    case OPTION_TRACE_MS:
    case OPTION_FROM:
    case OPTION_TO:
    case OPTION_LIMIT:
      options_apply_output(cli, id, text, word, count, time_ns, state);
      break;
    case OPTIONS:
      break;
  }
}

static bool options_offers(const struct command *command, enum option_id id) {
  uint64_t bits = OPTION_BITS_GLOBAL | (command ? command->options : 0);
  return (bits & OPTION_BIT(id)) != 0;
}

static const struct command *options_find_command(const char *typed, struct argp_state *state) {
#define X(name) +1
  const char *names[1 COMMANDS(X)];
#undef X
  uint32_t n = 0;
  for (; commands[n]; n++) {
    if (strcmp(commands[n]->name, typed) == 0) return commands[n];
    names[n] = commands[n]->name;
  }
  names[n] = NULL;
  const char *guess = suggest_word(typed, names);
  if (guess) argp_error(state, "unknown command '%s'; did you mean '%s'?", typed, guess);
  argp_error(state, "unknown command '%s'", typed);
  return NULL;
}

static void options_check_operands(const struct cli *cli, struct argp_state *state) {
  if (cli->wants_help || cli->wants_usage || cli->wants_version) return;
  if (cli->operands.n < cli->command->min_operands)
    argp_error(state, "%s is missing", cli->command->operands);
  if (cli->operands.n > cli->command->max_operands)
    argp_error(state, "unexpected '%s'", cli->operands.items[cli->command->max_operands]);
}

/* Options that contradict each other; fills in the defaults of those that go together. */
static void options_check_sense(struct cli *cli, struct argp_state *state) {
  if (cli->has_auto_warmup && !(cli->command->options & OPTION_BIT(OPTION_JOBS)))
    argp_error(state, "-w auto goes with what runs studies; give %s a duration",
               cli->command->name);
  if (cli->precisions.n == 0 && (cli->min_reps > 0 || cli->max_reps > 0))
    argp_error(state, "-m and -M go with -p; -r N runs N replications");
  if (cli->precisions.n > 0 && cli->has_reps)
    argp_error(state, "-r fixes the number of replications, -p looks for it: give one of them");
  if (cli->precisions.n > 0 && cli->has_replication)
    argp_error(state, "--replication runs a single one, which has no interval for -p");
  if (cli->min_reps == 0)
    cli->min_reps = cli->max_reps && cli->max_reps < MIN_REPS ? cli->max_reps : MIN_REPS;
  if (cli->max_reps == 0) cli->max_reps = cli->min_reps > MAX_REPS ? cli->min_reps : MAX_REPS;
  if (cli->min_reps > cli->max_reps)
    argp_error(state, "-m %u is more than -M %u", cli->min_reps, cli->max_reps);
  if (cli->n_shards > 1 && !cli->output)
    argp_error(state, "--shard goes with -o DIR, which costop merge reads");
}

/* Serves both parsers: cli->command is NULL as long as the program's own one works, whose first
   operand is the subcommand's name; what follows it is for the subcommand's parser. */
static error_t options_parse_key(int key, char *text, struct argp_state *state) {
  struct options_input *input = state->input;
  struct cli *cli = input->cli;
  for (enum option_id id = 0; id < OPTIONS; id++) {
    if (option_key(id) != key || !options_offers(cli->command, id)) continue;
    options_apply(cli, id, text, state);
    return 0;
  }
  if (key == ARGP_KEY_ARG && cli->command) {
    cli_append(cli->arena, &cli->operands, text);
  } else if (key == ARGP_KEY_ARG) {
    input->command_at = state->next - 1;
    state->next = state->argc;
  } else if (key == ARGP_KEY_END && cli->command) {
    options_check_operands(cli, state);
    options_check_sense(cli, state);
  } else if (key == ARGP_KEY_END && input->command_at > 0) {
    cli->command = options_find_command(state->argv[input->command_at], state);
  } else if (key == ARGP_KEY_END && !cli->wants_help && !cli->wants_usage && !cli->wants_version) {
    argp_error(state, "which command?");
  } else {
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static void options_fill_row(struct argp_option *to, enum option_id id) {
  const struct option_row *row = &option_rows[id];
  *to = (struct argp_option){.name = row->name,
                             .key = option_key(id),
                             .arg = row->argument,
                             .doc = row->help,
                             .group = id < OPTIONS_GLOBAL ? 2 : 1};
}

/* The argp of a subcommand, or of the whole program: then the subcommands are listed, too. */
static struct argp options_argp(const struct command *command, struct arena *arena) {
  uint32_t n_commands = 0;
  while (commands[n_commands]) n_commands++;
  struct argp_option *rows = ARENA_ARRAY(arena, OPTIONS + n_commands + 3, struct argp_option);
  struct argp_option *row = rows;
  if (!command) {
    *row++ = (struct argp_option){.doc = "Commands:", .group = 0};
    for (uint32_t i = 0; i < n_commands; i++)
      *row++ = (struct argp_option){
          .name = arena_printf(arena, "%s %s", commands[i]->name, commands[i]->operands),
          .flags = OPTION_DOC | OPTION_NO_USAGE,
          .doc = commands[i]->help,
          .group = 0};
  }
  *row++ = (struct argp_option){.doc = "Common options:", .group = 2};
  for (enum option_id id = 0; id < OPTIONS; id++)
    if (options_offers(command, id)) options_fill_row(row++, id);
  const char *about =
      command ? arena_printf(arena, "%s.%s%s", command->help, command->details ? "\v" : "",
                             command->details ? command->details : "")
              : "Simulates how a hypervisor schedules virtual CPUs, and shows what it costs "
                "them.\v'costop COMMAND --help' explains a command. '-' stands for standard "
                "input or output.";
  return (struct argp){.options = rows,
                       .parser = options_parse_key,
                       .args_doc = command ? command->operands : "COMMAND [ARGUMENT...]",
                       .doc = about};
}

static char *options_program(const struct cli *cli) {
  if (!cli->command) return arena_strdup(cli->arena, "costop");
  return arena_printf(cli->arena, "costop %s", cli->command->name);
}

/* argp takes its layout from a variable only: the width, and no remark on short options. */
static void options_set_layout(const struct cli *cli) {
  uint32_t width = cli_width();
  if (width < HELP_WIDTH_MIN) width = width == 0 ? HELP_WIDTH : HELP_WIDTH_MIN;
  if (width > HELP_WIDTH_MAX) width = HELP_WIDTH_MAX;
  setenv("ARGP_HELP_FMT", arena_printf(cli->arena, "no-dup-args-note,rmargin=%u", width - 1), 0);
}

void options_print_help(const struct cli *cli, FILE *to) {
  options_set_layout(cli);
  struct argp argp = options_argp(cli->command, cli->arena);
  argp_help(&argp, to, ARGP_HELP_STD_HELP & ~(unsigned)(ARGP_HELP_EXIT_OK | ARGP_HELP_BUG_ADDR),
            options_program(cli));
}

void options_print_usage(const struct cli *cli, FILE *to) {
  options_set_layout(cli);
  struct argp argp = options_argp(cli->command, cli->arena);
  argp_help(&argp, to, ARGP_HELP_USAGE, options_program(cli));
}

/* Lets argp loose on argv from argv[from] on, which is taken for the program's name. */
static void options_run_argp(struct options_input *input, int from, unsigned flags) {
  struct cli *cli = input->cli;
  int n = cli->argc - from;
  char **rest = ARENA_ARRAY(cli->arena, (size_t)n + 1, char *);
  memcpy(rest, cli->argv + from, (size_t)n * sizeof *rest);
  rest[0] = options_program(cli);
  struct argp argp = options_argp(cli->command, cli->arena);
  argp_parse(&argp, n, rest, ARGP_NO_HELP | flags, NULL, input);
}

void options_parse(struct cli *cli, int argc, char **argv) {
  cli->argc = argc;
  cli->argv = argv;
  cli->n_shards = 1;
  cli->trace_ns = (int64_t)TRACE_MS_DEFAULT * NS_PER_MS;
  struct options_input input = {.cli = cli};
  options_run_argp(&input, 0, ARGP_IN_ORDER);
  if (cli->command) options_run_argp(&input, input.command_at, 0);
}
