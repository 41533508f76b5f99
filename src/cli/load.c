/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/load.h"

#include <string.h>
#include <sysexits.h>

#include "cli/diag_print.h"
#include "cli/json_read.h"
#include "cli/load_parts.h"
#include "cli/read_file.h"
#include "study/preset.h"
#include "study/scenario_bind.h"

enum { EXTENDS_MAX = 32, DATA_MAX = 1000000 };

/* The files that led to this one by `extends`. */
struct file_chain {
  const struct file_chain *from;
  const char *path;
  dev_t device;
  ino_t inode;
  uint32_t depth;
};

/* wanted: where another text asks for the file, or nowhere for the one that the user named. */
static const struct source *loader_read(struct loader *loader, const char *path,
                                        const struct conf *wanted, const char *key_path,
                                        struct file_read *read) {
  *read = read_file(path, loader->arena);
  if (read->source) return read->source;
  if (!read->is_too_large) loader->diags->is_input_missing = true;
  struct source *nowhere = ARENA_NEW(loader->arena, struct source);
  *nowhere = (struct source){.name = strcmp(path, "-") ? path : "<stdin>", .text = ""};
  if (wanted)
    diag_error(loader->diags, wanted->place, key_path, NULL, "cannot read '%s': %s", path,
               read->fault);
  else
    diag_error(loader->diags, (struct place){nowhere, 0, 0}, NULL, NULL, "cannot read: %s",
               read->fault);
  return NULL;
}

/* One duration a line -> an array of strings, each with its place in the data file. */
static struct conf *loader_lines(struct loader *loader, const struct source *source,
                                 struct place place) {
  struct conf *array = conf_new(loader->arena, CONF_ARRAY, NULL, place);
  for (uint32_t at = 0; at < source->length;) {
    const char *line = source->text + at, *end = memchr(line, '\n', source->length - at);
    uint32_t length = end ? (uint32_t)(end - line) : source->length - at, next = at + length + 1;
    while (length > 0 && line[length - 1] && strchr(" \t\r", line[length - 1])) length--;
    struct place here = {source, at, length};
    at = next;
    if (length == 0) continue;
    if (array->n_children == DATA_MAX) {
      diag_error(loader->diags, here, NULL, NULL, "more than %d durations", DATA_MAX);
      break;
    }
    if (memchr(line, '\0', length))
      diag_error(loader->diags, here, NULL, NULL, "the line has a NUL character");
    const char *text = arena_printf(loader->arena, "%.*s", (int)length, line);
    conf_add(loader->arena, array, NULL, conf_new(loader->arena, CONF_STRING, text, here));
  }
  if (array->n_children == 0)
    diag_error(loader->diags, (struct place){source, 0, 0}, NULL, NULL, "there are no durations");
  return array;
}

static const struct conf *loader_data(struct loader *loader, const struct conf *name,
                                      const char *base) {
  struct file_read read;
  const char *path = read_file_beside(base, name->text, loader->arena);
  const struct source *source = loader_read(loader, path, name, "empirical", &read);
  struct conf *lines = source ? loader_lines(loader, source, name->place)
                              : conf_new(loader->arena, CONF_ARRAY, NULL, name->place);
  if (lines->n_children == 0) /* reported; do not report it again as no data */
    conf_add(loader->arena, lines, NULL, conf_new(loader->arena, CONF_STRING, "1us", name->place));
  return lines;
}

/* The depth is bounded by that of JSON. */
const struct conf *loader_inline(struct loader *loader, const struct conf *conf, const char *base) {
  const struct conf *name = conf_find(conf, "empirical");
  if (name && conf->n_children == 1 && name->kind == CONF_STRING)
    return conf_with(loader->arena, conf, "empirical", loader_data(loader, name, base));
  const struct conf *result = conf;
  for (uint32_t i = 0; i < conf->n_children; i++) {
    const struct conf *child = conf->children[i], *new = loader_inline(loader, child, base);
    if (new == child) continue;
    const char *key = child->key ? child->key : arena_printf(loader->arena, "%u", i);
    result = conf_with(loader->arena, result, key, new);
  }
  return result;
}

static const struct conf *loader_file(struct loader *loader, const char *path,
                                      const struct conf *wanted, const struct file_chain *from);

/* What the file at chain extends, or NULL after an error. */
static const struct conf *loader_base(struct loader *loader, const struct conf *extends,
                                      const struct file_chain *chain) {
  if (extends->kind != CONF_STRING) {
    diag_error(loader->diags, extends->place, "extends", NULL, "expected a file name, found %s",
               conf_describe(loader->arena, extends));
    return NULL;
  }
  if (chain->depth == EXTENDS_MAX) {
    diag_error(loader->diags, extends->place, "extends", NULL, "more than %d files deep",
               EXTENDS_MAX);
    return NULL;
  }
  return loader_file(loader, read_file_beside(chain->path, extends->text, loader->arena), extends,
                     chain);
}

static bool loader_is_cycle(struct loader *loader, const struct file_chain *chain,
                            const struct conf *wanted) {
  const char *story = chain->path;
  for (const struct file_chain *link = chain->from; link; link = link->from) {
    story = arena_printf(loader->arena, "%s -> %s", link->path, story);
    if (link->device != chain->device || link->inode != chain->inode) continue;
    diag_error(loader->diags, wanted->place, "extends", NULL, "extends itself: %s", story);
    return true;
  }
  return false;
}

static const struct conf *loader_file(struct loader *loader, const char *path,
                                      const struct conf *wanted, const struct file_chain *from) {
  struct file_read read;
  const struct source *source = loader_read(loader, path, wanted, "extends", &read);
  if (!source) return NULL;
  struct file_chain chain = {from, path, read.device, read.inode, from ? from->depth + 1 : 0};
  if (loader_is_cycle(loader, &chain, wanted)) return NULL;
  if (source->text[strspn(source->text, " \t\r\n")] == '\0' &&
      strlen(source->text) == source->length) {
    diag_error(loader->diags, (struct place){source, 0, 0}, NULL, NULL,
               "the file is empty; 'costop new' writes a scenario to start from");
    return NULL;
  }
  const struct conf *conf = json_read(source, loader->diags, loader->arena);
  if (!conf) return NULL;
  conf = loader_inline(loader, conf, path);
  bool has_preset = conf_find_path(conf, PRESET_PATH) != NULL;
  conf = preset_expand(conf, loader->diags, loader->arena);
  const struct conf *extends = conf_find(conf, "extends");
  if (!extends) return conf;
  const struct conf *base = loader_base(loader, extends, &chain);
  conf = conf_without(loader->arena, conf, "extends");
  if (!base) return NULL;
  if (has_preset) base = preset_clear(base, loader->arena);
  return conf_merge(loader->arena, base, conf);
}

const struct scenario *load_scenario(const struct load_request *request, struct diags *diags,
                                     struct arena *arena) {
  struct loader loader = {diags, arena};
  const struct conf *root = loader_file(&loader, request->path, NULL, NULL);
  if (!root) return NULL;
  root = loader_arguments(&loader, root, request);
  return scenario_bind(root, diags, arena);
}

struct load_request load_request_of(const struct cli *cli, const char *path) {
  return (struct load_request){.path = path,
                               .sets = cli->sets,
                               .set_options = cli->set_options,
                               .axes = cli->axes,
                               .wheres = cli->wheres,
                               .is_zipped = cli->is_zipped};
}

int load_exit_code(const struct diags *diags) {
  if (diags->n_errors == 0) return EX_OK;
  return diags->is_input_missing ? EX_NOINPUT : EX_DATAERR;
}

const struct scenario *load_or_report(const struct cli *cli, const char *path, int *exit_code) {
  struct diags *diags = ARENA_NEW(cli->arena, struct diags);
  diags->arena = cli->arena;
  struct load_request request = load_request_of(cli, path);
  const struct scenario *scenario = load_scenario(&request, diags, cli->arena);
  diags_print(diags, (struct diag_style){cli_has_color(cli, stderr), cli->verbosity < 0}, stderr);
  *exit_code = load_exit_code(diags);
  return scenario;
}
