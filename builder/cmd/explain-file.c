/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/explain-file.h"

#include "base/file.h"
#include "base/utf8.h"
#include "cmd/words.h"
#include "part/upstream.h"
#include "seed/origin.h"
#include <string.h>
#include <time.h>

/* As cluster_load. */
#define SPEC_MAX_BYTES ((size_t)2 << 20)

bool explain_file_asked(char *const *words, int n) {
  return n >= 2 && words[n - 1][0] == '/';
}

static const struct plan_file *find(const struct plan_node *node,
                                    const char *path, struct error *err) {
  const char *nearest = NULL;
  const char *name = strrchr(path, '/');
  for (size_t i = 0; i < node->files.n; i++) {
    const struct plan_file *f = &node->files.v[i];
    const char *its = strrchr(f->path, '/');
    if (strcmp(f->path, path) == 0)
      return f;
    if (its && strcmp(its, name) == 0)
      nearest = f->path;
  }
  if (nearest)
    error_usage(err, "the seed of %s has no file '%s'; did you mean '%s'?",
                node->name, path, nearest);
  else
    error_usage(err,
                "the seed of %s has no file '%s'; `kubeseed plan` lists those "
                "that it has",
                node->name, path);
  return NULL;
}

static void print_source(const char *source) {
  static const struct {
    const char *begin, *what;
  } rows[] = {{"pki:node/", "a key of this node's that `seed` makes"},
              {"pki:", "a key of the cluster's that `seed` makes"},
              {"user-data/", "a template, filled in for this node"},
              {"spec:", "what the spec has for this path"},
              {"", "a program of kubeseed's, as it is"}};
  size_t i = 0;
  while (strncmp(source, rows[i].begin, strlen(rows[i].begin)) != 0)
    i++;
  printf("made of    %s: %s\n", source, rows[i].what);
}

static void print(const struct plan *p, const struct plan_node *node,
                  const struct plan_file *f, const struct strv *lines) {
  const struct plan_part *part = upstream_part(p, node, f);
  const char *page = upstream_page(f);
  printf("file       %s on %s, %04o %s\n", f->path, node->name, f->mode,
         f->owner);
  if (part)
    printf("part       %s: %s\n", part->name, part->why);
  print_source(f->source);
  for (size_t i = 0; i < lines->n; i++)
    printf("%-10s %s\n", i ? "" : "spec", lines->v[i]);
  if (lines->n == 0)
    puts("spec       no line of it: it is the same without any");
  printf("upstream   %s\n", page ? page : "none: only kubeseed knows it");
}

int explain_file(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  bool none; /* a state that is not there yet has no keys */
  _cleanup_free_ size_t *sel = NULL;
  _cleanup_buf_ struct buf text = {0};
  _cleanup_strv_ struct strv lines = {0};
  size_t n = 0;
  cli->warns = true; /* files that the spec names are read */
  if (words_take(cli, argc, argv, 2, 2, "one spec, one node and a file", err) <
      0)
    return -1;
  if (strcmp(cli->spec, "-") == 0)
    return error_usage(err, "explain reads the spec again and again; name its "
                            "file");
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_select(&c, cli->names, 1, &sel, &n, err) < 0)
    return -1;
  const struct plan_node *node = &c.plan.nodes.v[sel[0]];
  const struct plan_file *f = find(node, cli->names[1], err);
  if (!f || cluster_look_at_state(cli, &c, &none, err) < 0 ||
      file_read(cli->spec, SPEC_MAX_BYTES, &text, err) < 0 ||
      origin_lines(&c.plan, text.data, text.len, &c.state, node->name, f->path,
                   time(NULL), &lines, err) < 0)
    return -1;
  print(&c.plan, node, f, &lines);
  return 0;
}
