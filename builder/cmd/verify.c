/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed verify: is the running cluster what the spec says? */
#include "cluster/verify.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cluster/access.h"
#include "cluster/reach.h"
#include "cluster/tutorial.h"
#include "cmd/words.h"
#include "part/parts.h"
#include "pki/store.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* For what one node is asked. Measured on emulated machines: 25 s, and over
 * 300 s with seven of them on two processors. */
#define NODE_TIMEOUT 600
/* Between two rounds of --wait. */
#define PAUSE_SECONDS 10

struct options {
  const char *junit; /* --junit */
  bool no_pods;
  bool tutorial; /* --like tutorial */
  double wait;   /* --wait: seconds until all must be well */
};

static int parse_like(const char *arg, struct options *o, struct error *err) {
  o->tutorial = strcmp(arg, "tutorial") == 0;
  return o->tutorial
             ? 0
             : error_usage(err, "--like takes 'tutorial', not '%s'", arg);
}

static int parse(struct cli *cli, int argc, char **argv, struct options *o,
                 struct error *err) {
  enum { JUNIT = 0x100, NO_PODS, WAIT, LIKE, JSON };
  static const struct option options[] = {
      {"junit", required_argument, NULL, JUNIT},
      {"no-pods", no_argument, NULL, NO_PODS},
      {"wait", required_argument, NULL, WAIT},
      {"like", required_argument, NULL, LIKE},
      {"json", no_argument, NULL, JSON},
      {0}};
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    int r = 0;
    if (c == JUNIT)
      o->junit = optarg;
    else if (c == NO_PODS)
      o->no_pods = true;
    else if (c == WAIT)
      r = cli_seconds("wait", optarg, 1, &o->wait, err);
    else if (c == LIKE)
      r = parse_like(optarg, o, err);
    else if (c == JSON)
      cli->json = true;
    else
      return -1;
    if (r < 0)
      return -1;
  }
  if (words_take(cli, argc, argv, 0, 0, "one spec", err) < 0)
    return -1;
  if (o->junit && file_check_place(o->junit, err) < 0) {
    err->kind = ERROR_USAGE;
    return error_prefix(err, "--junit");
  }
  return 0;
}

/* haproxy's statistics are behind a password of the cluster's own. */
static int read_stats_secret(const struct cluster *c, char **ret,
                             struct error *err) {
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_free_ char *dir = state_path(&c->state, "pki");
  if (!provider_is_haproxy(c->spec.endpoint.provider))
    return 0;
  if (pki_load(dir, &c->plan, &pki, err) < 0)
    return -1;
  const struct pki_entry *e = pki_get(&pki, "stats.secret");
  if (e)
    *ret = xstrndup(e->data.data, e->data.len);
  return 0;
}

/* What one round has found. */
struct round {
  struct verify_facts facts;
  struct verify_check_vec checks;
};

static void round_done(struct round *r) {
  verify_facts_done(&r->facts);
  verify_checks_done(&r->checks);
  *r = (struct round){0};
}

/* Machines here share this one's processors: to ask all of them at once would
 * make the cluster slow that is to be looked at. */
static unsigned parallel(const struct cluster *c) {
  for (size_t i = 0; i < c->plan.nodes.n; i++)
    if (c->kind->running(&c->state, c->plan.nodes.v[i].name, NULL))
      return (unsigned)get_nprocs();
  return 0;
}

/* Who does not answer is known within seconds, and then not asked. */
static int look(const struct cluster *c, struct verify_facts *f,
                struct error *err) {
  _cleanup_ports_ struct ports ports = {0};
  if (ports_load(&c->state, &c->plan, &ports, err) < 0)
    return -1;
  _cleanup_free_ struct reach *reach = xcalloc(f->n, sizeof(*reach));
  _cleanup_free_ size_t *nodes = xcalloc(f->n, sizeof(*nodes));
  for (size_t i = 0; i < f->n; i++)
    nodes[i] = i;
  reach_look(&c->plan, &c->state, &ports, REACH_SSH_PORT, nodes, f->n, reach);
  for (size_t i = 0; i < f->n; i++)
    f->node[i].error = TAKE_PTR(reach[i].why);
  return 0;
}

static size_t answering(const struct verify_facts *f) {
  size_t n = 0;
  for (size_t i = 0; i < f->n; i++)
    n += f->node[i].error == NULL;
  return n;
}

/* Asks everybody once. Pods are started last, and not beside something that is
 * wrong as long as there will be another round. */
static int ask(const struct cli *cli, const struct cluster *c,
               const struct options *o, bool last, struct round *ret,
               struct error *err) {
  _cleanup_free_ char *config = state_path(&c->state, "ssh_config");
  _cleanup_erase_ char *secret = NULL;
  const struct remote r = {
      .config = config, .timeout = NODE_TIMEOUT, .parallel = parallel(c)};
  struct verify_facts *f = &ret->facts;
  if (access_check(&c->state, err) < 0 ||
      read_stats_secret(c, &secret, err) < 0)
    return -1;
  verify_facts_init(f, &c->plan, time(NULL));
  log_info(&cli->log, "asking %zu node%s", c->plan.nodes.n,
           c->plan.nodes.n == 1 ? "" : "s");
  if (look(c, f, err) < 0 ||
      verify_gather_nodes(&c->plan, &r, secret, f, err) < 0)
    return -1;
  if (answering(f) > 0)
    log_info(&cli->log, "asking the API server");
  verify_gather_cluster(&c->plan, &r, f);
  f->pods.skipped = xstrdup("--no-pods");
  parts_verify(&c->plan, f, &ret->checks);
  if (o->no_pods || (!last && verify_count(&ret->checks, VERIFY_FAIL) > 0))
    return 0;
  if (answering(f) > 0)
    log_info(&cli->log, "starting a pod on every node, to see them talk");
  free(f->pods.skipped);
  f->pods.skipped = NULL;
  verify_checks_done(&ret->checks);
  ret->checks = (struct verify_check_vec){0};
  verify_gather_pods(&c->plan, &r, f);
  parts_verify(&c->plan, f, &ret->checks);
  return 0;
}

/* For the terminal; the caller frees. */
static char *first_failure(const struct verify_check_vec *checks) {
  for (size_t i = 0; i < checks->n; i++)
    if (checks->v[i].state == VERIFY_FAIL)
      return utf8_printable(checks->v[i].detail);
  return xstrdup("");
}

/* Until nothing is wrong or the time is over. */
static int ask_patiently(const struct cli *cli, const struct cluster *c,
                         const struct options *o, double deadline,
                         struct round *ret, struct error *err) {
  for (;;) {
    bool last = monotonic_seconds() + PAUSE_SECONDS >= deadline;
    if (ask(cli, c, o, last, ret, err) < 0)
      return -1;
    size_t failed = verify_count(&ret->checks, VERIFY_FAIL);
    if (failed == 0 || last)
      return 0;
    _cleanup_free_ char *first = first_failure(&ret->checks);
    log_info(&cli->log, "%zu checks fail so far (%s); asking again", failed,
             first);
    round_done(ret);
    (void)sleep(PAUSE_SECONDS);
  }
}

/* What tutorials show, once the waiting is over. */
static void ask_tutorial(const struct cli *cli, const struct cluster *c,
                         const struct options *o, struct round *found) {
  _cleanup_free_ char *config = state_path(&c->state, "ssh_config");
  const struct remote r = {.config = config, .timeout = NODE_TIMEOUT};
  log_info(&cli->log, "running the commands of tutorials");
  verify_gather_tutorial(&c->plan, &r, !o->no_pods, &found->facts);
}

static int tell(const struct cli *cli, const struct cluster *c,
                const struct options *o, const struct round *found,
                double seconds, struct error *err) {
  const struct verify_check_vec *checks = &found->checks;
  _cleanup_buf_ struct buf xml = {0};
  if (cli->json) {
    _cleanup_json_ json_t *j = verify_json(checks, c->spec.name);
    if (o->tutorial)
      json_object_set_new(j, "tutorial",
                          tutorial_json(&c->plan, &found->facts));
    if (json_dumpf(j, stdout, JSON_INDENT(2)) < 0)
      return error_set(err, 0, "cannot write the JSON");
    putchar('\n');
  } else if (o->tutorial) {
    tutorial_print(&c->plan, &found->facts, checks, stdout);
  } else {
    verify_print(checks, stdout);
  }
  if (!o->junit)
    return 0;
  _cleanup_free_ char *path = NULL;
  if (file_behind_link(o->junit, &path, err) < 0)
    return -1;
  verify_junit(checks, c->spec.name, seconds, &xml);
  return file_write(path, xml.data, xml.len, 0644, err);
}

/* Two runs would remove each other's pods. Not the state's lock: who switches
 * machines on need not wait for this. */
static int lock(const struct cluster *c, int *ret_fd, struct error *err) {
  _cleanup_free_ char *path = state_path(&c->state, "verify.lock");
  return file_lock(path, ret_fd, err);
}

int cmd_verify(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_close_ int fd = -1;
  _cleanup_(round_done) struct round found = {0};
  struct options o = {0};
  double began = monotonic_seconds();
  if (parse(cli, argc, argv, &o, err) < 0 ||
      cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_open_state(cli, &c, false, false, err) < 0 ||
      lock(&c, &fd, err) < 0 ||
      ask_patiently(cli, &c, &o, began + o.wait, &found, err) < 0)
    return -1;
  if (o.tutorial)
    ask_tutorial(cli, &c, &o, &found);
  if (tell(cli, &c, &o, &found, monotonic_seconds() - began, err) < 0)
    return -1;
  size_t failed = verify_count(&found.checks, VERIFY_FAIL);
  size_t skipped = verify_count(&found.checks, VERIFY_SKIP);
  _cleanup_free_ char *more =
      skipped ? xasprintf(", %zu could not be made", skipped) : xstrdup("");
  if (failed)
    return error_set(err, 0, "%zu of %zu checks failed%s", failed,
                     found.checks.n, more);
  return 0;
}
