/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed up: switch machines on and watch them become a cluster. */
#include "base/file.h"
#include "base/host.h"
#include "base/mem.h"
#include "base/quote.h"
#include "cluster/access.h"
#include "cmd/words.h"
#include "machine/choose.h"
#include "machine/launch.h"
#include "pki/store.h"
#include "seed/admin.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MIN 60

struct up {
  struct cli *cli;
  char *target; /* for commands that are suggested: SPEC, or -C DIR SPEC */
  const char *machines; /* --machines KIND, or NULL */
  const char *order;    /* --order A,B,... */
  bool no_wait;
  unsigned told; /* seconds, when it last said that it goes on waiting */

  struct cluster cluster;
  struct launch launch;
  struct table table;
};

static void up_done(struct up *u) {
  launch_done(&u->launch);
  cluster_done(&u->cluster);
  cleanup_close(&u->launch.stop_fd);
  free(u->target);
}

/* ---- The command line ---- */

static int parse(struct up *u, int argc, char **argv, struct error *err) {
  enum { IMAGE = 0x100, MACHINES, STAGGER, ORDER, TIMEOUT, NO_WAIT, INTERNET };
  static const struct option options[] = {
      {"image", required_argument, NULL, IMAGE},
      {"machines", required_argument, NULL, MACHINES},
      {"stagger", required_argument, NULL, STAGGER},
      {"order", required_argument, NULL, ORDER},
      {"timeout", required_argument, NULL, TIMEOUT},
      {"no-wait", no_argument, NULL, NO_WAIT},
      {"internet", no_argument, NULL, INTERNET},
      {0}};
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    int r = 0;
    if (c == IMAGE)
      u->launch.image = optarg;
    else if (c == MACHINES)
      r = choose_check(u->machines = optarg, err);
    else if (c == STAGGER)
      r = cli_seconds("stagger", optarg, 1, &u->launch.stagger, err);
    else if (c == ORDER)
      u->order = optarg;
    else if (c == TIMEOUT)
      r = cli_seconds("timeout", optarg, 60, &u->launch.timeout, err);
    else if (c == NO_WAIT)
      u->no_wait = true;
    else if (c == INTERNET)
      u->launch.internet = true;
    else
      return -1;
    if (r < 0)
      return -1;
  }
  const struct machine_kind *kind =
      u->machines && u->launch.internet ? machine_kind_find(u->machines) : NULL;
  if (kind && choose_check_internet(kind, err) < 0)
    return -1;
  if (words_take(u->cli, argc, argv, 0, WORDS_ANY, "a spec", err) < 0)
    return -1;
  u->target = cli_target(u->cli, u->cli->spec);
  return 0;
}

/* ---- What the launch tells ---- */

static int write_kubeconfig(const struct up *u, struct error *err) {
  const struct cluster *c = &u->cluster;
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_free_ char *dir = state_path(&c->state, "pki");
  if (pki_load(dir, &c->plan, &pki, err) < 0)
    return -1;
  return access_write_kubeconfig(&c->plan, &pki, &u->launch.ports, &c->state,
                                 err);
}

/* How machines are reached is written once there is one: a start that fails
 * leaves everything pointing where it did. */
static int on_first(void *arg, const struct launch *l, struct error *err) {
  const struct up *u = arg;
  if (access_write_ssh_config(l->plan, l->state, err) < 0)
    return -1;
  return write_kubeconfig(u, err);
}

static void on_started(void *arg, const struct follow_node *n) {
  const struct up *u = arg;
  if (!u->table.live)
    log_info(&u->cli->log, "%s is switched on", n->node->name);
}

/* A step may last minutes, in which there is no line to tell. */
static void say_alive(struct up *u, const struct launch *l) {
  unsigned seconds = (unsigned)(monotonic_seconds() - l->began);
  _cleanup_free_ char *text = xasprintf("waiting: %zu of %zu nodes are ready",
                                        follow_ready(&l->follow), l->follow.n);
  if (seconds > u->told)
    log_alive(&u->cli->log, text, u->told = seconds);
}

static void on_tick(void *arg, const struct launch *l) {
  struct up *u = arg;
  if (u->cli->log.quiet)
    return;
  if (!u->table.live) {
    say_alive(u, l);
    return;
  }
  _cleanup_free_ struct table_row *rows = NULL;
  follow_rows(&l->follow, &rows);
  table_resize(&u->table);
  table_draw(&u->table, rows, l->follow.n);
}

/* ---- Running ---- */

/* What is wrong with the command line or the spec is told before there is a
 * state folder. A cluster that has one may have disks, and then needs neither
 * image nor payload. */
static int check_image(const struct up *u, struct error *err) {
  char key[IMAGE_KEY];
  if (u->launch.image)
    return cli_check_image(u->launch.image, u->target, err);
  if (state_exists(u->cli->state_dir, u->cluster.spec.file,
                   u->cluster.spec.name))
    return 0;
  return image_key(&u->cluster.spec, key, err);
}

static int check_cards(const struct plan *p, const size_t *sel, size_t n,
                       struct error *err) {
  for (size_t i = 0; i < n; i++) {
    const struct plan_node *node = &p->nodes.v[sel[i]];
    if (plan_interfaces_check(node->name, &node->interfaces, err) < 0)
      return -1;
  }
  return 0;
}

static int check_kind(const struct up *u, const size_t *sel, size_t n,
                      struct error *err) {
  const struct cluster *c = &u->cluster;
  if (u->launch.internet && choose_check_internet(c->kind, err) < 0)
    return -1;
  return choose_check_cards(&c->plan, sel, n, c->kind, err);
}

static int prepare(struct up *u, struct error *err) {
  struct cluster *c = &u->cluster;
  struct launch *l = &u->launch;
  _cleanup_free_ size_t *sel = NULL;
  size_t n = 0;
  if (cluster_load(u->cli, u->cli->spec, c, err) < 0 ||
      cluster_select(c, u->cli->names, u->cli->n_names, &sel, &n, err) < 0 ||
      (u->order && cluster_order(c, u->order, sel, n, err) < 0) ||
      check_image(u, err) < 0 || check_cards(&c->plan, sel, n, err) < 0 ||
      cluster_open_state(u->cli, c, true, true, err) < 0)
    return -1;
  if (choose_kind(&u->cli->log, &c->state, &c->plan, u->machines, &c->kind,
                  err) < 0 ||
      check_kind(u, sel, n, err) < 0)
    return -1;
  l->kind = c->kind;
  l->plan = &c->plan;
  l->state = &c->state;
  l->log = &u->cli->log;
  l->events = (struct launch_events){
      .arg = u,
      .on_first = on_first,
      .on_started = on_started,
      .on_tick = on_tick,
  };
  launch_init(l, sel, n);
  /* What cannot be started here is not remembered. */
  return launch_prepare(l, err) < 0 ? -1 : choose_save(&c->state, c->kind, err);
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
  u->launch.stop_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (u->launch.stop_fd < 0)
    return error_set(err, errno, "cannot catch signals");
  return 0;
}

/* Virtual machines take memory as they use it, all that they were promised in
 * the end; a container has no memory of its own. */
static void check_memory(const struct log *log, const struct launch *l) {
  const double gib = 1ull << 30;
  uint64_t wanted = 0;
  if (l->kind != &machine_qemu)
    return;
  for (size_t i = 0; i < l->follow.n; i++)
    wanted += l->follow.v[i].node->spec->memory;
  uint64_t has = host_memory();
  if (wanted > has)
    log_warn(log,
             "the machines have %.1f GiB of memory together and this host "
             "%.1f: once they use it, the kernel ends some of them; give them "
             "less by `memory` in the spec, or start fewer",
             (double)wanted / gib, (double)has / gib);
}

/* Counted in machines that were ready; systemd has five of them, kubelet five.
 */
#define INOTIFY_NODE 17
#define INOTIFY_OTHER 9

/* All containers' programs are root's, and when they may have no more,
 * containerd goes on without what the kubelet talks to. */
static void check_inotify(const struct log *log, const struct launch *l) {
  long wanted = 0, left = host_inotify_left();
  if (l->kind != &machine_container)
    return;
  for (size_t i = 0; i < l->follow.n; i++) {
    const struct follow_node *n = &l->follow.v[i];
    if (!n->running)
      wanted += n->node->has_kubelet ? INOTIFY_NODE : INOTIFY_OTHER;
  }
  if (left >= 0 && wanted > left)
    log_warn(log,
             "these machines need about %ld inotify instances, and this host "
             "has %ld left for root: nodes may never be Ready; allow more with "
             "`sysctl fs.inotify.max_user_instances=8192`",
             wanted, left);
}

/* What of the spec a container cannot have, for the first that would. */
static void tell_left_out(const struct log *log, const struct launch *l) {
  const char *arguments = NULL, *disks = NULL;
  for (size_t i = l->follow.n; i-- > 0;) {
    const struct plan_node *n = l->follow.v[i].node;
    arguments = n->extras.arguments.n > 0 ? n->name : arguments;
    disks = n->extras.disks.n > 0 ? n->name : disks;
  }
  if (arguments)
    log_warn(log,
             "%s is a container, whose kernel is this host's: its "
             "kernelArguments are left out",
             arguments);
  if (disks)
    log_warn(log,
             "%s is a container, which has one disk: where its further "
             "disks would be are folders of it",
             disks);
}

/* The way out does not go by the spec's gateway, which is not there, and what
 * answers DNS on it has an address of its own. */
static void tell_internet(const struct up *u, size_t running) {
  const struct log *log = &u->cli->log;
  const struct spec *s = &u->cluster.spec;
  char a[NET_TEXT];
  if (running > 0)
    log_warn(log, "--internet is for machines that are started; those that run "
                  "already keep what they have");
  for (size_t i = 0; i < s->network.dns.n; i++)
    if (!cidr_has(&s->network.subnet, s->network.dns.v[i]))
      return;
  log_warn(log,
           "nodes ask %s for names, where nothing is but machines of this "
           "cluster: QEMU answers at 10.0.2.3; write it into the spec as "
           "network.dns",
           s->network.dns.n ? ip_format(s->network.dns.v[0], a) : "nobody");
}

static int start(struct up *u, enum launch_end *ret, struct error *err) {
  const struct log *log = &u->cli->log;
  struct launch *l = &u->launch;
  size_t running = launch_running(l);
  if (running > 0)
    log_info(log, "%zu of %zu machines run already", running, l->follow.n);
  if (l->internet)
    tell_internet(u, running);
  if (l->host.how) {
    log_info(log, "running under %s", l->host.how);
    check_memory(log, l);
    check_inotify(log, l);
    if (l->kind == &machine_container)
      tell_left_out(log, l);
  }
  if (l->host.how && l->kind == &machine_qemu && !l->host.kvm)
    log_info(log, "`--machines container`, for root, is about six times as "
                  "fast, and root in it is root on this host's kernel");
  table_init(&u->table, log->out);
  if (!u->table.live && !log->quiet)
    follow_tell(&l->follow, &u->table);
  if (catch_signals(u, err) < 0)
    return -1;
  int r = launch_start(l, ret, err);
  if (r < 0 && launch_running(l) > 0)
    log_warn(log, "%zu of %zu machines are on and go on", launch_running(l),
             l->follow.n);
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
  _cleanup_buf_ struct buf word = {0};
  quote_word(conf, &word);
  printf("  kubeseed ssh %s %s\n", spec, plan->nodes.v[0].name);
  if (file_exists(conf))
    printf("  kubectl --kubeconfig %s get nodes\n", word.data);
  printf("  kubeseed down %s\n", spec);
}

static int report_death(const struct up *u, struct error *err) {
  const struct machine_kind *kind = u->cluster.kind;
  const char *node = u->launch.dead->node->name;
  _cleanup_free_ char *words = kind->last_words(&u->cluster.state, node);
  if (*words)
    return error_set(err, 0, "%s has ended; its %s said:\n%s", node,
                     kind->program, words);
  return error_set(err, 0,
                   "%s has ended, its %s without a word; its last lines: "
                   "`kubeseed console %s %s --log`",
                   node, kind->program, u->target, node);
}

static int conclude(const struct up *u, enum launch_end end,
                    struct error *err) {
  const struct launch *l = &u->launch;
  size_t n = l->follow.n;
  size_t ready = follow_ready(&l->follow);
  const char *spec = u->target;
  if (end == LAUNCH_READY && u->cli->log.quiet)
    return 0;
  if (end == LAUNCH_READY) {
    printf("%s: %zu of %zu nodes are ready after %.0f s\n",
           u->cluster.spec.name, n, n, monotonic_seconds() - l->began);
    say_how_to_use(u);
    return 0;
  }
  if (end == LAUNCH_INTERRUPTED)
    return error_set(err, 0,
                     "interrupted with %zu of %zu nodes ready; the machines "
                     "that are on go on: `kubeseed up %s` watches them again, "
                     "`kubeseed down %s` switches them off",
                     ready, n, spec, spec);
  if (end == LAUNCH_DIED)
    return report_death(u, err);
  return error_set(err, 0,
                   "only %zu of %zu nodes are ready after %g min; the "
                   "machines go on, `kubeseed status %s` tells how far they "
                   "are",
                   ready, n, l->timeout / 60, spec);
}

int cmd_up(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_(up_done) struct up u = {
      .cli = cli,
      .cluster.state.lock_fd = -1,
      .launch = {.timeout = DEFAULT_TIMEOUT_MIN * 60.0, .stop_fd = -1},
  };
  enum launch_end end;
  if (parse(&u, argc, argv, err) < 0 || prepare(&u, err) < 0 ||
      start(&u, &end, err) < 0)
    return -1;
  if (u.no_wait && end == LAUNCH_ON) {
    log_info(&cli->log,
             "the machines are on; `kubeseed status %s` tells how "
             "far they are",
             u.target);
    return 0;
  }
  if (end == LAUNCH_ON && launch_wait(&u.launch, &end, err) < 0)
    return -1;
  return conclude(&u, end, err);
}
