/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/utf8.h"

uint32_t utf8_decode(const char *text, size_t n, uint32_t *code) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (n == 0) return 0;
  unsigned char first = (unsigned char)*text;
  uint32_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 0 || length > n || first > 0xf4) return 0;
  *code = length == 1 ? first : first & (0x7fu >> length);
  for (uint32_t i = 1; i < length; i++) {
    unsigned char next = (unsigned char)text[i];
    if ((next & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (next & 0x3fu);
  }
  bool is_surrogate = *code >= 0xd800 && *code < 0xe000;
  return *code < least[length] || *code > 0x10ffff || is_surrogate ? 0 : length;
}

bool utf8_is_control(uint32_t code) {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  /* Directional marks and separators: a line that contains them does not read as it is. */
  return code == 0x061c || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}
