/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/follow.h"

#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static enum table_tone tone(const struct follow_node *n) {
  if (!n->running)
    return TONE_DIM;
  if (n->console.ready)
    return TONE_GOOD;
  return n->console.state == CONSOLE_RETRY ? TONE_WARN : TONE_PLAIN;
}

/* Counts on between events, as far as we know when the last one was. */
static long seconds(const struct follow_node *n) {
  if (!n->running)
    return -1;
  if (n->console.ready || n->seen <= 0)
    return n->console.uptime;
  return n->console.uptime + (long)(monotonic_seconds() - n->seen);
}

static struct table_row row(const struct follow_node *n) {
  const struct console *c = &n->console;
  return (struct table_row){
      .node = n->node->name,
      .role = role_name(n->node->spec->role),
      .step = n->running ? c->step : NULL,
      .state = n->running ? console_state_name(c->state) : "off",
      .seconds = seconds(n),
      .message = n->running && !c->ready ? c->message : NULL,
      .tone = tone(n),
      .settled = follow_node_ready(n),
  };
}

static void on_event(void *arg, const struct console *c) {
  struct follow_node *n = arg;
  n->seen = monotonic_seconds();
  if (!n->events)
    return;
  n->running = true;
  struct table_row r = row(n);
  r.seconds = c->uptime;
  r.message = c->message;
  table_event(n->events, &r);
}

void follow_init(struct follow *f, const struct machine_kind *kind,
                 const struct state *state, const struct plan *plan,
                 const size_t *sel, size_t n) {
  *f = (struct follow){
      .kind = kind, .state = state, .v = xcalloc(n, sizeof(*f->v)), .n = n};
  for (size_t i = 0; i < n; i++) {
    struct follow_node *node = &f->v[i];
    node->node = &plan->nodes.v[sel[i]];
    node->console.node = node->node->name;
    node->console.on_event = on_event;
    node->console.arg = node;
  }
}

static int read_log(const struct state *s, struct follow_node *n,
                    struct error *err) {
  _cleanup_free_ char *path = state_path(s, "logs/%s.console", n->node->name);
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return 0;
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0)
    return error_set(err, errno, "cannot read '%s'", path);
  if (st.st_size < n->offset)
    n->offset = 0; /* somebody began it anew */
  char chunk[16384];
  /* Only what was there: a node that never stops printing must not keep us. */
  while (n->offset < st.st_size) {
    ssize_t got = pread(fd, chunk, sizeof(chunk), n->offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return error_set(err, errno, "cannot read '%s'", path);
    if (got == 0)
      return 0;
    console_feed(&n->console, chunk, (size_t)got);
    n->offset += got;
  }
  return 0;
}

int follow_read(struct follow *f, struct error *err) {
  for (size_t i = 0; i < f->n; i++)
    if (read_log(f->state, &f->v[i], err) < 0)
      return -1;
  return 0;
}

void follow_look(struct follow *f) {
  for (size_t i = 0; i < f->n; i++)
    f->v[i].running =
        f->kind->running(f->state, f->v[i].node->name, &f->v[i].pid);
}

void follow_tell(struct follow *f, struct table *t) {
  for (size_t i = 0; i < f->n; i++)
    f->v[i].events = t;
}

bool follow_node_ready(const struct follow_node *n) {
  return n->running && n->console.ready;
}

size_t follow_ready(const struct follow *f) {
  size_t n = 0;
  for (size_t i = 0; i < f->n; i++)
    n += follow_node_ready(&f->v[i]);
  return n;
}

void follow_rows(const struct follow *f, struct table_row **ret) {
  struct table_row *rows = xcalloc(f->n, sizeof(*rows));
  for (size_t i = 0; i < f->n; i++) {
    rows[i] = row(&f->v[i]);
    /* Whatever its last step is: this is what one looks for. */
    if (rows[i].settled)
      rows[i].state = "ready";
  }
  *ret = rows;
}

void follow_done(struct follow *f) {
  for (size_t i = 0; i < f->n; i++)
    console_done(&f->v[i].console);
  free(f->v);
  *f = (struct follow){0};
}
