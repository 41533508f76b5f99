/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Process-wide set-up, dispatch to the subcommand, and an honest exit code. */
#include <errno.h>
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/mpi_crew.h"
#include "cli/mpi_link.h"
#include "cli/mpi_work.h"
#include "cli/save.h"

/* A signal handler has nowhere else to write to. */
static volatile sig_atomic_t caught_signal;

static void main_on_signal(int number) {
  __atomic_store_n(&caught_signal, number, __ATOMIC_RELAXED);
}

/* The first SIGINT or SIGTERM asks for an orderly end, the second ends at once. SIGPIPE kills
   quietly, whatever our parent thought of it. */
static void main_catch_signals(void) {
  struct sigaction action = {.sa_handler = main_on_signal, .sa_flags = (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_DFL);
}

/* A file that we open must not become standard output. What stands in for a closed descriptor
   fails when it is used. */
static void main_fill_closed(void) {
  static const int useless_mode[] = {O_WRONLY, O_RDONLY, O_RDONLY};
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", useless_mode[fd]) != fd)
      _exit(EX_OSERR);
}

static _Noreturn void main_out_of_memory(size_t bytes) {
  cli_error("out of memory (%zu bytes wanted)", bytes);
  exit(EX_SOFTWARE);
}

/* Whatever was lost on the way to standard output shows here at the latest. */
static int main_close_stdout(int code) {
  int lost = save_close_stream(stdout);
  if (lost == 0) return code;
  cli_error("cannot write to standard output: %s", strerror(lost));
  return EX_IOERR;
}

static int main_dispatch(const struct cli *cli) {
  if (cli->wants_version) {
    version_print(cli, stdout);
  } else if (cli->wants_help) {
    options_print_help(cli, stdout);
  } else if (cli->wants_usage) {
    options_print_usage(cli, stdout);
  } else {
    return cli->command->run(cli);
  }
  return EX_OK;
}

/* Of the processes that mpirun has started the first speaks for all. */
static void main_on_exit(int code, void *unused) {
  (void)unused;
  mpi_crew_dismiss(code);
}

int main(int argc, char **argv) {
  main_fill_closed();
  main_catch_signals();
  gsl_set_error_handler_off();
  arena_on_exhausted(main_out_of_memory);
  int joined = mpi_link_join();
  if (joined != EX_OK) return joined;
  if (mpi_link_rank() > 0) return mpi_work();
  on_exit(main_on_exit, NULL);
  struct arena arena = {0};
  struct cli cli = {.arena = &arena, .interrupt = &caught_signal};
  clock_gettime(CLOCK_MONOTONIC, &cli.started);
  options_parse(&cli, argc, argv);
  int code = main_close_stdout(main_dispatch(&cli));
  arena_free(&arena);
  return code;
}
