/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Durations: whatever is parsed is in range, and its written form parses back to the same value. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "sim/duration.h"
#include "sim/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size);
  int64_t value_ns = 0, again_ns = 0;
  enum duration_error error = duration_parse(text, &value_ns);
  if (error == DURATION_OK) {
    fuzz_require(value_ns >= 0 && value_ns <= TIME_MAX_NS);
    char form[DURATION_TEXT_MAX];
    fuzz_require(duration_parse(duration_format(value_ns, form), &again_ns) == DURATION_OK);
    fuzz_require(again_ns == value_ns);
  } else {
    fuzz_require(duration_error_text(error)[0] != '\0');
  }
  free(text);
  return 0;
}
