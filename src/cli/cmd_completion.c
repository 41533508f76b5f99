/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Completion scripts (and the man page), all written from the tables of commands and options, so
   that they cannot offer what the program does not take. */
#include <string.h>

#include "cli/cli.h"
#include "cli/man.h"

/* Single-quoted for any of the shells; `escape` names characters that get a backslash first. */
static void completion_quote(const char *text, const char *escape) {
  (void)putchar('\'');
  for (; *text; text++) {
    if (*text == '\'') {
      (void)fputs("'\\''", stdout);
      continue;
    }
    if (strchr(escape, *text)) (void)putchar('\\');
    (void)putchar(*text);
  }
  (void)putchar('\'');
}

static bool completion_has(const struct command *command, enum option_id id) {
  uint64_t bits = OPTION_BITS_GLOBAL | (command ? command->options : 0);
  return (bits & OPTION_BIT(id)) != 0;
}

static void completion_words(const char *const *words) {
  for (uint32_t i = 0; words[i]; i++) (void)printf("%s%s", i ? " " : "", words[i]);
}

static void completion_candidates(const struct command *command) {
  const char *word;
  for (uint32_t i = 0; (word = command->candidate(i)); i++)
    (void)printf("%s%s", i ? " " : "", word);
}

static bool completion_offers_files(const struct command *command) {
  return command->max_operands > 0 && (!command->candidate || command->takes_files);
}

/* --- bash --- */

static void bash_pattern(const struct option_row *row) {
  if (row->letter) (void)printf("-%c | ", row->letter);
  (void)printf("--%s)", row->name);
}

/* What may follow an option that takes an argument. */
static void bash_arguments(void) {
  (void)puts("  case $prev in");
  for (enum option_id id = 0; id < OPTIONS; id++) {
    const struct option_row *row = &option_rows[id];
    if (row->value == VALUE_NONE) continue;
    (void)fputs("    ", stdout);
    bash_pattern(row);
    if (row->value == VALUE_WORD) {
      (void)fputs(" mapfile -t COMPREPLY < <(compgen -W '", stdout);
      completion_words(row->words);
      (void)puts("' -- \"$cur\"); return ;;");
    } else if (row->value == VALUE_FILE) {
      (void)puts(" mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;");
    } else {
      (void)puts(" return ;;");
    }
  }
  (void)puts("  esac");
}

static void bash_command(const struct command *command) {
  (void)printf("    %s)\n      options='", command ? command->name : "''");
  for (enum option_id id = 0; id < OPTIONS; id++)
    if (completion_has(command, id)) (void)printf("--%s ", option_rows[id].name);
  (void)fputs("'\n      words='", stdout);
  if (!command) {
    for (uint32_t i = 0; commands[i]; i++) (void)printf("%s%s", i ? " " : "", commands[i]->name);
  } else if (command->candidate) {
    completion_candidates(command);
  }
  (void)printf("'\n      files=%d ;;\n", command && completion_offers_files(command));
}

static void completion_bash(void) {
  (void)puts(
      "# bash completion of costop; written by 'costop completion bash'\n"
      "_costop() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  local command='' options='' words='' files=0 i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in");
  for (enum option_id id = 0; id < OPTIONS_GLOBAL; id++) {
    if (option_rows[id].value == VALUE_NONE) continue;
    (void)fputs("      ", stdout);
    bash_pattern(&option_rows[id]);
    (void)puts(" ((i++)) ;;");
  }
  (void)puts(
      "      -*) ;;\n"
      "      *) command=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done");
  bash_arguments();
  (void)puts("  case $command in");
  bash_command(NULL);
  for (uint32_t i = 0; commands[i]; i++) bash_command(commands[i]);
  (void)puts(
      "  esac\n"
      "  if [[ $cur == -* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
      "  elif ((files)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
      "  else\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -F _costop costop");
}

/* --- zsh --- */

static void zsh_option(const struct option_row *row) {
  const char *sign = row->value == VALUE_NONE ? "" : "=";
  (void)fputs("        ", stdout);
  if (row->letter) {
    (void)printf("'(-%c --%s)'{-%c%s,--%s%s}", row->letter, row->name, row->letter,
                 row->value == VALUE_NONE ? "" : "+", row->name, sign);
  } else {
    (void)printf("--%s%s", row->name, sign);
  }
  (void)putchar('\'');
  (void)putchar('[');
  for (const char *at = row->help; *at; at++)
    (void)printf(strchr("[]:\\", *at) ? "\\%c" : "%c", *at);
  (void)putchar(']');
  if (row->value != VALUE_NONE) (void)printf(":%s:", row->argument);
  if (row->value == VALUE_FILE) (void)fputs("_files", stdout);
  if (row->value == VALUE_WORD) {
    (void)putchar('(');
    completion_words(row->words);
    (void)putchar(')');
  }
  (void)puts("' \\");
}

static void zsh_command(const struct command *command) {
  (void)printf("      %s)\n        _arguments \\\n", command->name);
  for (enum option_id id = 0; id < OPTIONS; id++)
    if (completion_has(command, id)) zsh_option(&option_rows[id]);
  if (command->candidate) {
    bool has_files = completion_offers_files(command);
    (void)printf("        '*:operand:%s(",
                 has_files ? "{_alternative \"files:file:_files\" \"words:word:" : "");
    completion_candidates(command);
    (void)puts(has_files ? ")\"}' ;;" : ")' ;;");
  } else {
    (void)puts(command->max_operands > 0 ? "        '*:file:_files' ;;" : "        && true ;;");
  }
}

static void completion_zsh(void) {
  (void)puts(
      "#compdef costop\n"
      "# zsh completion of costop; written by 'costop completion zsh'\n"
      "_costop() {\n"
      "  local curcontext=$curcontext state line\n"
      "  local -a commands\n"
      "  commands=(");
  for (uint32_t i = 0; commands[i]; i++) {
    (void)printf("    %s:", commands[i]->name);
    completion_quote(commands[i]->help, ":\\");
    (void)putchar('\n');
  }
  (void)puts("  )\n  _arguments -C \\");
  for (enum option_id id = 0; id < OPTIONS_GLOBAL; id++) zsh_option(&option_rows[id]);
  (void)puts(
      "        '1: :->command' '*:: :->operands'\n"
      "  case $state in\n"
      "    command) _describe command commands ;;\n"
      "    operands)\n"
      "      case $words[1] in");
  for (uint32_t i = 0; commands[i]; i++) zsh_command(commands[i]);
  (void)puts("      esac ;;\n  esac\n}\n_costop \"$@\"");
}

/* --- fish --- */

static void fish_option(const struct option_row *row, const char *condition) {
  (void)printf("complete -c costop%s -l %s", condition, row->name);
  if (row->letter) (void)printf(" -s %c", row->letter);
  if (row->value == VALUE_FILE) (void)fputs(" -r -F", stdout);
  if (row->value != VALUE_FILE && row->value != VALUE_NONE) (void)fputs(" -x", stdout);
  if (row->value == VALUE_WORD) {
    (void)fputs(" -a '", stdout);
    completion_words(row->words);
    (void)putchar('\'');
  }
  (void)fputs(" -d ", stdout);
  completion_quote(row->help, "");
  (void)putchar('\n');
}

static void completion_fish(void) {
  (void)puts("# fish completion of costop; written by 'costop completion fish'");
  for (enum option_id id = 0; id < OPTIONS_GLOBAL; id++) fish_option(&option_rows[id], "");
  for (uint32_t i = 0; commands[i]; i++) {
    const struct command *command = commands[i];
    (void)printf("complete -c costop -f -n __fish_use_subcommand -a %s -d ", command->name);
    completion_quote(command->help, "");
    (void)putchar('\n');
    char condition[80];
    (void)snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from %s'",
                   command->name);
    if (command->candidate || command->max_operands == 0) {
      (void)printf("complete -c costop%s%s", condition,
                   completion_offers_files(command) ? "" : " -f");
      if (command->candidate) {
        (void)fputs(" -a '", stdout);
        completion_candidates(command);
        (void)putchar('\'');
      }
      (void)putchar('\n');
    }
    for (enum option_id id = OPTIONS_GLOBAL; id < OPTIONS; id++)
      if (completion_has(command, id)) fish_option(&option_rows[id], condition);
  }
}

static const struct {
  const char *name;
  void (*print)(void);
} completion_shells[] = {{"bash", completion_bash},
                         {"zsh", completion_zsh},
                         {"fish", completion_fish},
                         {"man", man_print}};
enum { SHELLS = sizeof completion_shells / sizeof *completion_shells };

static const char *completion_candidate(uint32_t index) {
  return index < SHELLS ? completion_shells[index].name : NULL;
}

static int completion_run(const struct cli *cli) {
  for (uint32_t i = 0; i < SHELLS; i++) {
    if (strcmp(completion_shells[i].name, cli->operands.items[0]) != 0) continue;
    completion_shells[i].print();
    return EX_OK;
  }
  return cli_unknown_operand(cli, "shell", cli->operands.items[0]);
}

const struct command cmd_completion = {
    .name = "completion",
    .operands = "SHELL",
    .help = "print the completion script of bash, zsh or fish, or the man page",
    .details =
        "For bash: costop completion bash > ~/.local/share/bash-completion/completions/costop",
    .min_operands = 1,
    .max_operands = 1,
    .candidate = completion_candidate,
    .run = completion_run,
};
