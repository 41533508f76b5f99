/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json_lex.h"

#include <ctype.h>
#include <string.h>

#include "cli/utf8.h"

enum { NUMBER_MAX = 60 /* cJSON copies numbers into 64 bytes */, SHOWN_MAX = 40 };

struct json_lexer {
  const struct source *source;
  struct diags *diags;
  uint32_t at;
};

static void lexer_error(struct json_lexer *lexer, uint32_t length, const char *hint,
                        const char *message) {
  uint32_t left = lexer->source->length - lexer->at;
  struct place place = {lexer->source, lexer->at, length < left ? length : left};
  diag_error(lexer->diags, place, NULL, hint, "%s", message);
}

static char lexer_peek(const struct json_lexer *lexer, uint32_t ahead) {
  uint32_t at = lexer->at + ahead;
  return at < lexer->source->length ? lexer->source->text[at] : '\0';
}

/* Length of the escape at lexer->at, or 0. */
static uint32_t lexer_escape(const struct json_lexer *lexer) {
  char letter = lexer_peek(lexer, 1);
  if (letter && strchr("\"\\/bfnrt", letter)) return 2;
  if (letter != 'u') return 0;
  for (uint32_t i = 2; i < 6; i++)
    if (!isxdigit((unsigned char)lexer_peek(lexer, i))) return 0;
  return 6;
}

/* One character of a string. */
static bool lexer_skip_character(struct json_lexer *lexer) {
  const char *text = lexer->source->text + lexer->at;
  uint32_t code = 0, length = utf8_decode(text, lexer->source->length - lexer->at, &code);
  if (*text == '\\') {
    length = lexer_escape(lexer);
    if (length == 0)
      lexer_error(lexer, 2, "allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
                  "invalid escape in a string");
    else if (length == 6 && strncmp(text, "\\u0000", 6) == 0)
      length = 0, lexer_error(lexer, 6, NULL, "a string must not contain a NUL");
  } else if (length == 0) {
    lexer_error(lexer, 1, "save the file as UTF-8", "invalid UTF-8");
  } else if (*text == '\n') {
    length = 0, lexer_error(lexer, 1, "close it with a '\"'", "the string does not end");
  } else if (code < 0x20) {
    length = 0;
    lexer_error(lexer, 1, "write it as \\t or \\u001b, for example",
                "control character in a string");
  }
  lexer->at += length;
  return length > 0;
}

static uint32_t lexer_string(struct json_lexer *lexer) {
  uint32_t start = lexer->at++;
  while (lexer->at < lexer->source->length) {
    if (lexer->source->text[lexer->at] == '"') {
      uint32_t length = lexer->at + 1 - start;
      lexer->at = start;
      return length;
    }
    if (!lexer_skip_character(lexer)) return 0;
  }
  lexer->at = start;
  lexer_error(lexer, 1, "close it with a '\"'", "the string does not end");
  return 0;
}

static uint32_t lexer_digits(const struct json_lexer *lexer, uint32_t from) {
  uint32_t n = 0;
  while (isdigit((unsigned char)lexer_peek(lexer, from + n))) n++;
  return n;
}

/* What is wrong with the number, or NULL. */
static const char *lexer_number_fault(const struct json_lexer *lexer, uint32_t length) {
  uint32_t at = lexer_peek(lexer, 0) == '-';
  uint32_t digits = lexer_digits(lexer, at);
  if (digits == 0) return "a number starts with a digit or '-'";
  if (digits > 1 && lexer_peek(lexer, at) == '0') return "a number has no leading zeros";
  at += digits;
  if (lexer_peek(lexer, at) == '.') {
    digits = lexer_digits(lexer, at + 1);
    if (digits == 0) return "a digit must follow the decimal point";
    at += 1 + digits;
  }
  if (at < length && tolower((unsigned char)lexer_peek(lexer, at)) == 'e') {
    char sign = lexer_peek(lexer, at + 1);
    at += sign == '+' || sign == '-' ? 2 : 1;
    digits = lexer_digits(lexer, at);
    if (digits == 0) return "the exponent has no digits";
    at += digits;
  }
  if (at < length) return "not a number; durations and other texts take double quotes";
  return length > NUMBER_MAX ? "the number has too many digits" : NULL;
}

/* Whatever is not punctuation or string: a number or one of three words. */
static bool lexer_bare(struct json_lexer *lexer, struct json_token *token) {
  uint32_t length = 0;
  for (char c = lexer_peek(lexer, 0); isalnum((unsigned char)c) || (c && strchr("+-._", c));)
    c = lexer_peek(lexer, ++length);
  const char *text = lexer->source->text + lexer->at;
  token->length = length;
  bool is_number = length && (isdigit((unsigned char)*text) || strchr("+-.", *text));
  token->kind = is_number ? JSON_NUMBER : JSON_WORD;
  if (is_number) {
    const char *fault = lexer_number_fault(lexer, length);
    if (fault) lexer_error(lexer, length, NULL, fault);
    return !fault;
  }
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (length == strlen(words[i]) && strncmp(text, words[i], length) == 0) return true;
  uint32_t code, valid = utf8_decode(text, lexer->source->length - lexer->at, &code);
  if (length)
    lexer_error(lexer, length, "texts take double quotes; words are true, false, null",
                "not a JSON value");
  else if (*text == '\'')
    lexer_error(lexer, 1, NULL, "texts take double quotes");
  else if (*text == '/' || *text == '#')
    lexer_error(lexer, 1, NULL, "JSON has no comments; use \"description\"");
  else
    lexer_error(lexer, valid ? valid : 1, NULL, valid ? "unexpected character" : "invalid UTF-8");
  return false;
}

static bool lexer_next(struct json_lexer *lexer, struct json_token *token) {
  while (lexer_peek(lexer, 0) && strchr(" \t\r\n", lexer_peek(lexer, 0))) lexer->at++;
  *token = (struct json_token){JSON_END, lexer->at, 0};
  if (lexer->at >= lexer->source->length) return true;
  char letter = lexer_peek(lexer, 0);
  token->length = 1;
  if (letter == '"') {
    token->kind = JSON_STRING;
    token->length = lexer_string(lexer);
  } else if (letter && strchr("{}[],:", letter)) {
    token->kind = (enum json_token_kind)letter;
  } else if (!lexer_bare(lexer, token)) {
    return false;
  }
  lexer->at += token->length;
  return token->length > 0;
}

/* The grammar: what may come next follows from the token before and the innermost container. */
enum json_expected {
  EXPECT_VALUE,
  EXPECT_VALUE_OR_CLOSE, /* behind [ */
  EXPECT_KEY,
  EXPECT_KEY_OR_CLOSE, /* behind { */
  EXPECT_COLON,
  EXPECT_COMMA_OR_CLOSE,
  EXPECT_END
};

struct json_grammar {
  enum json_expected expected;
  uint32_t depth;
  char open[JSON_DEPTH_MAX + 1]; /* open[depth] is the innermost one; open[0] is none */
};

static bool grammar_allows(const struct json_grammar *grammar, enum json_token_kind kind) {
  bool is_value = kind == JSON_STRING || kind == JSON_NUMBER || kind == JSON_WORD ||
                  kind == JSON_OPEN_OBJECT || kind == JSON_OPEN_ARRAY;
  bool in_object = grammar->open[grammar->depth] == '{';
  bool closes = kind == (in_object ? JSON_CLOSE_OBJECT : JSON_CLOSE_ARRAY);
  switch (grammar->expected) {
    case EXPECT_VALUE:
      return is_value;
    case EXPECT_VALUE_OR_CLOSE:
      return is_value || closes;
    case EXPECT_KEY:
      return kind == JSON_STRING;
    case EXPECT_KEY_OR_CLOSE:
      return kind == JSON_STRING || closes;
    case EXPECT_COLON:
      return kind == JSON_COLON;
    case EXPECT_COMMA_OR_CLOSE:
      return kind == JSON_COMMA || closes;
    case EXPECT_END:
      return kind == JSON_END;
  }
  return false;
}

/* Goes on behind an allowed token. */
static void grammar_step(struct json_grammar *grammar, enum json_token_kind kind) {
  bool in_object = grammar->open[grammar->depth] == '{';
  bool is_key = grammar->expected == EXPECT_KEY || grammar->expected == EXPECT_KEY_OR_CLOSE;
  if (kind == JSON_OPEN_OBJECT || kind == JSON_OPEN_ARRAY) {
    grammar->open[++grammar->depth] = (char)kind;
    grammar->expected = kind == JSON_OPEN_OBJECT ? EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
  } else if (kind == JSON_COMMA) {
    grammar->expected = in_object ? EXPECT_KEY : EXPECT_VALUE;
  } else if (kind == JSON_COLON) {
    grammar->expected = EXPECT_VALUE;
  } else if (kind == JSON_STRING && is_key) {
    grammar->expected = EXPECT_COLON;
  } else {
    if (kind == JSON_CLOSE_OBJECT || kind == JSON_CLOSE_ARRAY) grammar->depth--;
    grammar->expected = grammar->depth ? EXPECT_COMMA_OR_CLOSE : EXPECT_END;
  }
}

/* before: the token before this one, NULL if it is the first. */
static void grammar_error(const struct json_grammar *grammar, const struct json_lexer *lexer,
                          const struct json_token *token, const struct json_token *before) {
  static const char *const words[] = {
      [EXPECT_VALUE] = "a value",
      [EXPECT_VALUE_OR_CLOSE] = "a value or ']'",
      [EXPECT_KEY] = "a key in double quotes",
      [EXPECT_KEY_OR_CLOSE] = "a key in double quotes or '}'",
      [EXPECT_COLON] = "':'",
      [EXPECT_COMMA_OR_CLOSE] = "',' or ']'",
      [EXPECT_END] = "nothing more",
  };
  bool in_object = grammar->open[grammar->depth] == '{';
  const char *expected = words[grammar->expected];
  if (grammar->expected == EXPECT_COMMA_OR_CLOSE && in_object) expected = "',' or '}'";
  bool is_end = token->kind == JSON_END;
  const struct json_token *shown = is_end && before ? before : token;
  struct place place = {lexer->source, shown->offset, shown->length};
  if (is_end) {
    diag_error(lexer->diags, place, NULL, NULL, "the text ends here; expected %s", expected);
    return;
  }
  bool closes = token->kind == JSON_CLOSE_OBJECT || token->kind == JSON_CLOSE_ARRAY;
  bool is_trailing = closes && before && before->kind == JSON_COMMA;
  const char *quote = token->kind == JSON_STRING ? "" : "'";
  int length = token->length < SHOWN_MAX ? (int)token->length : SHOWN_MAX;
  diag_error(lexer->diags, place, NULL,
             is_trailing ? "JSON has no comma behind the last element" : NULL,
             "expected %s, found %s%.*s%s", expected, quote, length,
             lexer->source->text + token->offset, quote);
}

const struct json_token *json_lex(const struct source *source, struct diags *diags,
                                  struct arena *arena) {
  struct json_lexer lexer = {.source = source, .diags = diags};
  if (source->length >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) lexer.at = 3;
  struct json_grammar grammar = {.expected = EXPECT_VALUE};
  struct json_token *tokens = NULL;
  for (uint32_t n = 0;; n++) {
    if ((n & (n - 1)) == 0) { /* room doubles whenever n has reached a power of two */
      struct json_token *room = ARENA_ARRAY(arena, n ? 2 * (size_t)n : 1, struct json_token);
      if (n) memcpy(room, tokens, n * sizeof *room);
      tokens = room;
    }
    struct json_token *token = &tokens[n];
    if (!lexer_next(&lexer, token)) return NULL;
    if (!grammar_allows(&grammar, token->kind)) {
      grammar_error(&grammar, &lexer, token, n ? &tokens[n - 1] : NULL);
      return NULL;
    }
    if (token->kind == JSON_END) return tokens;
    bool opens = token->kind == JSON_OPEN_OBJECT || token->kind == JSON_OPEN_ARRAY;
    struct place place = {source, token->offset, token->length};
    if (opens && grammar.depth == JSON_DEPTH_MAX) {
      diag_error(diags, place, NULL, NULL, "nested more than %d deep", JSON_DEPTH_MAX);
      return NULL;
    }
    if (n == JSON_TOKENS_MAX) {
      diag_error(diags, place, NULL, NULL, "more than %d words and signs", JSON_TOKENS_MAX);
      return NULL;
    }
    grammar_step(&grammar, token->kind);
  }
}
