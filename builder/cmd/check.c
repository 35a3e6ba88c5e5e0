/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/words.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/containerd.h"
#include "image/given.h"
#include "spec/codes.h"
#include "spec/payload-facts.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* A payload that is a folder or a bundle must be there, and be the one for this
 * spec. Seeds can be made without it, images cannot. */
static int check_payload(const struct spec *s, struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  if (payload_facts(s->kubernetes.payload)->kind != PAYLOAD_FOLDER)
    return 0;
  return given_open(s, &p, err);
}

/* What a mirror of the user's needs lies beside the spec. */
static int check_file(const struct spec *s, const char *key, const char *file,
                      struct error *err) {
  const char *why = file ? file_unreadable(file) : NULL;
  if (!why)
    return 0;
  return error_at(err, s->kubernetes.payload_where,
                  "'%s' names the file '%s': %s; write where it is, or leave "
                  "it out",
                  key, file, why);
}

/* A fault or warning as an object; where, "FILE:LINE:COLUMN", and code may be
 * NULL. */
static json_t *place_json(const char *where, const char *message,
                          const char *code) {
  json_t *o = json_pack("{so}", "message", json_text(message));
  if (code)
    json_object_set_new(o, "code", json_string(code));
  const char *column = where ? strrchr(where, ':') : NULL;
  const char *line =
      column ? memrchr(where, ':', (size_t)(column - where)) : NULL;
  if (!line)
    return o;
  _cleanup_free_ char *file = xstrndup(where, (size_t)(line - where));
  json_object_set_new(o, "file", json_text(file));
  json_object_set_new(o, "line", json_integer(strtol(line + 1, NULL, 10)));
  json_object_set_new(o, "column", json_integer(strtol(column + 1, NULL, 10)));
  return o;
}

static json_t *warnings_json(const struct spec *s) {
  static const char is_warning[] = ": warning: ";
  json_t *list = json_array();
  for (size_t i = 0; i < s->warnings.n; i++) {
    const char *text = s->warnings.v[i];
    const char *end = strstr(text, is_warning);
    _cleanup_free_ char *where =
        end ? xstrndup(text, (size_t)(end - text)) : NULL;
    /* check_warn ends it with " [CODE]". */
    const char *message = end ? end + strlen(is_warning) : text;
    const char *code = strrchr(message, '[');
    _cleanup_free_ char *words = xstrndup(
        message, code ? (size_t)(code - message - 1) : strlen(message));
    _cleanup_free_ char *name =
        code ? xstrndup(code + 1, strcspn(code + 1, "]")) : NULL;
    json_array_append_new(list, place_json(where, words, name));
  }
  return list;
}

/* The result as one object; the faults are printed for people as well. */
static int print_json(const char *path, const struct cluster *c,
                      struct error *err) {
  json_t *faults = json_array();
  for (size_t i = 0; i < err->n_faults; i++)
    json_array_append_new(faults,
                          place_json(err->faults[i].where, err->faults[i].msg,
                                     err->faults[i].code));
  _cleanup_json_ json_t *o = json_pack(
      "{sosbsisosIso}", "spec", json_text(path), "ok", !error_is_set(err),
      "nodes", (int)c->plan.nodes.n, "faults", faults, "more",
      (json_int_t)err->n_dropped, "warnings", warnings_json(&c->spec));
  int r = json_dumpf(o, stdout, JSON_INDENT(2));
  putchar('\n');
  return r == 0 ? 0 : error_set(err, 0, "cannot print the result");
}

int cmd_check(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option none[] = {{0}};
  if (cli_getopt(argc, argv, "", none, err) == '?')
    return -1;
  if (words_take(cli, argc, argv, 0, 0, "one spec", err) < 0)
    return -1;
  const char *path = cli->spec;
  _cleanup_cluster_ struct cluster c;
  int r = cluster_load(cli, path, &c, err);
  if (r == 0)
    r = check_payload(&c.spec, err);
  if (r == 0)
    r = check_file(&c.spec, "key", c.spec.kubernetes.from.key, err);
  if (r == 0)
    r = check_file(&c.spec, "ca", c.spec.kubernetes.from.ca, err);
  if (r == 0)
    r = containerd_check(&c.spec, err);
  codes_add(err);
  if (cli->json)
    return print_json(path, &c, err) < 0 ? -1 : r;
  if (r == 0)
    log_info(&cli->log, "%s: ok: %zu node%s", path, c.plan.nodes.n,
             c.plan.nodes.n == 1 ? "" : "s");
  return r;
}
