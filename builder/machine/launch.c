/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/launch.h"

#include "base/file.h"
#include "base/mem.h"
#include "seed/seed.h"
#include <poll.h>
#include <time.h>

#define TICK_MS 250
#define LOOK_SECONDS 1.0

void launch_init(struct launch *l, const size_t *nodes, size_t n) {
  follow_init(&l->follow, l->kind, l->state, l->plan, nodes, n);
  l->ours = xcalloc(n, sizeof(*l->ours));
  follow_look(&l->follow);
}

size_t launch_running(const struct launch *l) {
  size_t n = 0;
  for (size_t i = 0; i < l->follow.n; i++)
    n += l->follow.v[i].running;
  return n;
}

/* ---- Preparing ---- */

/* A machine that has a disk goes on with it, whatever the image is today. */
static bool needs_image(const struct launch *l, const struct follow_node *n) {
  return !n->running &&
         (l->image || !l->kind->has_disk(l->state, n->node->name));
}

/* Finds or bakes the image, once somebody needs one. */
static int prepare_image(struct launch *l, struct error *err) {
  bool needed = false;
  for (size_t i = 0; i < l->follow.n; i++)
    needed = needed || needs_image(l, &l->follow.v[i]);
  if (!needed || l->image)
    return 0;
  return image_ensure(l->log, l->plan, NULL, &l->baked, err);
}

/* A machine that has a disk was on before. */
static void tell_renewed(const struct launch *l, const struct seed_options *o) {
  _cleanup_strv_ struct strv nodes = {0};
  for (size_t i = 0; i < o->n_nodes; i++) {
    const char *node = l->plan->nodes.v[o->nodes[i]].name;
    if (o->report->renewed[i] && l->kind->has_disk(l->state, node))
      strv_push(&nodes, node);
  }
  seed_tell_renewed(l->plan, &nodes, l->log);
}

static void tell_keys(void *arg, const struct seed_options *o) {
  const struct launch *l = arg;
  seed_tell_mended(o->report, l->log);
  tell_renewed(l, o);
  seed_tell_asked(o->report, l->state, l->log);
  seed_tell_members(o->report, l->state, l->log);
  seed_tell_moved(o->report, l->log);
  seed_tell_added(o->report, l->log);
}

static int prepare_seeds(struct launch *l, struct error *err) {
  _cleanup_free_ size_t *off = xcalloc(l->follow.n, sizeof(*off));
  _cleanup_seed_report_ struct seed_report report = {0};
  struct seed_options o = {.nodes = off,
                           .now = time(NULL),
                           .report = &report,
                           .tell = tell_keys,
                           .arg = l};
  for (size_t i = 0; i < l->follow.n; i++)
    if (!l->follow.v[i].running)
      off[o.n_nodes++] = l->follow.v[i].node->index;
  return o.n_nodes ? seed_make(l->plan, l->state, &o, err) : 0;
}

static int prepare_ports(struct launch *l, struct error *err) {
  _cleanup_free_ char *path = state_path(l->state, "run/ports.json");
  l->had_ports = file_exists(path);
  return l->kind->forwards
             ? ports_ensure(l->state, l->plan, l->kind->running, &l->ports, err)
             : ports_load(l->state, l->plan, &l->ports, err);
}

int launch_prepare(struct launch *l, struct error *err) {
  if (launch_running(l) < l->follow.n &&
      (l->kind->check_host(&l->host, err) < 0 || prepare_image(l, err) < 0 ||
       prepare_seeds(l, err) < 0))
    return -1;
  l->host.internet = l->internet;
  return follow_read(&l->follow, err);
}

/* ---- Watching ---- */

/* The end of a machine that ran, looked for about once a second. */
static const struct follow_node *find_dead(struct launch *l) {
  if (monotonic_seconds() < l->looked + LOOK_SECONDS)
    return NULL;
  l->looked = monotonic_seconds();
  follow_look(&l->follow);
  for (size_t i = 0; i < l->follow.n; i++)
    if (l->ours[i] && !l->follow.v[i].running)
      return &l->follow.v[i];
  return NULL;
}

/* One turn of a wait, about TICK_MS long. */
static int tick(struct launch *l, enum launch_end *ret, struct error *err) {
  struct pollfd p = {.fd = l->stop_fd, .events = POLLIN};
  int stop = poll(&p, 1, TICK_MS); /* a descriptor below 0 is passed over */
  *ret = LAUNCH_ON;
  if (follow_read(&l->follow, err) < 0)
    return -1;
  l->dead = find_dead(l);
  if (l->events.on_tick)
    l->events.on_tick(l->events.arg, l);
  if (l->dead)
    *ret = LAUNCH_DIED;
  else if (stop > 0)
    *ret = LAUNCH_INTERRUPTED;
  else if (follow_ready(&l->follow) == l->follow.n)
    *ret = LAUNCH_READY;
  else if (l->timeout > 0 && monotonic_seconds() > l->began + l->timeout)
    *ret = LAUNCH_TIMED_OUT;
  return 0;
}

int launch_wait(struct launch *l, enum launch_end *ret, struct error *err) {
  do
    if (tick(l, ret, err) < 0)
      return -1;
  while (*ret == LAUNCH_ON);
  return 0;
}

/* Between two starts: neither the time allowed nor ready machines end it. */
static int pause_for(struct launch *l, double seconds, enum launch_end *ret,
                     struct error *err) {
  double until = monotonic_seconds() + seconds;
  *ret = LAUNCH_ON;
  while (monotonic_seconds() < until && *ret != LAUNCH_INTERRUPTED &&
         *ret != LAUNCH_DIED)
    if (tick(l, ret, err) < 0)
      return -1;
  return 0;
}

/* ---- Starting ---- */

static int note_running(struct launch *l, size_t i, struct error *err) {
  l->ours[i] = true;
  if (l->first_told || !l->events.on_first)
    return 0;
  l->first_told = true;
  return l->events.on_first(l->events.arg, l, err);
}

/* Before any machine runs: to make a disk can take seconds, and machines are to
 * be switched on at the same moment. */
static int make_disks(struct launch *l, struct error *err) {
  for (size_t i = 0; i < l->follow.n; i++) {
    struct follow_node *n = &l->follow.v[i];
    const char *image = !needs_image(l, n) ? NULL
                        : l->image         ? l->image
                                           : l->baked;
    if (image && l->kind->copies && !l->kind->has_disk(l->state, n->node->name))
      log_info(l->log, "copying the image for %s", n->node->name);
    if (!n->running && l->kind->ensure_disk(l->state, n->node, image, err) < 0)
      return -1;
  }
  return 0;
}

static int start_one(struct launch *l, size_t i, struct error *err) {
  struct follow_node *n = &l->follow.v[i];
  const struct node_ports *ports = &l->ports.node[n->node->index];
  if (l->kind->start(l->state, n->node, ports, &l->host, err) < 0)
    return -1;
  n->running = true;
  n->seen = monotonic_seconds();
  if (l->events.on_started)
    l->events.on_started(l->events.arg, n);
  return note_running(l, i, err);
}

/* Those that are off, in their order. */
static int start_off(struct launch *l, enum launch_end *ret,
                     struct error *err) {
  bool first = true;
  for (size_t i = 0; i < l->follow.n; i++) {
    if (l->ours[i])
      continue;
    if (!first && l->stagger > 0 && pause_for(l, l->stagger, ret, err) < 0)
      return -1;
    if (*ret == LAUNCH_INTERRUPTED || *ret == LAUNCH_DIED)
      return 0;
    if (start_one(l, i, err) < 0)
      return -1;
    first = false;
  }
  *ret = LAUNCH_ON;
  return 0;
}

static int start_all(struct launch *l, enum launch_end *ret,
                     struct error *err) {
  for (size_t i = 0; i < l->follow.n; i++)
    if (l->follow.v[i].running && note_running(l, i, err) < 0)
      return -1;
  return start_off(l, ret, err);
}

int launch_start(struct launch *l, enum launch_end *ret, struct error *err) {
  *ret = LAUNCH_ON;
  if (make_disks(l, err) < 0 || prepare_ports(l, err) < 0)
    return -1;
  l->began = monotonic_seconds();
  int r = start_all(l, ret, err);
  if (r < 0 && launch_running(l) == 0 && !l->had_ports)
    ports_forget(l->state);
  return r;
}

void launch_done(struct launch *l) {
  follow_done(&l->follow);
  ports_done(&l->ports);
  machine_host_done(&l->host);
  free(l->ours);
  free(l->baked);
}
