/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/man.h"

#include <string.h>

#include "cli/cli.h"

/* Text as roff takes it: hyphens that can be typed, no accidental requests. */
static void man_text(const char *text) {
  for (bool at_start = true; *text; text++) {
    if (at_start && strchr(".'", *text)) (void)fputs("\\&", stdout);
    if (*text == '-') (void)putchar('\\');
    (void)fputs(*text == '\\' ? "\\e" : (char[]){*text, '\0'}, stdout);
    at_start = *text == '\n';
  }
}

static void man_option(const struct option_row *row) {
  (void)puts(".TP");
  if (row->letter) (void)printf("\\fB\\-%c\\fR, ", row->letter);
  (void)fputs("\\fB\\-\\-", stdout);
  man_text(row->name);
  if (row->argument) {
    (void)fputs("\\fR=\\fI", stdout);
    man_text(row->argument);
  }
  (void)puts("\\fR");
  man_text(row->help);
  (void)puts(".");
}

static void man_command(const struct command *command) {
  (void)printf(".SS \"%s %s\"\n", command->name, command->operands);
  man_text(command->help);
  (void)puts(".");
  if (command->details) {
    (void)puts(".PP");
    man_text(command->details);
    (void)putchar('\n');
  }
  for (enum option_id id = OPTIONS_GLOBAL; id < OPTIONS; id++)
    if (command->options & OPTION_BIT(id)) man_option(&option_rows[id]);
}

static void man_exit_codes(void) {
  static const struct {
    const char *codes, *meaning;
  } rows[] = {
      {"0", "Done."},
      {"1", "The answer is no: an expectation failed."},
      {"64", "Wrong usage."},
      {"65", "A bad scenario or bad data."},
      {"66", "An input cannot be read."},
      {"69", "Something needed is not there."},
      {"70", "An internal error, or out of memory."},
      {"73", "An output cannot be created, or is there already."},
      {"74", "An error while writing: a full disk, a closed standard output."},
      {"130, 143", "Stopped by SIGINT or SIGTERM; the replications finished until then were kept."},
  };
  (void)puts(".SH EXIT STATUS");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    (void)printf(".TP\n.B %s\n%s\n", rows[i].codes, rows[i].meaning);
}

void man_print(void) {
  (void)puts(
      ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n"
      ".\\\" Written by 'costop completion man'.\n"
      ".TH COSTOP 1\n"
      ".SH NAME\n"
      "costop \\- discrete-event simulator of hypervisor CPU scheduling\n"
      ".SH SYNOPSIS\n"
      ".B costop\n"
      "[\\fIOPTION\\fR...] \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n"
      ".SH DESCRIPTION\n"
      "Simulates how a hypervisor schedules the virtual CPUs of virtual machines, and shows what\n"
      "it costs them: time spent ready or co\\-stopped, and cycles lost to spinning for locks\n"
      "whose holders are not running.\n"
      "A scenario is a JSON file; the same scenario and seed give the same bytes.\n"
      "Results go to standard output, everything else to standard error.\n"
      ".SH OPTIONS\n"
      "These are taken before and after the command.");
  for (enum option_id id = 0; id < OPTIONS_GLOBAL; id++) man_option(&option_rows[id]);
  (void)puts(".SH COMMANDS");
  for (uint32_t i = 0; commands[i]; i++) man_command(commands[i]);
  man_exit_codes();
  (void)puts(
      ".SH ENVIRONMENT\n"
      ".TP\n.B NO_COLOR\nIf it is set and not empty, no colours unless "
      "\\fB\\-\\-color=always\\fR.\n"
      ".TP\n.B COLUMNS\nThe width that the summary of \\fBrun\\fR is fitted into.");
}
