/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/mpi_link.h"

#include <mpi.h>
#include <sysexits.h>

#include "cli/mpi_launch.h"

/* A process has one MPI, and one message on its way in. To wait for it in MPI_Recv would be to wait
   for ever if its sender dies while it is read. */
static struct {
  bool is_busy;
  MPI_Status head;
  MPI_Request request;
  struct mpi_link_message message;
  struct arena arena; /* of its bytes */
} inbox;

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

const char *mpi_link_version(struct arena *arena) {
  return arena_strdup(arena, "Open MPI " STRING(OMPI_MAJOR_VERSION) "." STRING(
                                 OMPI_MINOR_VERSION) "." STRING(OMPI_RELEASE_VERSION));
}

int mpi_link_join(void) {
  int provided;
  /* Whatever goes wrong ends all processes with a message of Open MPI's. */
  if (mpi_launch_is_parallel()) MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  return EX_OK;
}

static bool mpi_link_is_joined(void) {
  int is_joined;
  MPI_Initialized(&is_joined);
  return is_joined;
}

uint32_t mpi_link_size(void) {
  int size = 1;
  if (mpi_link_is_joined()) MPI_Comm_size(MPI_COMM_WORLD, &size);
  return (uint32_t)size;
}

uint32_t mpi_link_rank(void) {
  int rank = 0;
  if (mpi_link_is_joined()) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return (uint32_t)rank;
}

void mpi_link_send(uint32_t to, enum mpi_link_kind kind, const void *bytes, size_t n_bytes) {
  MPI_Send(bytes, (int)n_bytes, MPI_BYTE, (int)to, (int)kind, MPI_COMM_WORLD);
}

bool mpi_link_receive(struct mpi_link_message *message) {
  int is_there, n_bytes;
  if (!inbox.is_busy) {
    MPI_Status *head = &inbox.head;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &is_there, head);
    if (!is_there) return false;
    MPI_Get_count(head, MPI_BYTE, &n_bytes);
    arena_reset(&inbox.arena);
    inbox.message = (struct mpi_link_message){
        .kind = (enum mpi_link_kind)head->MPI_TAG,
        .from = (uint32_t)head->MPI_SOURCE,
        .bytes = arena_alloc(&inbox.arena, (size_t)n_bytes, 1),
        .n_bytes = (size_t)n_bytes,
    };
    MPI_Irecv(inbox.message.bytes, n_bytes, MPI_BYTE, head->MPI_SOURCE, head->MPI_TAG,
              MPI_COMM_WORLD, &inbox.request);
    inbox.is_busy = true;
  }
  MPI_Test(&inbox.request, &is_there, MPI_STATUS_IGNORE);
  if (!is_there) return false;
  inbox.is_busy = false;
  *message = inbox.message;
  return true;
}

void mpi_link_leave(void) {
  if (mpi_link_is_joined()) MPI_Finalize();
  arena_free(&inbox.arena);
}
