/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages between the processes that mpirun has started, as plain bytes: process 0 talks to all
   others, they talk to it. Nothing happens here unless mpirun has started several of us, for it
   takes Open MPI a third of a second to begin. */
#ifndef COSTOP_CLI_MPI_LINK_H
#define COSTOP_CLI_MPI_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"

enum mpi_link_kind {
  LINK_STUDY,  /* from process 0: what is going to be run */
  LINK_UNIT,   /* … a replication to be run */
  LINK_HALT,   /* … the study is over: what is still being run is not wanted */
  LINK_BYE,    /* … the program ends, with this exit code */
  LINK_RESULT, /* to process 0: what has come of a replication */
  LINK_HALTED  /* … nothing of this study comes any more */
};

struct mpi_link_message {
  enum mpi_link_kind kind;
  uint32_t from;
  void *bytes;
  size_t n_bytes;
};

/* "Open MPI 4.1.4", or "none". */
const char *mpi_link_version(struct arena *arena);

/* Joins the others, if there are any. EX_OK; EX_UNAVAILABLE with a message if mpirun has started
   several of us but this program has been built without MPI. */
int mpi_link_join(void);
/* 1 and 0 if nobody else is there. */
uint32_t mpi_link_size(void);
uint32_t mpi_link_rank(void);

void mpi_link_send(uint32_t to, enum mpi_link_kind kind, const void *bytes, size_t n_bytes);
/* false: no message is there, or not all of it; if its sender is gone that remains so. Its bytes
   are there until the next call. */
bool mpi_link_receive(struct mpi_link_message *message);
/* All processes do this in the end; no message is under way. */
void mpi_link_leave(void);

#endif
