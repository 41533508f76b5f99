/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The face of the program: the tables of subcommands and options, and what a subcommand is handed
   after they have been parsed. To add a subcommand: a file cmd_<name>.c that ends in its const
   struct command, and a line in COMMANDS. To add an option: a line in enum option_id, a row in
   option_rows.c and a case in options_apply. Help, completion and the man page follow. */
#ifndef COSTOP_CLI_CLI_H
#define COSTOP_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "sim/arena.h"
#include "study/run_guard.h"
#include "study/table.h"

/* Exit codes are those of sysexits.h, and: */
enum {
  EXIT_NO = 1,     /* the answer is no: an expectation failed */
  EXIT_LIMIT = 75, /* of --max-wall or --max-events; what there is is valid */
  EXIT_SIGNAL = 128
};

/* In the order in which help lists them. */
#define COMMANDS(X) \
  X(run)            \
  X(sweep)          \
  X(size)           \
  X(compare)        \
  X(rerun)          \
  X(merge)          \
  X(trace)          \
  X(plot)           \
  X(check)          \
  X(show)           \
  X(list)           \
  X(explain)        \
  X(new)            \
  X(schema)         \
  X(completion)

enum option_id {
  OPTION_DIRECTORY,
  OPTION_QUIET,
  OPTION_VERBOSE,
  OPTION_COLOR,
  OPTION_PROGRESS,
  OPTION_HELP,
  OPTION_USAGE,
  OPTION_VERSION,
  OPTIONS_GLOBAL, /* the ones above are taken before and after the subcommand */
  OPTION_SET = OPTIONS_GLOBAL,
  OPTION_SWEEP,
  OPTION_ZIP,
  OPTION_WHERE,
  OPTION_REPS,
  OPTION_PRECISION,
  OPTION_MIN_REPS,
  OPTION_MAX_REPS,
  OPTION_REPLICATION,
  OPTION_SEED,
  OPTION_WARMUP,
  OPTION_DURATION,
  OPTION_EXPECT,
  OPTION_PARANOID,
  OPTION_JOBS,
  OPTION_SHARD,
  OPTION_MAX_WALL,
  OPTION_MAX_EVENTS,
  OPTION_OUTPUT,
  OPTION_RESUME,
  OPTION_FORMAT,
  OPTION_TABLE,
  OPTION_TRACE_MS,
  OPTION_FROM,
  OPTION_TO,
  OPTION_LIMIT,
  OPTION_VM,
  OPTION_METRIC,
  OPTION_BASE,
  OPTION_LIST,
  OPTIONS
};

/* A set of options, for struct command. */
#define OPTION_BIT(id) (UINT64_C(1) << (id))
#define OPTION_BITS_GLOBAL (OPTION_BIT(OPTIONS_GLOBAL) - 1)
/* All that load_scenario looks at. */
#define OPTION_BITS_SCENARIO                                                    \
  (OPTION_BIT(OPTION_SET) | OPTION_BIT(OPTION_REPS) | OPTION_BIT(OPTION_SEED) | \
   OPTION_BIT(OPTION_WARMUP) | OPTION_BIT(OPTION_DURATION))

/* What makes cells, where a subcommand wants all of them. */
#define OPTION_BITS_SWEEP \
  (OPTION_BIT(OPTION_SWEEP) | OPTION_BIT(OPTION_ZIP) | OPTION_BIT(OPTION_WHERE))

enum option_value {
  VALUE_NONE,
  VALUE_TEXT,
  VALUE_FILE, /* text that completes to file names */
  VALUE_WORD, /* one of words */
  VALUE_COUNT,
  VALUE_DURATION /* or one of words, if there are any */
};

struct option_row {
  const char *name;
  char letter; /* or 0 */
  enum option_value value;
  const char *argument; /* as help shows it; NULL for VALUE_NONE */
  const char *const *words;
  const char *set_path; /* the option is short for --set PATH=ARGUMENT; else NULL */
  const char *help;     /* one clause, no full stop */
};
extern const struct option_row option_rows[OPTIONS];

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };
enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_MARKDOWN };

struct text_list {
  const char **items;
  uint32_t n;
};

struct command;

/* The parsed command line. Const for the subcommands. */
struct cli {
  const struct command *command;
  int argc; /* the whole command line as it was typed, for the manifest */
  char **argv;
  struct text_list operands;
  int verbosity; /* -1 for -q, 1 for -v */
  enum when color, progress;
  struct text_list sets;        /* "path=value" in the order given; -r, --seed, -w, -d included */
  struct text_list set_options; /* … by which option each was */
  struct text_list axes;        /* "path=list" in the order given */
  struct text_list wheres, expects;
  struct text_list precisions; /* METRIC[@SCOPE]=PCT */
  uint32_t min_reps, max_reps; /* where precisions decide */
  uint32_t jobs;               /* 0: one for each core that the process may use */
  uint32_t shard, n_shards;    /* 0 … n_shards - 1; n_shards 1 if it was not asked for */
  int64_t max_wall_ns;         /* 0: no limit */
  struct run_guard guard;      /* of each replication */
  struct timespec started;     /* of CLOCK_MONOTONIC: when the program was */
  const char *vm;              /* --vm; NULL if not given */
  struct text_list metrics;    /* of --metric */
  const char *base;            /* --base; NULL if not given */
  const char *output;          /* -o; NULL if not given, "-" is stdout */
  bool is_resumed;             /* -o may be there: go on with it */
  bool has_auto_warmup;        /* -w auto was the last -w */
  enum format format;
  bool has_format, has_table, has_reps, has_replication, is_zipped, wants_list, wants_help,
      wants_usage, wants_version;
  enum result_table table;
  uint32_t replication;
  int64_t trace_ns, from_ns, until_ns;    /* until 0: to the end */
  uint64_t limit;                         /* of the intervals of a trace; 0: the default */
  const volatile sig_atomic_t *interrupt; /* the signal that asked us to stop, or 0 */
  struct arena *arena;                    /* lives as long as the program */
};

struct command {
  const char *name;
  const char *operands; /* as help shows them: "SCENARIO"; "" if there are none */
  const char *help;     /* one sentence, no full stop */
  const char *details;  /* paragraphs behind the options, or NULL */
  uint64_t options;     /* OPTION_BITs, the global ones aside */
  uint32_t min_operands, max_operands;
  /* Candidates for an operand, for completion and did-you-mean: the index-th or NULL behind the
     last. A NULL function: operands are files (if there are any). */
  const char *(*candidate)(uint32_t index);
  bool takes_files;                  /* candidates or files */
  int (*run)(const struct cli *cli); /* returns the exit code */
};

#define X(name) extern const struct command cmd_##name;
COMMANDS(X)
#undef X

/* NULL-terminated, in the order of COMMANDS. */
extern const struct command *const commands[];

/* Parses the whole command line into *cli (whose arena is set). Ends the program with EX_USAGE and
   a message if it is wrong. Help and version are asked for in *cli, not printed. */
void options_parse(struct cli *cli, int argc, char **argv);
/* What --help prints; the argp of cli->command or of the program. */
void options_print_help(const struct cli *cli, FILE *to);
void options_print_usage(const struct cli *cli, FILE *to);
/* --version; with -v also commit, compiler, libraries, model. */
void version_print(const struct cli *cli, FILE *to);

/* "costop: " message on stderr; a warning or note is silent under -q. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_warn(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "unknown WHAT 'typed'", with a did-you-mean among words (NULL-terminated); returns EX_USAGE. */
int cli_unknown_word(const char *what, const char *typed, const char *const *words);
/* The same among the candidates of the subcommand. */
int cli_unknown_operand(const struct cli *cli, const char *what, const char *operand);

/* Appends to a list that grows in the arena. */
void cli_append(struct arena *arena, struct text_list *list, const char *text);
/* May this stream be coloured: WHEN_AUTO means a terminal and no NO_COLOR. */
bool cli_has_color(const struct cli *cli, FILE *stream);
/* Columns that a line on stdout may have: of COLUMNS or the terminal; 0: no limit. */
uint32_t cli_width(void);

#endif
