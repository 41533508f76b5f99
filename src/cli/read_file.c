/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/read_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Reads on until the end, or one byte beyond the limit. */
static struct source *read_stream(FILE *stream, struct file_read *read, struct arena *arena) {
  size_t room = 1 << 14, length = 0;
  char *text = arena_alloc(arena, room + 1, 1);
  for (size_t got; (got = fread(text + length, 1, room - length, stream)) > 0;) {
    length += got;
    if (length > FILE_SIZE_MAX) {
      read->is_too_large = true;
      read->fault = arena_printf(arena, "larger than %d MiB", FILE_SIZE_MAX >> 20);
      return NULL;
    }
    if (length < room) continue;
    char *larger = arena_alloc(arena, 2 * room + 1, 1);
    memcpy(larger, text, length);
    text = larger;
    room *= 2;
  }
  if (ferror(stream)) {
    read->fault = arena_strdup(arena, strerror(errno));
    return NULL;
  }
  text[length] = '\0';
  struct source *source = ARENA_NEW(arena, struct source);
  *source = (struct source){.text = text, .length = (uint32_t)length};
  return source;
}

struct file_read read_file(const char *path, struct arena *arena) {
  struct file_read read = {0};
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *stream = is_stdin ? stdin : fopen(path, "rb");
  struct stat status;
  if (!stream || fstat(fileno(stream), &status) != 0) {
    read.fault = arena_strdup(arena, strerror(errno));
  } else if (S_ISDIR(status.st_mode)) {
    read.fault = "it is a directory";
  } else {
    read.device = status.st_dev;
    read.inode = status.st_ino;
    struct source *source = read_stream(stream, &read, arena);
    if (source) source->name = is_stdin ? "<stdin>" : arena_strdup(arena, path);
    read.source = source;
  }
  if (stream && !is_stdin) (void)fclose(stream);
  return read;
}

const char *read_file_beside(const char *path, const char *name, struct arena *arena) {
  const char *slash = strrchr(path, '/');
  if (!slash || *name == '/') return name;
  return arena_printf(arena, "%.*s/%s", (int)(slash - path), path, name);
}
