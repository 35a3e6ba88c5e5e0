/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cli.h"

#include "base/file.h"
#include "part/parts.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* The YAML reader has its own limit; this one only bounds the memory. */
#define SPEC_MAX_BYTES ((size_t)2 << 20)

int cluster_load(const struct cli *cli, const char *spec_path,
                 struct cluster *ret, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  *ret = (struct cluster){.state.lock_fd = -1};
  if (file_read(spec_path, SPEC_MAX_BYTES, &text, err) < 0) {
    err->kind = ERROR_USAGE;
    return -1;
  }
  if (parts_read_spec(spec_path, text.data, text.len, &ret->spec, err) < 0)
    return -1;
  for (size_t i = 0; i < ret->spec.warnings.n; i++)
    log_warn(&cli->log, "%s", ret->spec.warnings.v[i]);
  if (parts_plan(&ret->spec, &ret->plan, err) < 0)
    return -1;
  ret->kind = machine_kind_of(&ret->plan);
  return 0;
}

int cluster_open_state(const struct cli *cli, struct cluster *c, bool create,
                       bool lock, struct error *err) {
  if (state_open(cli->state_dir, c->spec.file, c->spec.name, create, &c->state,
                 err) < 0)
    return -1;
  return lock ? state_lock(&c->state, err) : 0;
}

void cluster_done(struct cluster *c) {
  state_done(&c->state);
  plan_done(&c->plan);
  spec_done(&c->spec);
}

static int unknown_node(const struct cluster *c, const char *name,
                        struct error *err) {
  _cleanup_buf_ struct buf known = {0};
  for (size_t i = 0; i < c->plan.nodes.n && i < 20; i++)
    buf_addf(&known, "%s%s", i ? ", " : "", c->plan.nodes.v[i].name);
  return error_usage(err, "the spec has no node '%s'; it has %s%s", name,
                     known.data, c->plan.nodes.n > 20 ? ", ..." : "");
}

int cluster_select(const struct cluster *c, char **names, int n, size_t **ret,
                   size_t *ret_n, struct error *err) {
  size_t total = n ? (size_t)n : c->plan.nodes.n;
  _cleanup_free_ size_t *chosen = xcalloc(total, sizeof(*chosen));
  _cleanup_free_ bool *seen = xcalloc(c->plan.nodes.n, sizeof(*seen));
  size_t kept = 0;
  for (size_t i = 0; i < total; i++) {
    const struct plan_node *node =
        n ? plan_find(&c->plan, names[i]) : &c->plan.nodes.v[i];
    if (n && !node)
      return unknown_node(c, names[i], err);
    if (!seen[node->index])
      chosen[kept++] = node->index;
    seen[node->index] = true;
  }
  *ret = TAKE_PTR(chosen);
  *ret_n = kept;
  return 0;
}

int cluster_order(const struct cluster *c, const char *order, size_t *sel,
                  size_t n, struct error *err) {
  _cleanup_free_ char *list = xstrdup(order);
  char *save = NULL;
  size_t done = 0;
  for (char *name = strtok_r(list, ",", &save); name;
       name = strtok_r(NULL, ",", &save)) {
    size_t i = 0;
    while (i < n && strcmp(c->plan.nodes.v[sel[i]].name, name) != 0)
      i++;
    if (i == n)
      return error_usage(err, "--order: '%s' is not one of the nodes to start",
                         name);
    if (i < done)
      continue;
    size_t found = sel[i];
    memmove(&sel[done + 1], &sel[done], (i - done) * sizeof(*sel));
    sel[done++] = found;
  }
  return 0;
}

int cli_getopt(int argc, char **argv, const char *shortopts,
               const struct option *longopts, struct error *err) {
  /* Ours are better worded, and go the way of all errors. */
  opterr = 0;
  int c = getopt_long(argc, argv, shortopts, longopts, NULL);
  if (c == ':')
    error_usage(err, "the option '%s' needs a value; see kubeseed %s --help",
                argv[optind - 1], argv[0]);
  else if (c == '?')
    error_usage(err, "unknown option '%s'; see kubeseed %s --help",
                argv[optind - 1], argv[0]);
  return c == ':' ? '?' : c;
}

int cli_seconds(const char *name, const char *text, double unit, double *ret,
                struct error *err) {
  char *end = NULL;
  errno = 0;
  double v = strtod(text, &end);
  if (errno || end == text || *end || !(v >= 0) || v > 1e6)
    return error_usage(err, "--%s: '%s' is not a number of %s", name, text,
                       unit > 1 ? "minutes" : "seconds");
  *ret = v * unit;
  return 0;
}
