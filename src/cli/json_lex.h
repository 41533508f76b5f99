/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a JSON text with their offsets, and the grammar's errors with a reason. Stricter
   than cJSON, and knows where things are. */
#ifndef COSTOP_CLI_JSON_LEX_H
#define COSTOP_CLI_JSON_LEX_H

#include "study/diag.h"

enum { JSON_DEPTH_MAX = 64, JSON_TOKENS_MAX = 4000000 };

enum json_token_kind {
  JSON_OPEN_OBJECT = '{',
  JSON_CLOSE_OBJECT = '}',
  JSON_OPEN_ARRAY = '[',
  JSON_CLOSE_ARRAY = ']',
  JSON_COMMA = ',',
  JSON_COLON = ':',
  JSON_STRING = '"',
  JSON_NUMBER = '0',
  JSON_WORD = 'w', /* true, false, null */
  JSON_END = '$'
};

struct json_token {
  enum json_token_kind kind;
  uint32_t offset, length;
};

/* All tokens, the last is JSON_END; NULL with one error in diags if the text is not JSON. */
const struct json_token *json_lex(const struct source *source, struct diags *diags,
                                  struct arena *arena);

#endif
