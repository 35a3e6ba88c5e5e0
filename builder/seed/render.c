/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/render.h"

#include "base/digest.h"
#include "base/embedded.h"
#include "format/template.h"
#include "format/yaml.h"
#include "part/network.h"
#include "part/parts.h"
#include "seed/cloud-config.h"
#include <stdlib.h>
#include <string.h>

/* One template of user-data/, parsed. */
struct parsed {
  const char *name;
  struct template *template;
};
DEFINE_VEC(parsed_vec, struct parsed);

/* A file as one node has it: most others have it alike. */
struct shared {
  struct plan_file file;
  struct buf content; /* empty for a script, which is the same everywhere */
  struct buf item;    /* as user-data has it */
};
DEFINE_VEC(shared_vec, struct shared);

struct render {
  const struct plan *plan;
  const struct pki *pki;
  struct parsed_vec templates;
  struct yaml_node *base;   /* user-data/cloud-config.yaml */
  time_t time;              /* when the seeds count as made */
  struct shared_vec shared; /* see render_share */
  struct scope scope;       /* what is the same for all nodes */
};

/* What a file's source begins with, see struct plan_file. */
#define USER_DATA "user-data/"
#define PKI "pki:"
#define PKI_NODE PKI "node/"
#define SPEC_FILES "spec:files"
#define KUBECONFIG "kubeconfig:"

void seed_done(struct seed *s) {
  buf_done(&s->user_data);
  buf_done(&s->meta_data);
  buf_done(&s->network_config);
}

void render_free(struct render *r) {
  if (!r)
    return;
  for (size_t i = 0; i < r->templates.n; i++)
    template_free(r->templates.v[i].template);
  free(r->templates.v);
  for (size_t i = 0; i < r->shared.n; i++) {
    buf_done(&r->shared.v[i].content);
    buf_done(&r->shared.v[i].item);
  }
  free(r->shared.v);
  yaml_node_free(r->base);
  scope_done(&r->scope);
  free(r);
}

/* As struct part_input wants it. */
static const char *key_text(const void *keys, const char *name) {
  const struct pki_entry *e = pki_get(keys, name);
  return e ? e->data.data : "";
}

static bool is_template(const char *source) {
  return strncmp(source, USER_DATA, strlen(USER_DATA)) == 0;
}

static bool is_kubeconfig(const char *source) {
  return strncmp(source, KUBECONFIG, strlen(KUBECONFIG)) == 0;
}

static bool is_yaml(const char *source) {
  size_t n = strlen(source);
  return (n > 5 && strcmp(source + n - 5, ".yaml") == 0) ||
         strcmp(source, USER_DATA "kubeconfig") == 0 || is_kubeconfig(source) ||
         strcmp(source, USER_DATA "cni-bridge.conflist") == 0;
}

static bool is_checked(const char *source, size_t len) {
  if (strcmp(source, USER_DATA "network-config") == 0)
    return len <= RENDER_NETWORK_CHECKED;
  return is_yaml(source);
}

static int fill_template(const struct render *r, const char *source,
                         const struct scope *scope, struct buf *out,
                         struct error *err) {
  for (size_t i = 0; i < r->templates.n; i++) {
    const struct parsed *t = &r->templates.v[i];
    if (strcmp(t->name, source) == 0)
      return template_render(t->template, scope, out, err);
  }
  return error_set(err, 0, "there is no template '%s'", source);
}

static int check_filled(const char *source, const struct buf *text,
                        struct error *err) {
  return is_checked(source, text->len)
             ? yaml_check(source, text->data, text->len, err)
             : 0;
}

static int render_template(const struct render *r, const char *source,
                           const struct scope *scope, struct buf *out,
                           struct error *err) {
  return fill_template(r, source, scope, out, err) < 0
             ? -1
             : check_filled(source, out, err);
}

static bool is_at(const char *card, const char *path) {
  return card && strcmp(card, path) == 0;
}

/* The card whose file is at path; NULL for any other file. */
static const struct plan_interface *card_of(const struct plan_node *n,
                                            const char *path) {
  for (size_t i = 0; i < n->interfaces.n; i++)
    if (is_at(n->interfaces.v[i].link, path) ||
        is_at(n->interfaces.v[i].conf, path) ||
        is_at(n->interfaces.v[i].netdev, path) ||
        is_at(n->interfaces.v[i].network, path))
      return &n->interfaces.v[i];
  return NULL;
}

/* A file from a template, for one node. */
static int fill_for(const struct render *r, const struct plan_node *node,
                    const struct plan_file *f, const struct scope *scope,
                    struct buf *out, struct error *err) {
  const struct plan_interface *card = card_of(node, f->path);
  _cleanup_scope_ struct scope own = {.parent = scope};
  if (card)
    network_files(&own, card);
  return fill_template(r, f->source, &own, out, err);
}

/* One context of the template user-data/kubeconfig. */
static void add_context(struct scope *s, const char *name, const char *server) {
  struct scope *row = scope_add(s, "contexts");
  scope_set(row, "name", name);
  scope_set(row, "server", server);
}

/* A kubeconfig with one of the node's own certificates, for the API server that
 * the node asks. */
static int fill_kubeconfig(const struct render *r, const char *name,
                           const struct scope *scope,
                           const struct pki_node *keys, struct buf *out,
                           struct error *err) {
  _cleanup_free_ char *crt = xasprintf("node/%s.crt", name);
  _cleanup_free_ char *key = xasprintf("node/%s.key", name);
  const struct pki_entry *cert = keys ? pki_node_get(keys, crt) : NULL;
  const struct pki_entry *secret = keys ? pki_node_get(keys, key) : NULL;
  if (!cert || !secret)
    return error_set(err, 0, "there is no key '%s'", key);
  const char *cluster = r->plan->spec->name;
  _cleanup_scope_ struct scope own = {.parent = scope};
  scope_set(&own, "user", name);
  scope_set(&own, "current_context", cluster);
  scope_set(&own, "user_crt", cert->data.data);
  scope_set(&own, "user_key", secret->data.data);
  scope_set_list(&own, "contexts");
  add_context(&own, cluster, scope_text(scope, "api_server"));
  return fill_template(r, USER_DATA "kubeconfig", &own, out, err);
}

/* The bytes of one of the plan's files, from wherever its source says; those
 * of a template are not checked yet. keys may be NULL when it is not one of
 * the node's own. */
static int read_file(const struct render *r, const struct plan_node *node,
                     const struct plan_file *f, const struct scope *scope,
                     const struct pki_node *keys, struct buf *out,
                     struct error *err) {
  if (is_template(f->source))
    return fill_for(r, node, f, scope, out, err);
  if (strncmp(f->source, PKI, strlen(PKI)) == 0) {
    const char *name = f->source + strlen(PKI);
    const struct pki_entry *e = pki_get(r->pki, name);
    if (!e && keys)
      e = pki_node_get(keys, name);
    if (!e)
      return error_set(err, 0, "there is no key '%s' for '%s'", name, f->path);
    buf_add(out, e->data.data, e->data.len);
    return 0;
  }
  if (is_kubeconfig(f->source))
    return fill_kubeconfig(r, f->source + strlen(KUBECONFIG), scope, keys, out,
                           err);
  if (strcmp(f->source, SPEC_FILES) == 0) {
    const struct spec_file *own = plan_extras_file(&node->extras, f->path);
    buf_add(out, own->content.data, own->content.len);
    return 0;
  }
  const struct embedded *e = embedded_find(f->source);
  if (!e)
    return error_set(err, 0, "there is no file '%s'", f->source);
  buf_add(out, e->data, e->len);
  return 0;
}

/* ---- What many nodes have alike ---- */

static bool same_text(const char *a, const char *b) {
  return a == b || strcmp(a, b) == 0;
}

static const struct shared *find_shared(const struct render *r,
                                        const struct plan_file *f) {
  for (size_t i = 0; i < r->shared.n; i++) {
    const struct plan_file *s = &r->shared.v[i].file;
    if (same_text(s->source, f->source) && same_text(s->path, f->path) &&
        s->mode == f->mode && same_text(s->owner, f->owner))
      return &r->shared.v[i];
  }
  return NULL;
}

/* Whether every node has another one, as nodes' keys are. */
static bool is_own(const struct plan_file *f) {
  return strncmp(f->source, PKI_NODE, strlen(PKI_NODE)) == 0 ||
         is_kubeconfig(f->source);
}

static bool is_script(const struct plan_file *f) {
  return !is_template(f->source) && strncmp(f->source, PKI, strlen(PKI)) != 0 &&
         !is_kubeconfig(f->source) && strcmp(f->source, SPEC_FILES) != 0;
}

static int share(struct render *r, const struct plan_node *node,
                 const struct plan_file *f, const struct scope *scope,
                 struct error *err) {
  _cleanup_buf_ struct buf content = {0};
  if (read_file(r, node, f, scope, NULL, &content, err) < 0 ||
      check_filled(f->source, &content, err) < 0)
    return -1;
  struct shared *s = shared_vec_add(&r->shared);
  s->file = *f;
  if (cloud_config_item(f, &content, &s->item, err) < 0)
    return -1;
  if (!is_script(f)) {
    s->content = content;
    content = (struct buf){0};
  }
  return 0;
}

int render_share(struct render *r, const struct plan_node *node,
                 struct error *err) {
  _cleanup_scope_ struct scope scope = {.parent = &r->scope};
  for (size_t i = 0; i < node->files.n; i++) {
    const struct plan_file *f = &node->files.v[i];
    if (is_own(f) || find_shared(r, f))
      continue;
    if (scope.n == 0)
      parts_node_values(r->plan, node, &scope);
    if (share(r, node, f, &scope, err) < 0)
      return error_prefix(err, "node '%s'", node->name);
  }
  return 0;
}

static bool same_bytes(const struct buf *a, const struct buf *b) {
  return a->len == b->len && (a->len == 0 || !memcmp(a->data, b->data, a->len));
}

/* ---- One node ---- */

/* Content or item of one file of user-data. */
static int make_file(const struct render *r, const struct plan_node *node,
                     const struct scope *scope, const struct pki_node *keys,
                     struct cloud_file *f, struct error *err) {
  const struct shared *s = find_shared(r, f->planned);
  bool same = s && is_script(f->planned);
  if (!same &&
      read_file(r, node, f->planned, scope, keys, &f->content, err) < 0)
    return -1;
  same = same || (s && same_bytes(&f->content, &s->content));
  if (same)
    f->item = &s->item;
  return same ? 0 : check_filled(f->planned->source, &f->content, err);
}

static void files_done(struct cloud_file_vec *files) {
  for (size_t i = 0; i < files->n; i++)
    buf_done(&files->v[i].content);
  free(files->v);
}

static int render_user_data(const struct render *r,
                            const struct plan_node *node,
                            const struct scope *scope,
                            const struct pki_node *keys, struct buf *out,
                            struct error *err) {
  _cleanup_(files_done) struct cloud_file_vec files = {0};
  for (size_t i = 0; i < node->files.n; i++) {
    struct cloud_file *f = cloud_file_vec_add(&files);
    f->planned = &node->files.v[i];
    if (make_file(r, node, scope, keys, f, err) < 0)
      return error_prefix(err, "node '%s'", node->name);
  }
  const struct pki_entry *own = pki_get(r->pki, "ssh-user/id_ed25519.pub");
  return cloud_config_write(r->base, r->plan, node, own ? own->data.data : NULL,
                            &files, out, err);
}

#define CONTENT_HEX 8 /* digits of a digest that tell two contents apart */

/* The instance-id ends with a digest of what else is in the seed: cloud-init
 * lays a seed's files down once for each instance-id, and a corrected seed must
 * be read (cloud-init's documentation, "first boot determination"). */
static int render_meta_data(const struct plan_node *node, struct seed *s,
                            struct error *err) {
  char user[SHA256_HEX], network[SHA256_HEX], both[SHA256_HEX];
  sha256_hex(s->user_data.data, s->user_data.len, user);
  sha256_hex(s->network_config.data, s->network_config.len, network);
  _cleanup_free_ char *digests = xasprintf("%s%s", user, network);
  sha256_hex(digests, strlen(digests), both);
  _cleanup_free_ char *instance_id =
      xasprintf("%s-%.*s", node->instance_id, CONTENT_HEX, both);
  _cleanup_yaml_ struct yaml_node *root = yaml_new_map();
  yaml_map_set_str(root, "instance-id", instance_id);
  yaml_map_set_str(root, "local-hostname", node->name);
  /* The seed is all there is to fetch: cloud-init need not wait for a network
   * (cloud-init's NoCloud documentation, "dsmode"). */
  yaml_map_set_str(root, "dsmode", "local");
  if (yaml_emit(root, &s->meta_data, err) < 0)
    return -1;
  return yaml_check("meta-data", s->meta_data.data, s->meta_data.len, err);
}

int render_node(const struct render *r, const struct plan_node *node,
                const struct pki_node *keys, struct seed *ret,
                struct error *err) {
  _cleanup_seed_ struct seed s = {0};
  _cleanup_scope_ struct scope scope = {.parent = &r->scope};
  parts_node_values(r->plan, node, &scope);
  /* Before that its newest certificate is not valid. */
  if (keys->made > r->time)
    scope_setf(&scope, "seed_time", "%lld", (long long)keys->made);
  /* Text and not a tree of YAML: with cni: bridge each of a thousand nodes has
   * a thousand routes. There is no word of a user's in it that could need
   * quotes.
   */
  if (render_user_data(r, node, &scope, keys, &s.user_data, err) < 0 ||
      render_template(r, USER_DATA "network-config", &scope, &s.network_config,
                      err) < 0 ||
      render_meta_data(node, &s, err) < 0)
    return -1;
  *ret = s;
  s = (struct seed){0};
  return 0;
}

int render_admin_conf(const struct render *r, const char *user,
                      const struct kubeconfig_context *contexts, size_t n,
                      struct buf *out, struct error *err) {
  _cleanup_scope_ struct scope scope = {.parent = &r->scope};
  scope_set(&scope, "user", user);
  scope_set(&scope, "current_context", n ? contexts[0].name : "");
  scope_set(&scope, "user_crt", key_text(r->pki, "admin.crt"));
  scope_set(&scope, "user_key", key_text(r->pki, "admin.key"));
  scope_set_list(&scope, "contexts");
  for (size_t i = 0; i < n; i++)
    add_context(&scope, contexts[i].name, contexts[i].server);
  return render_template(r, USER_DATA "kubeconfig", &scope, out, err);
}

static int parse_templates(struct render *r, struct error *err) {
  for (size_t i = 0; i < n_embedded; i++) {
    const struct embedded *e = &embedded[i];
    if (!is_template(e->name))
      continue;
    struct template *t = NULL;
    if (template_parse(e->name, (const char *)e->data, e->len, &t, err) < 0)
      return -1;
    *parsed_vec_add(&r->templates) = (struct parsed){e->name, t};
  }
  const struct embedded *base = embedded_find(USER_DATA "cloud-config.yaml");
  if (!base)
    return error_set(err, 0, "there is no user-data/cloud-config.yaml");
  return yaml_parse(base->name, (const char *)base->data, base->len, &r->base,
                    err);
}

int render_new(const struct plan *plan, const struct pki *pki, time_t time,
               const char *earlier, struct render **ret, struct error *err) {
  _cleanup_render_ struct render *r = xcalloc(1, sizeof(*r));
  r->plan = plan;
  r->pki = pki;
  r->time = time;
  if (parse_templates(r, err) < 0)
    return -1;
  const struct part_input in = {.plan = plan,
                                .created = time,
                                .earlier = earlier,
                                .key = key_text,
                                .keys = pki};
  parts_values(&in, &r->scope);
  *ret = TAKE_PTR(r);
  return 0;
}
