/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/text.h"

#include <string.h>

uint32_t text_width(const char *text) {
  uint32_t width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

void text_wrap(const char *text, uint32_t width, FILE *to) {
  uint32_t column = 0;
  while (*text) {
    size_t length = strcspn(text, " ");
    uint32_t word = 0;
    for (size_t i = 0; i < length; i++) word += ((unsigned char)text[i] & 0xc0) != 0x80;
    if (column > 0 && width > 0 && column + 1 + word > width) {
      (void)fputc('\n', to);
      column = 0;
    }
    if (column > 0) (void)fputc(' ', to);
    (void)fwrite(text, 1, length, to);
    column += word + (column > 0);
    text += length + strspn(text + length, " ");
  }
  (void)fputc('\n', to);
}
