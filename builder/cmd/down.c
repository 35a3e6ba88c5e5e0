/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed down: switch machines off, cleanly where they let themselves. */
#include "base/mem.h"
#include "cmd/words.h"
#include <getopt.h>
#include <poll.h>

#define TICK_MS 200
/* A loaded node under emulation takes a minute to stop its containers. */
#define DEFAULT_TIMEOUT 180.0

struct down {
  struct cli *cli;
  bool now;
  double timeout;
  struct cluster cluster;
  size_t *sel; /* those still running */
  size_t n;
  int *fds; /* of these, see machine_kind's open */
  size_t n_fds;
};

static void down_done(struct down *d) {
  for (size_t i = 0; i < d->n_fds; i++)
    cleanup_close(&d->fds[i]);
  free(d->fds);
  cluster_done(&d->cluster);
  free(d->sel);
}

static const char *name(const struct down *d, size_t i) {
  return d->cluster.plan.nodes.v[d->sel[i]].name;
}

static int parse(struct down *d, int argc, char **argv, struct error *err) {
  static const struct option options[] = {
      {"now", no_argument, NULL, 'n'},
      {"timeout", required_argument, NULL, 't'},
      {0}};
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (c == 'n') {
      d->now = true;
    } else if (c == 't') {
      if (cli_seconds("timeout", optarg, 1, &d->timeout, err) < 0)
        return -1;
    } else {
      return -1;
    }
  }
  return words_take(d->cli, argc, argv, 0, WORDS_ANY, "a spec", err);
}

/* Opens the machines that run and drops the others. The state is locked. */
static int open_machines(struct down *d, struct error *err) {
  const struct cluster *c = &d->cluster;
  size_t kept = 0;
  d->fds = xcalloc(d->n, sizeof(*d->fds));
  for (size_t i = 0; i < d->n; i++) {
    int fd = -1;
    if (c->kind->open(&c->state, name(d, i), &fd, err) < 0)
      return -1;
    if (fd < 0) {
      c->kind->clean(&c->state, name(d, i));
      continue;
    }
    d->fds[d->n_fds++] = fd;
    d->sel[kept++] = d->sel[i];
  }
  d->n = kept;
  return 0;
}

static void unlock(struct down *d) {
  cleanup_close(&d->cluster.state.lock_fd);
  d->cluster.state.lock_fd = -1;
}

/* What a machine that has ended left goes, unless it is on again: whoever
 * starts one has the lock, and cleans up before it itself. */
static void ended(struct down *d, size_t i) {
  struct cluster *c = &d->cluster;
  _cleanup_error_ struct error ignored = {0};
  bool had = c->state.lock_fd >= 0;
  log_info(&d->cli->log, "%s is off", name(d, i));
  if (state_lock(&c->state, &ignored) < 0)
    return;
  if (!c->kind->running(&c->state, name(d, i), NULL))
    c->kind->clean(&c->state, name(d, i));
  if (!had)
    unlock(d);
}

/* Presses every power button first and waits then: all shut down at once. */
static void press(struct down *d) {
  for (size_t i = 0; i < d->n; i++) {
    _cleanup_error_ struct error e = {0};
    if (d->cluster.kind->power_down(&d->cluster.state, name(d, i), &e) < 0)
      log_warn(&d->cli->log, "%s; it will be forced off", e.faults[0].msg);
  }
}

/* Takes those that have ended out of the lists. */
static void drop_ended(struct down *d) {
  size_t kept = 0;
  for (size_t i = 0; i < d->n; i++) {
    struct pollfd p = {.fd = d->fds[i], .events = POLLIN};
    if (poll(&p, 1, 0) == 1) {
      ended(d, i);
      cleanup_close(&d->fds[i]);
      continue;
    }
    d->fds[kept] = d->fds[i];
    d->sel[kept++] = d->sel[i];
  }
  d->n = d->n_fds = kept;
}

static void say_alive(const struct down *d, unsigned seconds) {
  _cleanup_free_ char *text = xasprintf("%zu machine%s still shutting down",
                                        d->n, d->n == 1 ? " is" : "s are");
  log_alive(&d->cli->log, text, seconds);
}

static void await_off(struct down *d) {
  double began = monotonic_seconds();
  unsigned told = 0;
  while (d->n > 0 && monotonic_seconds() - began < d->timeout) {
    (void)poll(NULL, 0, TICK_MS);
    drop_ended(d);
    unsigned seconds = (unsigned)(monotonic_seconds() - began);
    if (d->n > 0 && seconds > told)
      say_alive(d, told = seconds);
  }
}

static int force(struct down *d, struct error *err) {
  for (size_t i = 0; i < d->n; i++) {
    if (!d->now)
      log_warn(&d->cli->log, "%s does not switch off; pulling its plug",
               name(d, i));
    if (d->cluster.kind->end(name(d, i), d->fds[i], err) < 0)
      return -1;
    ended(d, i);
  }
  return 0;
}

/* Machines of nodes that the spec does not have go on. */
static void tell_strays(const struct down *d) {
  const struct cluster *c = &d->cluster;
  _cleanup_error_ struct error ignored = {0};
  _cleanup_strv_ struct strv names = {0};
  if (c->kind->list(&c->state, &names, &ignored) < 0)
    return;
  for (size_t i = 0; i < names.n; i++)
    if (!plan_find(&c->plan, names.v[i]) &&
        c->kind->running(&c->state, names.v[i], NULL))
      log_warn(&d->cli->log,
               "%s, which the spec does not have, is on and goes on; put it "
               "into the spec again to switch it off",
               names.v[i]);
}

int cmd_down(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_(down_done) struct down d = {
      .cli = cli, .timeout = DEFAULT_TIMEOUT, .cluster.state.lock_fd = -1};
  struct cluster *c = &d.cluster;
  bool none = false;
  if (parse(&d, argc, argv, err) < 0 ||
      cluster_load(cli, cli->spec, c, err) < 0 ||
      cluster_select(c, cli->names, cli->n_names, &d.sel, &d.n, err) < 0 ||
      cluster_open_if_any(cli, c, &none, err) < 0)
    return -1;
  if (none)
    d.n = 0;
  if (open_machines(&d, err) < 0)
    return -1;
  if (!none)
    tell_strays(&d);
  if (d.n == 0) {
    log_info(&cli->log, "nothing to do: all that was asked for is off");
    return 0;
  }
  /* Until here no `up` starts machines, so that the buttons are theirs. The
   * wait may be long; those that are opened are the ones it is for. */
  if (!d.now) {
    log_info(&cli->log, "switching %zu machine%s off", d.n,
             d.n == 1 ? "" : "s");
    press(&d);
    unlock(&d);
    await_off(&d);
  }
  return force(&d, err);
}
