/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/seed.h"

#include "base/file.h"
#include "medium/medium.h"
#include "pki/store.h"
#include "seed/admin.h"
#include "seed/made-with.h"
#include "seed/members.h"
#include "seed/put.h"
#include "seed/render.h"
#include "seed/seeds-lock.h"
#include "state/layout.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEED_MAX_THREADS 16

/* One node on its way to a seed. */
struct job {
  const struct plan_node *node;
  struct pki_node keys;
  enum put_fate fate;
  bool renewed;            /* certificates of an earlier run are others now */
  bool begun;              /* its medium waits under a temporary name */
  char digest[SHA256_HEX]; /* of its medium */
};

/* What making several seeds shares. */
struct session {
  const struct plan *plan;
  const struct state *state;
  const struct seed_options *options;
  char *pki_dir;
  struct pki old; /* as it was in the files */
  struct pki pki;
  struct members members;
  struct made_with made_with;
  char *earlier;
  time_t created;
  bool is_new;  /* created is not in a file yet */
  bool had_run; /* there were keys before, whatever is left of them */
  struct render *render;
  pthread_mutex_t media_lock;
  struct job *jobs; /* of options->nodes, in that order */
};

static void session_done(struct session *s) {
  for (size_t i = 0; i < s->options->n_nodes; i++)
    pki_node_done(&s->jobs[i].keys);
  free(s->jobs);
  free(s->pki_dir);
  pki_done(&s->old);
  pki_done(&s->pki);
  members_done(&s->members);
  made_with_done(&s->made_with);
  free(s->earlier);
  render_free(s->render);
}

void seed_tell_mended(const struct seed_report *r, const struct log *log) {
  for (size_t i = 0; i < r->mended.n; i++)
    log_warn(log, "an interrupted run left keys: %s; made good",
             r->mended.v[i]);
  _cleanup_free_ char *names = strv_join(&r->anew, ", ");
  if (r->anew.n > 0)
    log_warn(log,
             "%s of an earlier run %s gone from pki/ and made anew: machines "
             "that were on before do not know the new %s. Where that is not "
             "meant, put the old files back and run this again",
             names, r->anew.n == 1 ? "was" : "were",
             r->anew.n == 1 ? "one" : "ones");
}

void seed_tell_members(const struct seed_report *r, const struct state *s,
                       const struct log *log) {
  if (r->earlier)
    log_warn(log,
             "seeds for this cluster were made before with another list of "
             "members of etcd (%s): a cluster of theirs is joined, and none is "
             "founded beside it. Until most of them are on, new members wait",
             r->earlier);
  if (r->unreachable)
    log_warn(
        log,
        "of %s the spec has too few left to tell whether their cluster is "
        "there, so nothing is founded without them. If it is gone for "
        "good, `kubeseed seed --prune %s` forgets the members that the spec "
        "does not have",
        r->unreachable, s->target);
  if (r->gone)
    log_warn(log,
             "a cluster that runs keeps %s as members of etcd and counts them "
             "for its quorum, on or off: remove them there (`etcdctl member "
             "remove`) before their machines go",
             r->gone);
}

void seed_tell_moved(const struct seed_report *r, const struct log *log) {
  if (r->n_moved > 0)
    log_warn(log,
             "seeds for this cluster were made before with other networks for "
             "the pods of %zu node%s: %s%s. Machines that were on keep what "
             "they had, and pods of new ones do not reach theirs: write new "
             "nodes behind all others in the spec, and let one that goes be "
             "the last; or give those that moved an empty disk, one after the "
             "other",
             r->n_moved, r->n_moved == 1 ? "" : "s", r->moved,
             r->n_moved > MADE_WITH_SHOWN ? " and others" : "");
}

void seed_tell_added(const struct seed_report *r, const struct log *log) {
  if (r->n_added > 0)
    log_warn(log,
             "machines that are members already have no way to the pods of %zu "
             "new node%s: %s%s. They have it from their seeds, which they take "
             "no more: NODES THAT COME LATER in kubeseed(1) tells how they get "
             "it, and `kubeseed verify` whether they have",
             r->n_added, r->n_added == 1 ? "" : "s", r->added,
             r->n_added > MADE_WITH_SHOWN ? " and others" : "");
}

void seed_tell_asked(const struct seed_report *r, const struct state *s,
                     const struct log *log) {
  if (r->asked > 0)
    log_warn(log,
             "%zu certificates end soon: their requests are in "
             "'%s/pki/requests' again; with the new ones beside them `kubeseed "
             "seed %s` takes those",
             r->asked, s->dir, s->target);
}

char *seed_name_nodes(const struct strv *names) {
  enum { SHOWN = 8 };
  _cleanup_buf_ struct buf b = {0};
  if (names->n == 1)
    return xasprintf("the node %s", names->v[0]);
  buf_addf(&b, "%zu nodes", names->n);
  for (size_t i = 0; i < names->n && names->n <= SHOWN; i++)
    buf_addf(&b, "%s%s", i ? ", " : " (", names->v[i]);
  buf_adds(&b, names->n <= SHOWN ? ")" : "");
  return buf_take(&b);
}

void seed_by_taking(const struct plan *p, const struct strv *nodes, bool can,
                    struct strv *ret) {
  for (size_t i = 0; i < nodes->n; i++)
    if (plan_takes_seeds(p, plan_find(p, nodes->v[i])) == can)
      strv_push(ret, nodes->v[i]);
}

void seed_tell_renewed(const struct plan *p, const struct strv *nodes,
                       const struct log *log) {
  _cleanup_strv_ struct strv once = {0}, more = {0};
  seed_by_taking(p, nodes, false, &once);
  seed_by_taking(p, nodes, true, &more);
  _cleanup_free_ char *names = seed_name_nodes(&once);
  _cleanup_free_ char *others = seed_name_nodes(&more);
  if (once.n > 0)
    log_warn(log,
             "the certificates for etcd of %s are made anew; a machine that "
             "was on before keeps its old ones, for it takes its seed only "
             "once: CERTIFICATES in kubeseed(1) tells how it gets them",
             names);
  if (more.n > 0)
    log_warn(log,
             "the certificates for etcd of %s are made anew; a machine that "
             "was on before takes them at a boot after `sudo "
             "/root/bin/take-seed.sh` on it, one machine after the other",
             others);
}

void seed_report_done(struct seed_report *r) {
  free(r->fates);
  free(r->renewed);
  strv_done(&r->mended);
  strv_done(&r->anew);
  free(r->earlier);
  free(r->unreachable);
  free(r->gone);
  free(r->moved);
  free(r->added);
  *r = (struct seed_report){0};
}

/* ---- One node after the other, in several threads ---- */

typedef int job_fn(struct session *s, struct job *j, struct error *err);

/* The nodes that are left, for as many threads as there are processors: no
 * node's seed depends on another's. */
struct queue {
  struct session *session;
  job_fn *fn;
  pthread_mutex_t lock;
  size_t next; /* index into session->jobs */
  bool failed;
  struct error *err; /* of the first that failed; guarded by lock */
};

static struct job *take_job(struct queue *q) {
  struct session *s = q->session;
  (void)pthread_mutex_lock(&q->lock);
  struct job *j = NULL;
  if (!q->failed && q->next < s->options->n_nodes)
    j = &s->jobs[q->next++];
  (void)pthread_mutex_unlock(&q->lock);
  return j;
}

static void *do_jobs_thread(void *arg) {
  struct queue *q = arg;
  for (struct job *j; (j = take_job(q));) {
    _cleanup_error_ struct error err = {0};
    if (q->fn(q->session, j, &err) == 0)
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

static int do_jobs(struct session *s, job_fn *fn, struct error *err) {
  struct queue q = {
      .session = s, .fn = fn, .lock = PTHREAD_MUTEX_INITIALIZER, .err = err};
  pthread_t helpers[SEED_MAX_THREADS];
  size_t wanted = count_helpers(s->options), n = 0;
  while (n < wanted &&
         pthread_create(&helpers[n], NULL, do_jobs_thread, &q) == 0)
    n++; /* one that cannot be started is not missed */
  do_jobs_thread(&q);
  while (n > 0)
    (void)pthread_join(helpers[--n], NULL);
  return q.failed ? -1 : 0;
}

/* ---- Keys ---- */

/* Certificates begin a day early, and a clock may be set back a little. */
static int check_clock(const struct session *s, struct error *err) {
  char now[32] = "", then[32] = "";
  struct tm tm;
  if (s->options->now >= s->created - PKI_BACKDATE_HOURS * 3600)
    return 0;
  if (gmtime_r(&s->options->now, &tm))
    (void)strftime(now, sizeof(now), "%F", &tm);
  if (gmtime_r(&s->created, &tm))
    (void)strftime(then, sizeof(then), "%F", &tm);
  return error_set(err, 0,
                   "this machine's clock says %s, but the keys in '%s' were "
                   "made on %s: set the clock; if it was wrong when they were "
                   "made, `kubeseed destroy --all %s` and make them anew",
                   now, s->pki_dir, then, s->state->target);
}

/* When the keys were first made: kept, so that seeds do not change with time.
 */
static int read_created(struct session *s, struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/created", s->pki_dir);
  _cleanup_buf_ struct buf text = {0};
  s->created = s->options->now;
  s->is_new = !file_exists(path);
  if (s->is_new)
    return 0;
  char *end;
  if (file_read(path, 64, &text, err) < 0)
    return -1;
  s->created = (time_t)strtoll(text.data, &end, 10);
  if (s->created <= 0 || *end != '\n')
    return error_set(err, 0,
                     "'%s' is damaged: it must hold the seconds since 1970 "
                     "at which the keys were made",
                     path);
  return check_clock(s, err);
}

static bool is_renewed(const struct pki_node *old, const struct pki_node *now) {
  bool renewed = old->mended.n > 0;
  for (size_t i = 0; i < now->entries.n; i++)
    renewed = renewed || (now->entries.v[i].unsaved &&
                          pki_node_get(old, now->entries.v[i].name));
  return renewed;
}

static int make_node_keys(struct session *s, struct job *j, struct error *err) {
  _cleanup_pki_node_ struct pki_node old = {0};
  if (pki_node_load(s->pki_dir, s->plan, j->node, &old, err) < 0 ||
      pki_node_make(&s->pki, s->plan, j->node, &old, s->options->now, &j->keys,
                    err) < 0)
    return -1;
  j->renewed = is_renewed(&old, &j->keys);
  j->keys.mended = old.mended;
  old.mended = (struct strv){0};
  return 0;
}

/* Nodes that have keys in files; the others' need not be remembered until all
 * are committed. */
static int make_stored_keys(struct session *s, struct job *j,
                            struct error *err) {
  return pki_node_has_files(s->plan, j->node) ? make_node_keys(s, j, err) : 0;
}

static int commit_keys(const struct session *s, struct error *err) {
  _cleanup_commit_ struct commit c = {.dir = s->pki_dir};
  _cleanup_free_ char *created = xasprintf("%lld\n", (long long)s->created);
  pki_save(&s->pki, &c);
  for (size_t i = 0; i < s->options->n_nodes; i++)
    pki_node_save(&s->jobs[i].keys, s->jobs[i].node, &c);
  if (s->is_new)
    commit_add(&c, "created", created, strlen(created));
  _cleanup_buf_ struct buf members = {0};
  members_write(&s->members, &members);
  if (s->members.changed)
    commit_add(&c, "members", members.data, members.len);
  _cleanup_buf_ struct buf made_with = {0};
  made_with_write(&s->made_with, &made_with);
  if (s->made_with.changed)
    commit_add(&c, "made-with", made_with.data, made_with.len);
  return commit_write(&c, err);
}

static void add_all(struct strv *to, const struct strv *from) {
  for (size_t i = 0; i < from->n; i++)
    strv_push(to, from->v[i]);
}

static void add_if_made(const struct session *s, const char *name,
                        struct strv *ret) {
  const struct pki_entry *e = pki_get(&s->pki, name);
  if (e && e->unsaved)
    strv_push(ret, name);
}

/* Leaves are signed anew at any time, and a cluster that runs takes another
 * token. */
static void add_anew(const struct session *s, struct strv *ret) {
  if (!s->had_run)
    return;
  for (size_t i = 0; pairs_of_cluster[i]; i++)
    if (pairs_of_cluster[i]->kind != PAIR_CERT)
      add_if_made(s, pairs_of_cluster[i]->secret, ret);
  for (size_t i = 0; pki_texts[i].name; i++)
    if (strcmp(pki_texts[i].name, "token") != 0)
      add_if_made(s, pki_texts[i].name, ret);
}

static size_t count_requests(const struct pki_request_vec *l, bool needed) {
  size_t n = 0;
  for (size_t i = 0; i < l->n; i++)
    n += l->v[i].pem.len > 0 && l->v[i].needed == needed;
  return n;
}

static size_t count_all_requests(const struct session *s, bool needed) {
  size_t n = count_requests(&s->pki.requests, needed);
  for (size_t i = 0; i < s->options->n_nodes; i++)
    n += count_requests(&s->jobs[i].keys.requests, needed);
  return n;
}

/* A node without keys in files had none that could have been renewed or left.
 */
static void report_keys(const struct session *s) {
  const struct seed_options *o = s->options;
  struct seed_report *r = o->report;
  if (!r)
    return;
  if (s->members.changed && *s->earlier)
    r->earlier = xstrdup(s->earlier);
  if (s->members.changed && s->members.gone.n > 0)
    r->gone = strv_join(&s->members.gone, ", ");
  r->unreachable = members_unreachable(&s->members, s->plan);
  r->moved = s->made_with.moved ? xstrdup(s->made_with.moved) : NULL;
  r->n_moved = s->made_with.n_moved;
  r->added = s->made_with.added ? xstrdup(s->made_with.added) : NULL;
  r->n_added = s->made_with.n_added;
  r->renewed = xcalloc(o->n_nodes, sizeof(*r->renewed));
  r->asked = count_all_requests(s, false);
  add_all(&r->mended, &s->old.mended);
  add_anew(s, &r->anew);
  for (size_t i = 0; i < o->n_nodes; i++) {
    r->renewed[i] = s->jobs[i].renewed;
    add_all(&r->mended, &s->jobs[i].keys.mended);
  }
  if (o->tell)
    o->tell(o->arg, o);
}

/* What seeds and the workstation have is made of keys, known_hosts as well; so
 * are the secrets of machines and in exports. An image that was exported is
 * none.
 */
static int find_made(const struct layout_item *item, void *arg,
                     struct error *err) {
  char **found = arg;
  const struct layout_row *row = item->row;
  (void)err;
  if (!*found && row && !item->temporary &&
      ((row->part == LAYOUT_SEEDS && !row->folder) ||
       (row->secret && (row->part & (LAYOUT_MACHINE | LAYOUT_EXPORT)))))
    *found = xstrdup(item->path);
  return 0;
}

/* That of SSH is one, and ours with either pki.mode. */
static bool has_a_ca(const struct session *s) {
  for (size_t i = 0; pairs_of_cluster[i]; i++)
    if (pairs_of_cluster[i]->kind == PAIR_CA &&
        pki_get(&s->old, pairs_of_cluster[i]->secret))
      return true;
  return pki_get(&s->old, PAIR_SSH_CA.secret);
}

/* Keys come before whatever is made of them, and go after it. */
static int check_keys_are_there(struct session *s, struct error *err) {
  _cleanup_free_ char *found = NULL;
  bool none = !has_a_ca(s);
  s->had_run = !s->is_new;
  if (s->had_run && !none)
    return 0;
  if (s->options->dry && !file_exists(s->state->dir))
    return 0;
  if (layout_walk(s->state->dir, LAYOUT_SEEDS | LAYOUT_MACHINE | LAYOUT_EXPORT,
                  find_made, &found, err) < 0)
    return -1;
  if (!found)
    return 0;
  s->had_run = true;
  if (!none)
    return 0;
  return error_set(
      err, 0,
      "there are no CAs in '%s', but '%s' beside it was made with "
      "some: put pki/ back from your copy. Without one the cluster "
      "is lost to this folder, and `kubeseed destroy --all %s` "
      "removes what is left, to make another",
      s->pki_dir, found, s->state->target);
}

/* After the keys that they are for: one without its key is worth nothing. */
static int write_requests(const struct session *s, struct error *err) {
  if (pki_requests_write(s->pki_dir, &s->pki.requests, err) < 0)
    return -1;
  for (size_t i = 0; i < s->options->n_nodes; i++)
    if (pki_requests_write(s->pki_dir, &s->jobs[i].keys.requests, err) < 0)
      return -1;
  return 0;
}

static int check_signed(const struct session *s, struct error *err) {
  size_t n = count_all_requests(s, true);
  if (n == 0)
    return 0;
  if (s->options->dry)
    return error_set(err, 0,
                     "%zu certificate%s not signed yet by a CA whose key is "
                     "elsewhere; `kubeseed seed %s` tells what to do",
                     n, n == 1 ? " is" : "s are", s->state->target);
  return error_set(err, 0,
                   "%zu certificate%s to be signed by a CA whose key is "
                   "elsewhere: for each '%s/requests/CA/NAME.csr' let that CA "
                   "make what it asks for, put it beside it as NAME.crt, and "
                   "run `kubeseed seed %s` again (CERTIFICATES in kubeseed(1))",
                   n, n == 1 ? " is" : "s are", s->pki_dir, s->state->target);
}

/* Not a key is written before all are made. */
static int make_keys(struct session *s, struct error *err) {
  if (read_created(s, err) < 0 ||
      pki_load(s->pki_dir, s->plan, &s->old, err) < 0 ||
      check_keys_are_there(s, err) < 0 ||
      members_load(s->state, s->plan, s->options->forget, &s->members, err) <
          0 ||
      pki_make(s->plan, &s->old, s->options->now, &s->pki, err) < 0 ||
      made_with_load(s->state, s->plan, s->options->forget, &s->made_with,
                     err) < 0 ||
      do_jobs(s, make_stored_keys, err) < 0)
    return -1;
  s->earlier = members_earlier(&s->members);
  if (s->options->dry)
    return check_signed(s, err);
  report_keys(s);
  if (file_mkdirs(s->pki_dir, 0700, err) < 0 || commit_keys(s, err) < 0 ||
      write_requests(s, err) < 0)
    return -1;
  return check_signed(s, err);
}

static int prepare(struct session *s, struct error *err) {
  if (render_new(s->plan, &s->pki,
                 pki_seed_time(s->plan, s->created, s->options->now),
                 s->earlier, &s->render, err) < 0)
    return -1;
  for (size_t i = 0; i < s->options->n_nodes; i++)
    if (render_share(s->render, s->jobs[i].node, err) < 0)
      return -1;
  return 0;
}

/* ---- Media ---- */

static char *medium_path(const struct session *s, const struct job *j) {
  return state_path(s->state, "seeds/%s.iso", j->node->name);
}

static int begin_medium(struct session *s, struct job *j,
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
  const struct medium_writer *writer = s->options->writer;
  _cleanup_free_ char *path = medium_path(s, j);
  _cleanup_buf_ struct buf image = {0};
  bool dated = writer && writer->dated;
  if (medium_make(writer, &medium, path, &image, err) < 0)
    return -1;
  if (s->options->dry) {
    j->fate = put_compare(path, &image, dated);
    return s->options->look
               ? s->options->look(s->options->arg, (size_t)(j - s->jobs),
                                  &medium, err)
               : 0;
  }
  if (put_begin(path, &image, dated, &j->fate, err) < 0)
    return -1;
  j->begun = j->fate != PUT_UNCHANGED;
  /* One that holds the time at which it was written stays as it was then. */
  if (!j->begun && dated)
    return sha256_file(path, j->digest, err);
  sha256_hex(image.data, image.len, j->digest);
  return 0;
}

static int make_medium(struct session *s, struct job *j, struct error *err) {
  _cleanup_seed_ struct seed seed = {0};
  if ((!pki_node_has_files(s->plan, j->node) &&
       make_node_keys(s, j, err) < 0) ||
      render_node(s->render, j->node, &j->keys, &seed, err) < 0 ||
      begin_medium(s, j, &seed, err) < 0)
    return -1;
  /* Ten thousand nodes' keys are not kept until the end. */
  pki_node_done(&j->keys);
  return 0;
}

static int end_media(struct session *s, const char *dir, struct error *err) {
  bool any = false;
  for (size_t i = 0; i < s->options->n_nodes; i++)
    any = any || s->jobs[i].begun;
  if (!any)
    return 0;
  if (put_sync(dir, err) < 0)
    return -1;
  for (size_t i = 0; i < s->options->n_nodes; i++) {
    struct job *j = &s->jobs[i];
    _cleanup_free_ char *path = medium_path(s, j);
    if (j->begun && put_end(path, err) < 0)
      return -1;
    j->begun = false;
  }
  return put_sync_folder(dir, err);
}

static int make_media(struct session *s, struct error *err) {
  _cleanup_free_ char *dir = state_path(s->state, "seeds");
  if (file_mkdirs(dir, 0700, err) == 0 && do_jobs(s, make_medium, err) == 0 &&
      end_media(s, dir, err) == 0)
    return 0;
  for (size_t i = 0; i < s->options->n_nodes; i++) {
    _cleanup_free_ char *path = medium_path(s, &s->jobs[i]);
    if (s->jobs[i].begun)
      put_cancel(path);
  }
  return -1;
}

static int make_forms(const struct session *s, struct error *err) {
  const struct seed_options *o = s->options;
  _cleanup_seeds_lock_ struct seeds_lock lock = {0};
  for (size_t i = 0; i < o->n_nodes; i++) {
    const char *node = s->jobs[i].node->name;
    _cleanup_free_ char *iso = xasprintf("seeds/%s.iso", node);
    seeds_lock_add_digest(&lock, iso, s->jobs[i].digest);
    if (seed_forms_write(s->state, node, o->form, &lock, err) < 0)
      return -1;
  }
  return seeds_lock_write(s->state, s->plan, o->nodes, o->n_nodes, o->forget,
                          &lock, err);
}

/* ---- What the workstation needs ---- */

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

static void report_fates(const struct session *s) {
  struct seed_report *r = s->options->report;
  if (!r)
    return;
  r->fates = xcalloc(s->options->n_nodes, sizeof(*r->fates));
  for (size_t i = 0; i < s->options->n_nodes; i++)
    r->fates[i] = s->jobs[i].fate;
}

int seed_make(const struct plan *plan, const struct state *state,
              const struct seed_options *options, struct error *err) {
  _cleanup_(session_done) struct session s = {
      .plan = plan,
      .state = state,
      .options = options,
      .pki_dir = state_path(state, "pki"),
      .media_lock = PTHREAD_MUTEX_INITIALIZER,
      .jobs = xcalloc(options->n_nodes, sizeof(*s.jobs))};
  for (size_t i = 0; i < options->n_nodes; i++)
    s.jobs[i].node = &plan->nodes.v[options->nodes[i]];
  if (make_keys(&s, err) < 0 || prepare(&s, err) < 0)
    return -1;
  if (options->dry) {
    if (do_jobs(&s, make_medium, err) < 0)
      return -1;
    report_fates(&s);
    return 0;
  }
  if (write_pki_copy(&s, "ssh-user/id_ed25519", "id_ed25519", err) < 0 ||
      write_known_hosts(&s, err) < 0 ||
      admin_write(plan, &s.pki, state, err) < 0 || make_media(&s, err) < 0 ||
      make_forms(&s, err) < 0)
    return -1;
  report_fates(&s);
  return 0;
}
