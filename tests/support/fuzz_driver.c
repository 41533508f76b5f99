/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands in for libFuzzer where it is not built in: feeds the files of a seed corpus, the empty
   input and every file cut short to a fuzz target. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUTS = 16, PATH_ROOM = 4096 };

static void give_up(const char *what) {
  fprintf(stderr, "fuzz_driver: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

/* A copy of exactly that size, so that the address sanitizer sees a read behind the end. */
static void feed(const uint8_t *data, size_t size) {
  uint8_t *copy = calloc(size ? size : 1, 1);
  if (!copy) give_up("malloc");
  if (size) memcpy(copy, data, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static void replay(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) give_up(path);
  uint8_t *data = NULL;
  size_t size = 0, room = 0;
  for (;;) {
    if (size == room) {
      room = room ? 2 * room : 4096;
      data = realloc(data, room);
      if (!data) give_up("realloc");
    }
    size_t n = fread(data + size, 1, room - size, file);
    if (n == 0) break;
    size += n;
  }
  if (ferror(file)) give_up(path);
  fclose(file);
  feed(data, size);
  for (size_t cut = 1; cut < CUTS; cut++) feed(data, size * cut / CUTS);
  free(data);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
    return EXIT_FAILURE;
  }
  feed(NULL, 0);
  DIR *corpus = opendir(argv[1]);
  if (!corpus) give_up(argv[1]);
  size_t files = 0;
  for (const struct dirent *entry; (entry = readdir(corpus));) {
    if (entry->d_name[0] == '.') continue;
    char path[PATH_ROOM];
    int length = snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
    if (length < 0 || length >= PATH_ROOM) continue;
    replay(path);
    files++;
  }
  closedir(corpus);
  printf("%zu files replayed\n", files);
  return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
