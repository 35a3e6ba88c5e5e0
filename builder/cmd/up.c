/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed up: switch machines on and watch them become a cluster. */
#include "base/file.h"
#include "base/mem.h"
#include "cluster/access.h"
#include "cmd/cli.h"
#include "image/store.h"
#include "machine/follow.h"
#include "machine/ports.h"
#include "seed/admin.h"
#include "seed/seed.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/poll.h>
#include <sys/signalfd.h>
#include <time.h>

#define TICK_MS 250
#define DEFAULT_TIMEOUT_MIN 60

struct up {
  struct cli *cli;
  const char *spec_path;
  char *target;      /* for commands that are suggested: SPEC, or -C DIR SPEC */
  const char *image; /* --image */
  char *baked;       /* the spec's image, when one was needed */
  char image_key[IMAGE_KEY];
  const char *order; /* --order A,B,... */
  double stagger;    /* seconds between two starts */
  double timeout;    /* seconds; 0: none */
  bool no_wait;

  struct cluster cluster;
  struct ports ports;
  struct machine_host host;
  struct follow follow;
  struct table table;
  bool *ours;    /* per followed node: it runs, so its end is a failure */
  int signal_fd; /* SIGINT and SIGTERM arrive here */
  double began, looked; /* began: when the machines are switched on */
};

/* In what the loop ends; an error ends it too. */
enum outcome { GO_ON, READY, INTERRUPTED, TIMED_OUT };

static void up_done(struct up *u) {
  follow_done(&u->follow);
  ports_done(&u->ports);
  machine_host_done(&u->host);
  cluster_done(&u->cluster);
  cleanup_close(&u->signal_fd);
  free(u->ours);
  free(u->baked);
  free(u->target);
}

/* ---- The command line ---- */

static int parse(struct up *u, int argc, char **argv, struct error *err) {
  enum { IMAGE = 0x100, STAGGER, ORDER, TIMEOUT, NO_WAIT };
  static const struct option options[] = {
      {"image", required_argument, NULL, IMAGE},
      {"stagger", required_argument, NULL, STAGGER},
      {"order", required_argument, NULL, ORDER},
      {"timeout", required_argument, NULL, TIMEOUT},
      {"no-wait", no_argument, NULL, NO_WAIT},
      {0}};
  for (int c; (c = cli_getopt(argc, argv, ":", options, err)) != -1;) {
    int r = 0;
    if (c == IMAGE)
      u->image = optarg;
    else if (c == STAGGER)
      r = cli_seconds("stagger", optarg, 1, &u->stagger, err);
    else if (c == ORDER)
      u->order = optarg;
    else if (c == TIMEOUT)
      r = cli_seconds("timeout", optarg, 60, &u->timeout, err);
    else if (c == NO_WAIT)
      u->no_wait = true;
    else
      return -1;
    if (r < 0)
      return -1;
  }
  if (optind == argc)
    return error_usage(err, "up: which spec? (kubeseed up SPEC [NODE...])");
  u->spec_path = argv[optind];
  const char *dir = u->cli->state_dir;
  u->target =
      dir ? xasprintf("-C %s %s", dir, u->spec_path) : xstrdup(u->spec_path);
  return 0;
}

/* ---- Preparing ---- */

/* A machine that has a disk goes on with it, whatever the image is today. */
static bool needs_image(const struct up *u, const struct follow_node *n) {
  return !n->running && (u->image || !u->cluster.kind->has_disk(
                                         &u->cluster.state, n->node->name));
}

/* Finds or bakes the image, once somebody needs one. */
static int ensure_image(struct up *u, struct error *err) {
  bool needed = false;
  for (size_t i = 0; i < u->follow.n; i++)
    needed = needed || needs_image(u, &u->follow.v[i]);
  if (!needed || u->image)
    return 0;
  if (image_key(&u->cluster.spec, u->image_key, err) < 0)
    return -1;
  return image_ensure(&u->cli->log, &u->cluster.plan, NULL, &u->baked, err);
}

static int write_kubeconfig(const struct up *u, struct error *err) {
  const struct cluster *c = &u->cluster;
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_free_ char *dir = state_path(&c->state, "pki");
  if (pki_load(dir, &pki, err) < 0)
    return -1;
  return access_write_kubeconfig(&c->plan, &pki, &u->ports, &c->state, err);
}

/* Seeds for the machines that are off: the spec may have changed since. Those
 * that run have read theirs. */
static int make_seeds(const struct up *u, struct error *err) {
  _cleanup_free_ size_t *sel = xcalloc(u->follow.n, sizeof(*sel));
  struct seed_options o = {.nodes = sel, .now = time(NULL)};
  for (size_t i = 0; i < u->follow.n; i++)
    if (!u->follow.v[i].running)
      sel[o.n_nodes++] = u->follow.v[i].node->index;
  return o.n_nodes ? seed_make(&u->cluster.plan, &u->cluster.state, &o, err)
                   : 0;
}

static int prepare(struct up *u, int argc, char **argv, struct error *err) {
  struct cluster *c = &u->cluster;
  _cleanup_free_ size_t *sel = NULL;
  size_t n = 0;
  if (cluster_load(u->cli, u->spec_path, c, err) < 0 ||
      cluster_select(c, argv + optind + 1, argc - optind - 1, &sel, &n, err) <
          0 ||
      (u->order && cluster_order(c, u->order, sel, n, err) < 0) ||
      cluster_open_state(u->cli, c, true, true, err) < 0)
    return -1;
  follow_init(&u->follow, c->kind, &c->state, &c->plan, sel, n);
  u->ours = xcalloc(n, sizeof(*u->ours));
  follow_look(&u->follow);
  if (ensure_image(u, err) < 0 || make_seeds(u, err) < 0 ||
      ports_ensure(&c->state, &c->plan, c->kind->running, &u->ports, err) < 0 ||
      access_write_ssh_config(&c->plan, &c->state, err) < 0 ||
      write_kubeconfig(u, err) < 0)
    return -1;
  return follow_read(&u->follow, err);
}

/* From here on Ctrl-C is an event of the loop and not the end of us. */
static int catch_signals(struct up *u, struct error *err) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
    return error_set(err, errno, "cannot block signals");
  u->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (u->signal_fd < 0)
    return error_set(err, errno, "cannot catch signals");
  return 0;
}

/* ---- Watching ---- */

static int report_death(struct up *u, const struct follow_node *n,
                        struct error *err) {
  _cleanup_free_ char *words =
      u->cluster.kind->last_words(&u->cluster.state, n->node->name);
  if (!*words)
    return error_set(err, 0,
                     "%s has ended, its QEMU without a word; its last lines: "
                     "`kubeseed console %s %s --log`",
                     n->node->name, u->target, n->node->name);
  return error_set(err, 0, "%s has ended; its QEMU said:\n%s", n->node->name,
                   words);
}

static int check_alive(struct up *u, struct error *err) {
  if (monotonic_seconds() < u->looked + 1)
    return 0;
  u->looked = monotonic_seconds();
  follow_look(&u->follow);
  for (size_t i = 0; i < u->follow.n; i++)
    if (u->ours[i] && !u->follow.v[i].running)
      return report_death(u, &u->follow.v[i], err);
  return 0;
}

static void redraw(struct up *u) {
  if (!u->table.live || u->cli->log.quiet)
    return;
  _cleanup_free_ struct table_row *rows = NULL;
  follow_rows(&u->follow, &rows);
  table_resize(&u->table);
  table_draw(&u->table, rows, u->follow.n);
}

/* One turn of the loop, about TICK_MS long. */
static int tick(struct up *u, enum outcome *ret, struct error *err) {
  struct pollfd p = {.fd = u->signal_fd, .events = POLLIN};
  *ret = GO_ON;
  int n = poll(&p, 1, TICK_MS);
  if (follow_read(&u->follow, err) < 0 || check_alive(u, err) < 0)
    return -1;
  redraw(u);
  if (n > 0)
    *ret = INTERRUPTED;
  else if (follow_ready(&u->follow) == u->follow.n)
    *ret = READY;
  else if (u->timeout > 0 && monotonic_seconds() > u->began + u->timeout)
    *ret = TIMED_OUT;
  return 0;
}

static int pause_for(struct up *u, double seconds, enum outcome *ret,
                     struct error *err) {
  double until = monotonic_seconds() + seconds;
  *ret = GO_ON;
  while (*ret != INTERRUPTED && monotonic_seconds() < until)
    if (tick(u, ret, err) < 0)
      return -1;
  return 0;
}

static int wait_ready(struct up *u, enum outcome *ret, struct error *err) {
  do
    if (tick(u, ret, err) < 0)
      return -1;
  while (*ret == GO_ON);
  return 0;
}

/* ---- Starting ---- */

static int start_one(struct up *u, size_t i, struct error *err) {
  const struct machine_kind *k = u->cluster.kind;
  const struct state *s = &u->cluster.state;
  struct follow_node *n = &u->follow.v[i];
  const char *image = u->image ? u->image : u->baked;
  const char *id = u->image ? NULL : u->image_key;
  if ((needs_image(u, n) && k->ensure_disk(s, n->node, image, id, err) < 0) ||
      k->start(s, n->node, &u->ports.node[n->node->index], &u->host, err) < 0)
    return -1;
  n->running = true;
  n->seen = monotonic_seconds();
  u->ours[i] = true;
  if (!u->table.live)
    log_info(&u->cli->log, "%s is switched on", n->node->name);
  return 0;
}

/* Starts what does not run; the outcome is INTERRUPTED after a Ctrl-C. */
static int start_all(struct up *u, enum outcome *ret, struct error *err) {
  bool first = true;
  *ret = GO_ON;
  for (size_t i = 0; i < u->follow.n && *ret != INTERRUPTED; i++) {
    if (u->follow.v[i].running) {
      u->ours[i] = true;
      continue;
    }
    if (!first && u->stagger > 0 && pause_for(u, u->stagger, ret, err) < 0)
      return -1;
    if (*ret == INTERRUPTED)
      break;
    if (start_one(u, i, err) < 0)
      return -1;
    first = false;
  }
  return 0;
}

static size_t count_running(const struct up *u) {
  size_t n = 0;
  for (size_t i = 0; i < u->follow.n; i++)
    n += u->follow.v[i].running;
  return n;
}

static int start(struct up *u, enum outcome *ret, struct error *err) {
  const struct log *log = &u->cli->log;
  size_t running = count_running(u);
  *ret = GO_ON;
  u->began = monotonic_seconds();
  if (running > 0)
    log_info(log, "%zu of %zu machines run already", running, u->follow.n);
  if (running < u->follow.n) {
    if (u->cluster.kind->check_host(&u->host, err) < 0)
      return -1;
    log_info(log, "running under %s", u->host.how);
  }
  if (!u->table.live && !log->quiet)
    follow_tell(&u->follow, &u->table);
  int r = start_all(u, ret, err);
  if (r < 0 && count_running(u) > 0)
    log_warn(log, "%zu of %zu machines are on and go on", count_running(u),
             u->follow.n);
  /* Only while things change; the wait may last an hour. */
  cleanup_close(&u->cluster.state.lock_fd);
  u->cluster.state.lock_fd = -1;
  return r;
}

/* ---- The end ---- */

static void say_how_to_use(const struct up *u) {
  const char *spec = u->target;
  const struct plan *plan = &u->cluster.plan;
  _cleanup_free_ char *conf = state_path(&u->cluster.state, "qemu.conf");
  printf("  kubeseed ssh %s %s\n", spec, plan->nodes.v[0].name);
  if (file_exists(conf))
    printf("  kubectl --kubeconfig %s get nodes\n", conf);
  printf("  kubeseed down %s\n", spec);
}

static int conclude(const struct up *u, enum outcome o, struct error *err) {
  size_t n = u->follow.n;
  size_t ready = follow_ready(&u->follow);
  const char *spec = u->target;
  if (o == READY) {
    printf("%s: %zu of %zu nodes are ready after %.0f s\n",
           u->cluster.spec.name, n, n, monotonic_seconds() - u->began);
    say_how_to_use(u);
    return 0;
  }
  if (o == INTERRUPTED)
    return error_set(err, 0,
                     "interrupted with %zu of %zu nodes ready; the machines "
                     "that are on go on: `kubeseed up %s` watches them again, "
                     "`kubeseed down %s` switches them off",
                     ready, n, spec, spec);
  return error_set(err, 0,
                   "only %zu of %zu nodes are ready after %g min; the "
                   "machines go on, `kubeseed status %s` tells how far they "
                   "are",
                   ready, n, u->timeout / 60, spec);
}

int cmd_up(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_(up_done) struct up u = {
      .cli = cli,
      .timeout = DEFAULT_TIMEOUT_MIN * 60.0,
      .cluster.state.lock_fd = -1,
      .signal_fd = -1,
  };
  enum outcome o;
  if (parse(&u, argc, argv, err) < 0 || prepare(&u, argc, argv, err) < 0)
    return -1;
  table_init(&u.table, cli->log.out);
  if (catch_signals(&u, err) < 0 || start(&u, &o, err) < 0)
    return -1;
  if (u.no_wait && o == GO_ON) {
    log_info(&cli->log,
             "the machines are on; `kubeseed status %s` tells how "
             "far they are",
             u.target);
    return 0;
  }
  if (o != INTERRUPTED && wait_ready(&u, &o, err) < 0)
    return -1;
  return conclude(&u, o, err);
}
