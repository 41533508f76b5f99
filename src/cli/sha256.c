/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/sha256.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <string.h>

const char *sha256_hex(const char *text, struct arena *arena) {
  struct sha256_ctx context;
  uint8_t digest[SHA256_DIGEST_SIZE];
  char *hex = arena_alloc(arena, BASE16_ENCODE_LENGTH(SHA256_DIGEST_SIZE) + 1, 1);
  sha256_init(&context);
  sha256_update(&context, strlen(text), (const uint8_t *)text);
  sha256_digest(&context, sizeof digest, digest);
  base16_encode_update(hex, sizeof digest, digest);
  return hex;
}
