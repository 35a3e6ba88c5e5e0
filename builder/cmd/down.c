/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed down: switch machines off, cleanly where they let themselves. */
#include "base/mem.h"
#include "cmd/cli.h"
#include <getopt.h>
#include <poll.h>

#define TICK_MS 200
/* A loaded node under emulation takes a minute to stop its containers. */
#define DEFAULT_TIMEOUT 180.0

struct down {
  struct cli *cli;
  const char *spec_path;
  bool now;
  double timeout;
  struct cluster cluster;
  size_t *sel; /* those still running */
  size_t n;
  size_t forced;
};

static void down_done(struct down *d) {
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
  for (int c; (c = cli_getopt(argc, argv, ":", options, err)) != -1;) {
    if (c == 'n') {
      d->now = true;
    } else if (c == 't') {
      if (cli_seconds("timeout", optarg, 1, &d->timeout, err) < 0)
        return -1;
    } else {
      return -1;
    }
  }
  if (optind == argc)
    return error_usage(err, "down: which spec? (kubeseed down SPEC [NODE...])");
  d->spec_path = argv[optind];
  return 0;
}

/* Takes the machines that are off out of the list and tells it. */
static void drop_ended(struct down *d, bool tell) {
  size_t kept = 0;
  for (size_t i = 0; i < d->n; i++) {
    if (d->cluster.kind->running(&d->cluster.state, name(d, i), NULL)) {
      d->sel[kept++] = d->sel[i];
      continue;
    }
    d->cluster.kind->clean(&d->cluster.state, name(d, i));
    if (tell)
      log_info(&d->cli->log, "%s is off", name(d, i));
  }
  d->n = kept;
}

/* Presses every power button first and waits then: all shut down at once. */
static void press(struct down *d) {
  for (size_t i = 0; i < d->n; i++) {
    _cleanup_error_ struct error e = {0};
    if (d->cluster.kind->power_down(&d->cluster.state, name(d, i), &e) < 0)
      log_warn(&d->cli->log, "%s; it will be forced off", e.faults[0].msg);
  }
}

static void await_off(struct down *d) {
  double deadline = monotonic_seconds() + d->timeout;
  while (d->n > 0 && monotonic_seconds() < deadline) {
    (void)poll(NULL, 0, TICK_MS);
    drop_ended(d, true);
  }
}

static int force(struct down *d, struct error *err) {
  for (size_t i = 0; i < d->n; i++) {
    if (!d->now)
      log_warn(&d->cli->log, "%s does not switch off; pulling its plug",
               name(d, i));
    if (d->cluster.kind->stop(&d->cluster.state, name(d, i), err) < 0)
      return -1;
    log_info(&d->cli->log, "%s is off", name(d, i));
    d->forced++;
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
      cluster_load(cli, d.spec_path, c, err) < 0 ||
      cluster_select(c, argv + optind + 1, argc - optind - 1, &d.sel, &d.n,
                     err) < 0 ||
      cluster_open_if_any(cli, c, &none, err) < 0)
    return -1;
  if (none)
    d.n = 0;
  drop_ended(&d, false);
  if (!none)
    tell_strays(&d);
  /* Held only so that no `up` is starting machines at this moment. */
  cleanup_close(&c->state.lock_fd);
  c->state.lock_fd = -1;
  if (d.n == 0) {
    log_info(&cli->log, "nothing to do: all that was asked for is off");
    return 0;
  }
  if (!d.now) {
    log_info(&cli->log, "switching %zu machine%s off", d.n,
             d.n == 1 ? "" : "s");
    press(&d);
    await_off(&d);
  }
  return force(&d, err);
}
