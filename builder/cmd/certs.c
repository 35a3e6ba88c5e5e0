/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed certs: which certificates there are, and when they end. */
#include "base/file.h"
#include "base/json.h"
#include "cluster/access.h"
#include "cluster/certificates.h"
#include "cmd/nearby.h"
#include "cmd/words.h"
#include "seed/contents.h"
#include "state/layout.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DAY ((time_t)86400)
/* As `verify` warns, and when pki.renewal and seed make new ones. */
#define WARN_DAYS 30
#define MAX_DAYS 36500
#define MAX_BYTES ((size_t)1 << 20)
#define TIMEOUT_SECONDS 120

struct options {
  long warn; /* days */
  bool live;
};

/* What was found, and where. */
struct found {
  const struct options *options;
  time_t now;
  char *source; /* as the user is told of it */
  struct certificate_vec list;
  struct strv unasked; /* who could not be asked, and why */
};

static void found_done(struct found *f) {
  free(f->source);
  certificates_done(&f->list);
  strv_done(&f->unasked);
}

static int parse(int argc, char **argv, struct options *o, struct error *err) {
  static const struct option options[] = {
      {"warn", required_argument, NULL, 'w'},
      {"live", no_argument, NULL, 'l'},
      {0}};
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    char *end = NULL;
    if (c == '?')
      return -1;
    o->live = o->live || c == 'l';
    if (c != 'w')
      continue;
    o->warn = strtol(optarg, &end, 10);
    if (end == optarg || *end || o->warn < 0 || o->warn > MAX_DAYS)
      return error_usage(err, "--warn: '%s' is not a number of days", optarg);
  }
  return 0;
}

/* ---- Of a state ---- */

/* Certificates lie in pki/, and within kubeconfigs. */
static bool may_hold(const struct layout_item *item) {
  const char *dot = strrchr(item->path, '.');
  return item->row && !item->row->folder && !item->temporary && dot &&
         (strcmp(dot, ".crt") == 0 || strcmp(dot, ".conf") == 0);
}

struct walk {
  const struct state *state;
  struct found *found;
};

static int add_item(const struct layout_item *item, void *arg,
                    struct error *err) {
  const struct walk *w = arg;
  _cleanup_buf_ struct buf text = {0};
  _cleanup_free_ char *path = state_path(w->state, "%s", item->path);
  if (!may_hold(item))
    return 0;
  if (file_read(path, MAX_BYTES, &text, err) < 0)
    return -1;
  if (text.len > 0)
    certificates_add(item->path, text.data, text.len, &w->found->list);
  return 0;
}

static int of_state(struct cli *cli, struct found *f, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_open_state(cli, &c, false, false, err) < 0)
    return -1;
  struct walk w = {.state = &c.state, .found = f};
  if (layout_walk(c.state.dir, LAYOUT_KEYS | LAYOUT_SEEDS | LAYOUT_MACHINE,
                  add_item, &w, err) < 0)
    return -1;
  f->source = xstrdup(c.state.dir);
  if (f->list.n > 0)
    return 0;
  _cleanup_free_ char *target = cli_target(cli, c.spec.file);
  if (c.spec.pki.mode == PKI_COPIED)
    return error_set(err, 0,
                     "there is no certificate in '%s': with pki.mode copied "
                     "the first node makes them; `kubeseed certs --live %s` "
                     "asks the nodes",
                     c.state.dir, target);
  return error_set(err, 0,
                   "there is no certificate in '%s'; `kubeseed seed %s` makes "
                   "them",
                   c.state.dir, target);
}

/* ---- Of the nodes ---- */

static int of_nodes(struct cli *cli, struct found *f, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_free_ size_t *nodes = NULL;
  size_t n = 0;
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_select(&c, cli->names, cli->n_names, &nodes, &n, err) < 0 ||
      cluster_open_state(cli, &c, false, false, err) < 0)
    return -1;
  _cleanup_free_ char *config = state_path(&c.state, "ssh_config");
  const struct remote r = {.config = config, .timeout = TIMEOUT_SECONDS};
  if (access_check(&c.state, err) < 0)
    return -1;
  log_info(&cli->log, "asking %zu node%s", n, n == 1 ? "" : "s");
  f->source = xstrdup(c.spec.name);
  return live_certificates(&c.plan, &c.state, &r, nodes, n, &f->list,
                           &f->unasked, err);
}

/* ---- Of a medium ---- */

static int of_medium(const char *path, struct found *f, struct error *err) {
  _cleanup_volume_ struct volume v = {0};
  _cleanup_contents_ struct contents c = {0};
  _cleanup_free_ char *marker = xasprintf("%s/" LAYOUT_MARKER, path);
  if (file_exists(marker))
    return error_usage(err,
                       "'%s' is the state of a cluster; name its spec: "
                       "kubeseed certs SPEC",
                       path);
  if (volume_read(path, &v, err) < 0)
    return -1;
  contents_read(&v, f->now, &c);
  f->list = c.certificates;
  c.certificates = (struct certificate_vec){0};
  f->source = xstrdup(path);
  return f->list.n > 0
             ? 0
             : error_set(err, 0,
                         "there is no certificate on '%s'; `kubeseed inspect` "
                         "tells what is there",
                         path);
}

/* ---- Telling ---- */

static int by_end(const void *a, const void *b) {
  const struct certificate *x = a, *y = b;
  if (x->until != y->until)
    return x->until < y->until ? -1 : 1;
  return strcmp(x->where, y->where);
}

static bool ends_soon(const struct found *f, const struct certificate *c) {
  return c->fault || c->until <= f->now ||
         c->until - f->now < f->options->warn * DAY;
}

static size_t count_soon(const struct found *f) {
  size_t n = 0;
  for (size_t i = 0; i < f->list.n; i++)
    n += ends_soon(f, &f->list.v[i]);
  return n;
}

static void print(const struct found *f) {
  for (size_t i = 0; i < f->list.n; i++) {
    const struct certificate *c = &f->list.v[i];
    if (c->fault) {
      printf("%s\n  cannot be read: %s\n", c->where, c->fault);
      continue;
    }
    _cleanup_free_ char *end = certificate_end(c, f->now);
    _cleanup_free_ char *names = strv_join(&c->names, ", ");
    printf("%s\n  %s%s\n  %s%s, by %s\n", c->where, end,
           ends_soon(f, c) ? " (!)" : "", c->subject, c->is_ca ? " (a CA)" : "",
           c->issuer);
    if (c->names.n > 0)
      printf("  for %s\n", names);
  }
  for (size_t i = 0; i < f->unasked.n; i++)
    printf("not asked: %s\n", f->unasked.v[i]);
}

static json_t *one_json(const struct found *f, const struct certificate *c) {
  json_t *o = json_object();
  const char *colon = f->options->live ? strchr(c->where, ':') : NULL;
  _cleanup_free_ char *node =
      colon ? xstrndup(c->where, (size_t)(colon - c->where)) : NULL;
  (void)json_object_set_new(o, "node", node ? json_text(node) : json_null());
  (void)json_object_set_new(o, "file", json_text(colon ? colon + 1 : c->where));
  (void)json_object_set_new(o, "fault",
                            c->fault ? json_text(c->fault) : json_null());
  if (c->fault)
    return o;
  certificate_json(c, o);
  (void)json_object_set_new(o, "daysLeft",
                            json_integer((c->until - f->now) / DAY));
  (void)json_object_set_new(o, "ended", json_boolean(c->until <= f->now));
  (void)json_object_set_new(o, "warn", json_boolean(ends_soon(f, c)));
  return o;
}

static int print_json(const struct found *f, struct error *err) {
  json_t *list = json_array(), *unasked = json_array();
  for (size_t i = 0; i < f->list.n; i++)
    (void)json_array_append_new(list, one_json(f, &f->list.v[i]));
  for (size_t i = 0; i < f->unasked.n; i++)
    (void)json_array_append_new(unasked, json_text(f->unasked.v[i]));
  _cleanup_json_ json_t *o = json_pack(
      "{sosbsIsoso}", "source", json_text(f->source), "ok",
      count_soon(f) == 0 && f->unasked.n == 0, "warnDays",
      (json_int_t)f->options->warn, "certificates", list, "unasked", unasked);
  int r = json_dumpf(o, stdout, JSON_INDENT(2));
  putchar('\n');
  return r == 0 ? 0 : error_set(err, 0, "cannot print the certificates");
}

/* Why the exit status is 1. */
static int judge(const struct found *f, struct error *err) {
  size_t n = count_soon(f);
  if (n > 0)
    return error_set(err, 0,
                     "%zu of %zu certificates %s ended, or within %ld days, or "
                     "cannot be read; CERTIFICATES in kubeseed(1) tells how "
                     "each is renewed",
                     n, f->list.n, n == 1 ? "has" : "have", f->options->warn);
  if (f->unasked.n > 0)
    return error_set(err, 0, "%zu could not be asked: %s", f->unasked.n,
                     f->unasked.v[0]);
  return 0;
}

/* A word that is no medium: a spec, by name or content, or a node. */
static bool is_medium(const struct options *o, int n, char *const *words) {
  const char *dot = n == 1 ? strrchr(words[0], '.') : NULL;
  struct stat st;
  if (n != 1 || o->live || strcmp(words[0], "-") == 0 ||
      (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0)))
    return false;
  return stat(words[0], &st) < 0 || !S_ISREG(st.st_mode) ||
         !spec_is_one(words[0]);
}

int cmd_certs(struct cli *cli, int argc, char **argv, struct error *err) {
  struct options o = {.warn = WARN_DAYS};
  _cleanup_(found_done) struct found f = {.options = &o, .now = time(NULL)};
  if (parse(argc, argv, &o, err) < 0)
    return -1;
  int r = 0;
  if (is_medium(&o, argc - optind, argv + optind))
    r = of_medium(argv[optind], &f, err);
  else if (words_take(cli, argc, argv, 0, o.live ? WORDS_ANY : 0,
                      "one spec or medium", err) < 0)
    return -1;
  else
    r = o.live ? of_nodes(cli, &f, err) : of_state(cli, &f, err);
  if (r < 0)
    return -1;
  if (f.list.n > 1)
    qsort(f.list.v, f.list.n, sizeof(*f.list.v), by_end);
  if (!cli->json)
    print(&f);
  else if (print_json(&f, err) < 0)
    return -1;
  return judge(&f, err);
}
