/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/preview.h"

#include "base/diff.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "machine/follow.h"
#include "plan/print.h"
#include "seed/seed.h"
#include "seed/shown.h"
#include "state/layout.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHOWN_DIGEST 16

/* What happens to one seed. */
enum change { CHANGE_NONE, CHANGE_NEW, CHANGE_OTHER };

struct row {
  struct shown_vec shown; /* of preview_nodes */
  enum change change;
  struct buf lines; /* of preview_diff */
  json_t *pieces;   /* the same for programs; NULL: not asked for */
};

struct preview {
  const struct cluster *cluster;
  const size_t *nodes;
  size_t n;
  bool diff, json, stateless;
  struct row *rows;
};

static void preview_done(struct preview *p) {
  for (size_t i = 0; p->rows && i < p->n; i++) {
    shown_done(&p->rows[i].shown);
    buf_done(&p->rows[i].lines);
    json_decref(p->rows[i].pieces);
  }
  free(p->rows);
}

static const struct plan_node *node_of(const struct preview *p, size_t i) {
  return &p->cluster->plan.nodes.v[p->nodes[i]];
}

/* ---- What differs ---- */

static void tell_piece(const struct shown *old, const struct shown *now,
                       struct buf *out) {
  const struct shown *any = now ? now : old;
  const char *brackets = any->head[0] ? " (" : "";
  if (old && now && strcmp(old->digest, now->digest) == 0 &&
      strcmp(old->head, now->head) == 0)
    return;
  buf_addf(out, "  %s%s%s%s%s\n", any->path, brackets, any->head,
           any->head[0] ? ")" : "",
           !old   ? ": is new"
           : !now ? ": goes"
                  : "");
  if (old && now && strcmp(old->head, now->head) != 0)
    buf_addf(out, "    was %s\n", old->head);
  if (!old || !now || strcmp(old->digest, now->digest) == 0)
    return;
  if (old->why || now->why || now->opaque) {
    buf_addf(out, "    is another (%s): sha256:%.*s, was sha256:%.*s\n",
             now->why   ? now->why
             : old->why ? old->why
                        : "certificate or public key",
             SHOWN_DIGEST, now->digest, SHOWN_DIGEST, old->digest);
    return;
  }
  size_t before = out->len;
  diff_lines(old->text, now->text, "    ", out);
  if (out->len == before)
    buf_adds(out, old->cut || now->cut ? "    a secret in it is another\n"
                                       : "    its end is another\n");
}

/* What tell_piece tells; old or now is NULL when there is none. */
static void piece_json(const struct shown *old, const struct shown *now,
                       json_t *list) {
  const struct shown *any = now ? now : old;
  _cleanup_buf_ struct buf lines = {0};
  tell_piece(old, now, &lines);
  if (lines.len == 0)
    return;
  buf_done(&lines);
  if (old && now && !old->why && !now->why && !now->opaque)
    diff_lines(old->text, now->text, "", &lines);
  json_t *o = json_object();
  (void)json_object_set_new(o, "path", json_text(any->path));
  (void)json_object_set_new(o, "change",
                            json_string(!old   ? "new"
                                        : !now ? "gone"
                                               : "changed"));
  (void)json_object_set_new(o, "was", old ? json_text(old->head) : json_null());
  (void)json_object_set_new(o, "is", now ? json_text(now->head) : json_null());
  (void)json_object_set_new(o, "wasSha256",
                            old ? json_text(old->digest) : json_null());
  (void)json_object_set_new(o, "isSha256",
                            now ? json_text(now->digest) : json_null());
  (void)json_object_set_new(o, "lines",
                            lines.len ? json_text(lines.data) : json_null());
  (void)json_array_append_new(list, o);
}

static void pieces_json(const struct shown_vec *old,
                        const struct shown_vec *now, json_t *list) {
  for (size_t i = 0; i < now->n; i++)
    piece_json(shown_find(old, now->v[i].path), &now->v[i], list);
  for (size_t i = 0; i < old->n; i++)
    if (!shown_find(now, old->v[i].path))
      piece_json(&old->v[i], NULL, list);
}

static void tell_pieces(const struct shown_vec *old,
                        const struct shown_vec *now, struct buf *out) {
  for (size_t i = 0; i < now->n; i++)
    tell_piece(shown_find(old, now->v[i].path), &now->v[i], out);
  for (size_t i = 0; i < old->n; i++)
    if (!shown_find(now, old->v[i].path))
      tell_piece(&old->v[i], NULL, out);
}

/* What the ISO that is there holds. */
static int read_old(const struct preview *p, size_t i, const char *path,
                    struct shown_vec *ret, struct error *err) {
  _cleanup_iso_volume_ struct iso_volume v = {0};
  _cleanup_free_ struct medium_file *files = NULL;
  if (medium_read(path, &v, err) < 0)
    return -1;
  files = xcalloc(v.files.n, sizeof(*files));
  for (size_t k = 0; k < v.files.n; k++)
    files[k] = (struct medium_file){v.files.v[k].name, v.files.v[k].mode,
                                    v.files.v[k].data, v.files.v[k].len};
  return shown_read(files, v.files.n, node_of(p, i), ret, err);
}

static void compare(const struct preview *p, size_t i,
                    const struct shown_vec *now, struct row *row) {
  _cleanup_shown_ struct shown_vec old = {0};
  _cleanup_error_ struct error unreadable = {0};
  _cleanup_free_ char *path =
      state_path(&p->cluster->state, "seeds/%s.iso", node_of(p, i)->name);
  if (!file_exists(path)) {
    row->change = CHANGE_NEW;
    return;
  }
  if (read_old(p, i, path, &old, &unreadable) < 0) {
    row->change = CHANGE_OTHER;
    buf_addf(&row->lines, "  what is there cannot be read: %s\n",
             unreadable.faults[0].msg);
    return;
  }
  tell_pieces(&old, now, &row->lines);
  if (row->pieces)
    pieces_json(&old, now, row->pieces);
  row->change = row->lines.len > 0 ? CHANGE_OTHER : CHANGE_NONE;
}

/* ---- Making ---- */

/* In several threads, for different i. */
static int look(void *arg, size_t i, const struct medium *m,
                struct error *err) {
  struct preview *p = arg;
  struct row *row = &p->rows[i];
  _cleanup_shown_ struct shown_vec now = {0};
  if (shown_read(m->files, m->n_files, node_of(p, i), &now, err) < 0)
    return error_prefix(err, "node '%s'", node_of(p, i)->name);
  if (p->diff) {
    compare(p, i, &now, row);
  } else {
    row->shown = now;
    now = (struct shown_vec){0};
  }
  return 0;
}

static int make(const struct cli *cli, struct cluster *c, struct preview *p,
                struct error *err) {
  const struct seed_options o = {.nodes = p->nodes,
                                 .n_nodes = p->n,
                                 .now = time(NULL),
                                 .dry = true,
                                 .look = look,
                                 .arg = p};
  p->cluster = c;
  if (cluster_look_at_state(cli, c, &p->stateless, err) < 0)
    return -1;
  p->rows = xcalloc(p->n, sizeof(*p->rows));
  for (size_t i = 0; i < p->n && p->diff && p->json; i++)
    p->rows[i].pieces = json_array();
  return seed_make(&c->plan, &c->state, &o, err);
}

/* ---- Whole seeds ---- */

/* Without a state there are no keys yet: what is of them is not what it will
 * be. */
static bool is_unmade(const struct preview *p, size_t i, const char *path) {
  const struct plan_node *n = node_of(p, i);
  for (size_t k = 0; p->stateless && k < n->files.n; k++)
    if (strcmp(n->files.v[k].path, path) == 0)
      return strncmp(n->files.v[k].source, "pki:", 4) == 0;
  return false;
}

static void print_text(const char *text) {
  while (*text) {
    size_t len = strcspn(text, "\n");
    _cleanup_erase_ char *line = xstrndup(text, len);
    _cleanup_erase_ char *shown = utf8_printable(line);
    printf("  | %s\n", shown);
    text += len + (text[len] == '\n');
  }
}

static void print_shown(const struct preview *p, size_t i,
                        const struct shown *s) {
  printf("\n  %s%s%s%s\n", s->path, s->head[0] ? " (" : "", s->head,
         s->head[0] ? ")" : "");
  if (is_unmade(p, i, s->path))
    puts("  | (made by `kubeseed seed`)");
  else if (s->why)
    printf("  | (%s: %zu bytes, sha256:%s)\n", s->why, s->len, s->digest);
  else
    print_text(s->text);
}

static json_t *shown_json(const struct preview *p, size_t i,
                          const struct shown *s) {
  bool unmade = is_unmade(p, i, s->path);
  json_t *o = json_object();
  (void)json_object_set_new(o, "path", json_text(s->path));
  _cleanup_free_ char *mode = xstrndup(s->head, strcspn(s->head, " "));
  const char *owner = s->head[0] ? s->head + strlen(mode) + 1 : "";
  (void)json_object_set_new(o, "mode", json_text(mode));
  (void)json_object_set_new(o, "owner", json_text(owner));
  (void)json_object_set_new(o, "secret",
                            json_boolean(s->cut || (s->why && *s->why == 's')));
  (void)json_object_set_new(
      o, "bytes", unmade ? json_null() : json_integer((json_int_t)s->len));
  (void)json_object_set_new(o, "sha256",
                            unmade ? json_null() : json_text(s->digest));
  (void)json_object_set_new(
      o, "content", unmade || s->why ? json_null() : json_text(s->text));
  return o;
}

static int print_json(const struct preview *p, struct error *err) {
  _cleanup_json_ json_t *all = json_array();
  for (size_t i = 0; i < p->n; i++) {
    json_t *o = plan_node_json(node_of(p, i)), *files = json_array();
    for (size_t k = 0; k < p->rows[i].shown.n; k++)
      (void)json_array_append_new(files,
                                  shown_json(p, i, &p->rows[i].shown.v[k]));
    (void)json_object_set_new(o, "contents", files);
    (void)json_array_append_new(all, o);
  }
  int r = json_dumpf(all, stdout, JSON_INDENT(2));
  putchar('\n');
  return r == 0 ? 0 : error_set(err, 0, "cannot print the plan");
}

int preview_nodes(const struct cli *cli, struct cluster *c, const size_t *nodes,
                  size_t n, struct error *err) {
  _cleanup_(preview_done) struct preview p = {.nodes = nodes, .n = n};
  if (make(cli, c, &p, err) < 0)
    return -1;
  if (cli->json)
    return print_json(&p, err);
  for (size_t i = 0; i < n; i++) {
    plan_print_node(&p.cluster->plan, node_of(&p, i), stdout);
    for (size_t k = 0; k < p.rows[i].shown.n; k++)
      print_shown(&p, i, &p.rows[i].shown.v[k]);
  }
  return 0;
}

/* ---- Telling what differs ---- */

/* What a machine needs to take the new seed: cloud-init reads it at a boot
 * until the node is a member of its cluster (README, "Where it stops"). */
static const char *needs(const struct cluster *c, const struct follow_node *f,
                         bool is_new) {
  bool disk = false, takes = plan_takes_seeds(&c->plan, f->node);
  for (size_t k = 0; machine_kinds[k]; k++)
    disk = disk || machine_kinds[k]->has_disk(&c->state, f->node->name);
  if (is_new)
    return "a new seed; its machine takes it at its first start";
  if (disk && f->console.ready && takes)
    return "to be re-seeded: the machine here is a member, which takes it at a "
           "boot after `sudo /root/bin/take-seed.sh` on it";
  if (disk && f->console.ready)
    return "to be emptied: the machine here is a member, which takes no other "
           "seed; `destroy` and `up` of it, one after the other";
  if (disk)
    return "to be re-seeded: the machine here takes it at its next boot";
  return takes ? "to be re-seeded: a machine takes it at its next boot, but "
                 "once it is a member only after `sudo /root/bin/take-seed.sh` "
                 "on it, or with an empty disk"
               : "to be re-seeded: a machine takes it at its next boot, but "
                 "once it is a member only with an empty disk";
}

/* Nodes of seeds that the spec does not have. */
static int find_gone(const struct cluster *c, struct strv *ret,
                     struct error *err) {
  _cleanup_strv_ struct strv all = {0};
  if (layout_nodes(c->state.dir, &all, err) < 0)
    return -1;
  for (size_t i = 0; i < all.n; i++) {
    _cleanup_free_ char *iso = state_path(&c->state, "seeds/%s.iso", all.v[i]);
    if (!plan_find(&c->plan, all.v[i]) && file_exists(iso))
      strv_push(ret, all.v[i]);
  }
  return 0;
}

static void tell_rows(struct preview *p, struct follow *f) {
  for (size_t i = 0; i < p->n; i++) {
    struct row *r = &p->rows[i];
    if (r->change == CHANGE_NONE)
      continue;
    printf("%s: %s\n", node_of(p, i)->name,
           needs(p->cluster, &f->v[i], r->change == CHANGE_NEW));
    if (r->lines.len > 0)
      fputs(r->lines.data, stdout);
  }
}

/* {"seeds": [{"name", "change", "needs", "fault", "pieces"}, ...], "gone":
 * [...]}; a fault is why there are no pieces. */
static int print_diff(const struct preview *p, const struct follow *f,
                      const struct strv *gone, struct error *err) {
  static const char *const words[] = {
      [CHANGE_NONE] = "none", [CHANGE_NEW] = "new", [CHANGE_OTHER] = "changed"};
  json_t *seeds = json_array(), *names = json_array();
  for (size_t i = 0; i < p->n; i++) {
    struct row *r = &p->rows[i];
    bool same = r->change == CHANGE_NONE;
    bool fault = r->lines.len > 0 && json_array_size(r->pieces) == 0;
    (void)json_array_append_new(
        seeds,
        json_pack(
            "{ss ss ss? ss? sO}", "name", node_of(p, i)->name, "change",
            words[r->change], "needs",
            same ? NULL : needs(p->cluster, &f->v[i], r->change == CHANGE_NEW),
            "fault", fault ? r->lines.data + 2 : NULL, "pieces", r->pieces));
  }
  for (size_t i = 0; i < gone->n; i++)
    (void)json_array_append_new(names, json_text(gone->v[i]));
  _cleanup_json_ json_t *o =
      json_pack("{so so}", "seeds", seeds, "gone", names);
  int r = json_dumpf(o, stdout, JSON_INDENT(2));
  putchar('\n');
  return r == 0 ? 0 : error_set(err, 0, "cannot print what differs");
}

static int tell_diff(struct preview *p, struct follow *f,
                     const struct strv *gone, struct error *err) {
  const struct cluster *c = p->cluster;
  if (p->json)
    return print_diff(p, f, gone, err);
  tell_rows(p, f);
  for (size_t i = 0; i < gone->n; i++)
    printf("%s: not in the spec any more; `kubeseed seed --prune %s` removes "
           "what is of it\n",
           gone->v[i], c->state.target);
  return 0;
}

int preview_diff(const struct cli *cli, struct cluster *c, const size_t *nodes,
                 size_t n, struct error *err) {
  _cleanup_(preview_done) struct preview p = {
      .nodes = nodes, .n = n, .diff = true, .json = cli->json};
  _cleanup_follow_ struct follow f = {0};
  _cleanup_strv_ struct strv gone = {0};
  size_t count[3] = {0};
  if (make(cli, c, &p, err) < 0)
    return -1;
  if (p.stateless)
    return error_set(err, 0,
                     "there are no seeds in '%s' to compare with; `kubeseed "
                     "seed %s` makes them",
                     c->state.dir, c->state.target);
  follow_init(&f, c->kind, &c->state, &c->plan, nodes, n);
  if (follow_read(&f, err) < 0)
    return -1;
  for (size_t i = 0; i < n; i++)
    count[p.rows[i].change]++;
  if ((n == c->plan.nodes.n && find_gone(c, &gone, err) < 0) ||
      tell_diff(&p, &f, &gone, err) < 0)
    return -1;
  if (count[CHANGE_NEW] + count[CHANGE_OTHER] + gone.n == 0) {
    log_info(&cli->log, "all %zu seeds are as they would be", n);
    return 0;
  }
  return error_set(
      err, 0,
      "of %zu seeds %zu would change and %zu be new, and %zu are of nodes that "
      "the spec does not have; `kubeseed seed %s` makes them so",
      n, count[CHANGE_OTHER], count[CHANGE_NEW], gone.n, c->state.target);
}
