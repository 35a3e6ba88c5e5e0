/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/seed.h"

#include "base/file.h"
#include "medium/medium.h"
#include "pki/pki.h"
#include "seed/admin.h"
#include "seed/render.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEED_MAX_THREADS 16

/* What making several seeds shares. */
struct session {
  const struct plan *plan;
  const struct state *state;
  const struct seed_options *options;
  char *pki_dir;
  struct pki pki;
  time_t created;
  struct render *render;
  pthread_mutex_t media_lock;
};

static void session_done(struct session *s) {
  free(s->pki_dir);
  pki_done(&s->pki);
  render_free(s->render);
}

/* When the keys were first made: kept, so that seeds do not change with time.
 */
static int read_created(struct session *s, time_t now, struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/created", s->pki_dir);
  _cleanup_buf_ struct buf text = {0};
  if (file_exists(path)) {
    char *end;
    if (file_read(path, 64, &text, err) < 0)
      return -1;
    s->created = (time_t)strtoll(text.data, &end, 10);
    if (s->created <= 0 || *end != '\n')
      return error_set(err, 0,
                       "'%s' is damaged: it must hold the seconds since 1970 "
                       "at which the keys were made",
                       path);
    return 0;
  }
  s->created = now;
  buf_addf(&text, "%lld\n", (long long)now);
  return file_write(path, text.data, text.len, 0600, err);
}

static int session_start(struct session *s, time_t now, struct error *err) {
  _cleanup_pki_ struct pki old = {0};
  s->pki_dir = state_path(s->state, "pki");
  if (file_mkdirs(s->pki_dir, 0700, err) < 0 ||
      pki_load(s->pki_dir, &old, err) < 0 ||
      pki_make(s->plan, &old, now, &s->pki, err) < 0 ||
      pki_store(&s->pki, s->pki_dir, err) < 0 || read_created(s, now, err) < 0)
    return -1;
  return render_new(s->plan, &s->pki, s->created, &s->render, err);
}

static int write_medium(struct session *s, const struct plan_node *node,
                        const struct seed *seed, struct error *err) {
  const struct medium_file files[] = {
      {"meta-data", 0400, seed->meta_data.data, seed->meta_data.len},
      {"network-config", 0400, seed->network_config.data,
       seed->network_config.len},
      {"user-data", 0400, seed->user_data.data, seed->user_data.len},
  };
  const struct medium medium = {
      .label = "cidata",
      .files = files,
      .n_files = ARRAY_SIZE(files),
      .stamp = s->created,
      .lock = &s->media_lock,
  };
  _cleanup_free_ char *path = state_path(s->state, "seeds/%s.iso", node->name);
  _cleanup_buf_ struct buf image = {0};
  if (medium_make(s->options->writer, &medium, path, &image, err) < 0)
    return -1;
  /* Not synced: it can be made again from the keys, which are. */
  return file_refresh(path, image.data, image.len, 0600, err);
}

static int make_node(struct session *s, const struct plan_node *node,
                     struct error *err) {
  _cleanup_pki_node_ struct pki_node old = {0};
  _cleanup_pki_node_ struct pki_node keys = {0};
  _cleanup_seed_ struct seed seed = {0};
  if (pki_node_load(s->pki_dir, node, &old, err) < 0 ||
      pki_node_make(&s->pki, s->plan, node, &old, s->options->now, &keys, err) <
          0 ||
      pki_node_store(&keys, node, s->pki_dir, err) < 0 ||
      render_node(s->render, node, &keys, &seed, err) < 0)
    return -1;
  return write_medium(s, node, &seed, err);
}

/* The nodes that are left, for as many threads as there are processors: no
 * node's seed depends on another's. */
struct queue {
  struct session *session;
  pthread_mutex_t lock;
  size_t next; /* index into options->nodes */
  bool failed;
  struct error *err; /* of the first that failed; guarded by lock */
};

static const struct plan_node *take_node(struct queue *q) {
  const struct session *s = q->session;
  (void)pthread_mutex_lock(&q->lock);
  const struct plan_node *node = NULL;
  if (!q->failed && q->next < s->options->n_nodes)
    node = &s->plan->nodes.v[s->options->nodes[q->next++]];
  (void)pthread_mutex_unlock(&q->lock);
  return node;
}

static void *make_nodes_thread(void *arg) {
  struct queue *q = arg;
  for (const struct plan_node *node; (node = take_node(q));) {
    _cleanup_error_ struct error err = {0};
    if (make_node(q->session, node, &err) == 0)
      continue;
    (void)pthread_mutex_lock(&q->lock);
    if (!q->failed)
      error_move(q->err, &err);
    q->failed = true;
    (void)pthread_mutex_unlock(&q->lock);
  }
  return NULL;
}

static size_t count_helpers(const struct seed_options *o) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  size_t n = processors < 1 ? 1 : (size_t)processors;
  if (n > SEED_MAX_THREADS)
    n = SEED_MAX_THREADS;
  if (n > o->n_nodes)
    n = o->n_nodes;
  return n > 0 ? n - 1 : 0; /* this thread works as well */
}

static int make_nodes(struct session *s, struct error *err) {
  struct queue q = {
      .session = s, .lock = PTHREAD_MUTEX_INITIALIZER, .err = err};
  pthread_t helpers[SEED_MAX_THREADS];
  size_t wanted = count_helpers(s->options), n = 0;
  while (n < wanted &&
         pthread_create(&helpers[n], NULL, make_nodes_thread, &q) == 0)
    n++; /* one that cannot be started is not missed */
  make_nodes_thread(&q);
  while (n > 0)
    (void)pthread_join(helpers[--n], NULL);
  return q.failed ? -1 : 0;
}

static int write_state_file(const struct session *s, const char *name,
                            const void *data, size_t len, struct error *err) {
  _cleanup_free_ char *path = state_path(s->state, "%s", name);
  return file_refresh(path, data, len, 0600, err);
}

static int write_pki_copy(const struct session *s, const char *entry,
                          const char *file, struct error *err) {
  const struct pki_entry *e = pki_get(&s->pki, entry);
  if (!e)
    return error_set(err, 0, "there is no key '%s'", entry);
  return write_state_file(s, file, e->data.data, e->data.len, err);
}

/* The cluster's own SSH CA vouches for every host, also for later ones. */
static int write_known_hosts(const struct session *s, struct error *err) {
  const struct pki_entry *ca = pki_get(&s->pki, "ssh-ca/ca.pub");
  if (!ca)
    return error_set(err, 0, "there is no SSH CA");
  _cleanup_buf_ struct buf text = {0};
  buf_addf(&text, "@cert-authority * %.*s\n", (int)strcspn(ca->data.data, "\n"),
           ca->data.data);
  return write_state_file(s, "known_hosts", text.data, text.len, err);
}

int seed_make(const struct plan *plan, const struct state *state,
              const struct seed_options *options, struct error *err) {
  _cleanup_(session_done) struct session s = {.plan = plan,
                                              .state = state,
                                              .options = options,
                                              .media_lock =
                                                  PTHREAD_MUTEX_INITIALIZER};
  _cleanup_free_ char *dir = state_path(state, "seeds");
  if (session_start(&s, options->now, err) < 0 ||
      file_mkdirs(dir, 0700, err) < 0)
    return -1;
  if (make_nodes(&s, err) < 0)
    return -1;
  if (write_pki_copy(&s, "ssh-user/id_ed25519", "id_ed25519", err) < 0 ||
      write_known_hosts(&s, err) < 0)
    return -1;
  return admin_write(plan, &s.pki, state, err);
}
