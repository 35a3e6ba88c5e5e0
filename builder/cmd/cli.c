/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cli.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/quote.h"
#include "base/word.h"
#include "cmd/nearby.h"
#include "image/whole.h"
#include "part/parts.h"
#include "spec/codes.h"
#include "spec/excerpt.h"
#include "spec/sources.h"
#include "state/layout.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

char *cli_target(const struct cli *cli, const char *spec_path) {
  return state_target(cli->state_dir, spec_path);
}

static int no_spec(const char *path, struct error *err) {
  _cleanup_buf_ struct buf word = {0};
  _cleanup_free_ char *near = spec_nearby(path);
  error_done(err);
  if (near)
    return error_usage(err, "there is no spec '%s'; did you mean '%s'?", path,
                       near);
  quote_word(path, &word);
  return error_usage(err,
                     "there is no spec '%s'; `kubeseed init %s` writes one to "
                     "begin with",
                     path, word.data);
}

int cluster_load(const struct cli *cli, const char *spec_path,
                 struct cluster *ret, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  *ret = (struct cluster){.state.lock_fd = -1};
  bool standard = strcmp(spec_path, "-") == 0;
  if (file_read_stream(standard ? "/dev/stdin" : spec_path, CLI_SPEC_MAX, &text,
                       err) < 0) {
    if (!standard && err->errnum == ENOENT)
      return no_spec(spec_path, err);
    err->kind = ERROR_USAGE;
    return -1;
  }
  if (parts_read_spec(spec_path, text.data, text.len, &ret->spec, err) < 0 ||
      (cli->warns && sources_read(&ret->spec, err) < 0)) {
    excerpts_add(err, spec_path, text.data);
    codes_add(err);
    return -1;
  }
  for (size_t i = 0; cli->warns && i < ret->spec.warnings.n; i++)
    log_warn_at(&cli->log, ret->spec.warnings.v[i]);
  ret->spec.by_subnet =
      state_by_subnet(cli->state_dir, ret->spec.file, ret->spec.name);
  if (parts_plan(&ret->spec, &ret->plan, err) < 0) {
    excerpts_add(err, spec_path, text.data);
    codes_add(err);
    return -1;
  }
  return 0;
}

/* Without its keys a state is good for nothing but to be ended. */
static int check_sealed(const struct cli *cli, const struct cluster *c,
                        struct error *err) {
  _cleanup_free_ char *sealed = state_path(&c->state, LAYOUT_SEALED);
  if (c->takes_sealed || !file_exists(sealed))
    return 0;
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  return error_set(
      err, 0,
      "the keys in '%s' are sealed behind a pass phrase; `kubeseed "
      "unseal %s` puts them back",
      c->state.dir, target);
}

int cluster_open_state(const struct cli *cli, struct cluster *c, bool create,
                       bool lock, struct error *err) {
  if (state_open(cli->state_dir, c->spec.file, c->spec.name, create, &c->state,
                 err) < 0 ||
      check_sealed(cli, c, err) < 0 ||
      machine_kind_load(&c->state, &c->kind, err) < 0)
    return -1;
  return lock ? state_lock(&c->state, err) : 0;
}

int cluster_open_if_any(const struct cli *cli, struct cluster *c,
                        bool *ret_none, struct error *err) {
  _cleanup_error_ struct error own = {0};
  int r = cluster_open_state(cli, c, false, true, &own);
  *ret_none = r < 0 && own.errnum == ENOENT && !c->state.dir;
  if (r < 0 && !*ret_none)
    error_move(err, &own);
  return *ret_none ? 0 : r;
}

int cluster_look_at_state(const struct cli *cli, struct cluster *c,
                          bool *ret_none, struct error *err) {
  _cleanup_error_ struct error own = {0};
  *ret_none = false;
  if (cluster_open_state(cli, c, false, false, &own) == 0)
    return 0;
  if (own.errnum != ENOENT || c->state.dir) {
    error_move(err, &own);
    return -1;
  }
  *ret_none = true;
  c->state.dir = state_folder(cli->state_dir, c->spec.file, c->spec.name);
  c->state.target = cli_target(cli, c->spec.file);
  return 0;
}

int cluster_check_state(const struct cli *cli, struct cluster *c,
                        struct error *err) {
  bool none;
  int r = cluster_look_at_state(cli, c, &none, err);
  state_done(&c->state);
  return r;
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
  if (done == 0)
    return error_usage(err, "--order: '%s' names no node", order);
  return 0;
}

const struct option cli_globals[] = {
    {"state", required_argument, NULL, 'C'},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"json", no_argument, NULL, CLI_JSON},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, CLI_VERSION},
    {0},
};

/* The long option that was meant by word ("--josn"), or NULL. */
static const char *meant(const char *word, const struct option *longopts) {
  enum { MAX = 32 };
  const char *names[MAX];
  size_t n = 0;
  const struct option *const lists[] = {longopts, cli_globals};
  for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
    for (const struct option *o = lists[i]; o->name && n < MAX; o++)
      names[n++] = o->name;
  _cleanup_free_ char *name = xstrndup(word + 2, strcspn(word + 2, "="));
  return nearest_word(name, names, n);
}

/* Where it is alone in its word no command comes to see it. */
static bool is_global(int c) {
  for (const struct option *o = cli_globals; o->name; o++)
    if (c && o->val == c)
      return true;
  return false;
}

int cli_bad_option(int c, char **argv, const struct option *longopts,
                   const char *see, struct error *err) {
  const char *word = argv[optind - 1];
  bool is_long = strncmp(word, "--", 2) == 0;
  if (c == ':' && is_long)
    return error_usage(err, "the option '%s' needs a value; see %s", word, see);
  if (c == ':')
    return error_usage(err, "the option '-%c' needs a value; see %s", optopt,
                       see);
  const char *near = is_long ? meant(word, longopts) : NULL;
  size_t len = strcspn(word, "=");
  /* getopt(3): optopt is the character, and 0 when it was a word. A word that
   * takes no value is told by its own character. */
  if (is_long && word[len] &&
      (optopt || (near && strlen(near) + 2 == len &&
                  strncmp(word + 2, near, len - 2) == 0)))
    return error_usage(err, "the option '%.*s' takes no value; see %s",
                       (int)len, word, see);
  if (is_global(optopt))
    return error_usage(err,
                       "'-%c' is an option of all commands; write it as a word "
                       "of its own, before or after the command",
                       optopt);
  if (optopt)
    return error_usage(err, "unknown option '-%c'; see %s", optopt, see);
  if (near)
    return error_usage(err, "unknown option '%s'; did you mean '--%s'?", word,
                       near);
  return error_usage(err, "unknown option '%s'; see %s", word, see);
}

int cli_getopt(int argc, char **argv, const char *shortopts,
               const struct option *longopts, struct error *err) {
  /* Ours are better worded, and go the way of all errors. */
  opterr = 0;
  /* With a colon in front it tells which option lacks its value. */
  bool plus = *shortopts == '+';
  _cleanup_free_ char *all =
      xasprintf("%s:%s", plus ? "+" : "", shortopts + plus);
  int c = getopt_long(argc, argv, all, longopts, NULL);
  if (c != ':' && c != '?')
    return c;
  _cleanup_free_ char *see = xasprintf("kubeseed %s --help", argv[0]);
  (void)cli_bad_option(c, argv, longopts, see, err);
  return '?';
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

int cli_check_image(const char *path, const char *target, struct error *err) {
  _cleanup_error_ struct error own = {0};
  if (image_whole(path, &own) == 0)
    return 0;
  if (own.kind == ERROR_MISSING) {
    error_move(err, &own);
    return -1;
  }
  return error_usage(err,
                     "--image %s; `kubeseed image %s` makes one and prints its "
                     "name",
                     own.faults[0].msg, target);
}
