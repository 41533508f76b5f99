/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/text.h"

#include <stdbool.h>
#include <string.h>

uint32_t text_width(const char *text) {
  uint32_t width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

void text_hang(const char *text, uint32_t width, uint32_t column, uint32_t indent, FILE *to) {
  bool is_begun = false; /* a word is on this line */
  while (*text) {
    size_t length = strcspn(text, " ");
    uint32_t word = 0;
    for (size_t i = 0; i < length; i++) word += ((unsigned char)text[i] & 0xc0) != 0x80;
    if (width > 0 && column > indent && column + is_begun + word > width) {
      (void)fprintf(to, "\n%*s", (int)indent, "");
      column = indent;
      is_begun = false;
    }
    if (is_begun) (void)fputc(' ', to);
    (void)fwrite(text, 1, length, to);
    column += word + is_begun;
    is_begun = true;
    text += length + strspn(text + length, " ");
  }
  (void)fputc('\n', to);
}

void text_wrap(const char *text, uint32_t width, FILE *to) { text_hang(text, width, 0, 0, to); }
