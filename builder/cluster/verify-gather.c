/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/verify.h"

#include "base/embedded.h"
#include "base/quote.h"
#include <string.h>

/* For the pods to be pulled up and to run; emulated machines are slow. */
#define PODS_WAIT 300

/* One value of a script's head. */
static void head_set(struct buf *b, const char *name, const char *value) {
  buf_addf(b, "%s=", name);
  quote_sh(value, b);
  buf_adds(b, "\n");
}

static void add_script(struct buf *b, const char *name) {
  const struct embedded *e = embedded_find(name);
  if (e)
    buf_add(b, e->data, e->len);
}

/* nginx tells nothing of what is behind it: the node asks in its place. */
static void head_api_servers(const struct plan *plan, struct buf *b) {
  _cleanup_buf_ struct buf servers = {0};
  char a[NET_TEXT];
  for (size_t i = 0; i < plan->nodes.n; i++) {
    const struct plan_node *n = &plan->nodes.v[i];
    if (n->spec->role == ROLE_CONTROL_PLANE)
      buf_addf(&servers, "%s%s=%s", servers.len ? " " : "", n->name,
               ip_format(n->spec->address, a));
  }
  head_set(b, "API_SERVERS", servers.data ? servers.data : "");
}

static void node_script(const struct plan *plan, const struct plan_node *n,
                        const char *stats_secret, struct buf *b) {
  _cleanup_buf_ struct buf units = {0};
  for (size_t i = 0; i < n->units.n; i++)
    buf_addf(&units, "%s%s", i ? " " : "", n->units.v[i]);
  head_set(b, "UNITS", units.data ? units.data : "");
  const char *etcd = n->runs_etcd ? "unit" : "static";
  head_set(b, "ETCD", n->has_member ? etcd : "");
  head_set(b, "KUBELET", n->has_kubelet ? "yes" : "");
  if (stats_secret && n->spec->role == ROLE_LOAD_BALANCER) {
    buf_addf(b, "STATS_PORT=%d\n", plan->spec->endpoint.stats_port);
    head_set(b, "STATS_SECRET", stats_secret);
  }
  if (n->spec->role == ROLE_LOAD_BALANCER &&
      plan->spec->endpoint.provider == PROVIDER_NGINX)
    head_api_servers(plan, b);
  add_script(b, "scripts/verify-node");
}

static char *error_text(const struct error *err) {
  return xstrdup(err->n_faults ? err->faults[0].msg : "no answer");
}

int verify_gather_nodes(const struct plan *plan, const struct remote *r,
                        const char *stats_secret, struct verify_facts *f,
                        struct error *err) {
  _cleanup_free_ struct remote_call *calls = xcalloc(f->n, sizeof(*calls));
  _cleanup_free_ struct buf *scripts = xcalloc(f->n, sizeof(*scripts));
  _cleanup_free_ size_t *asked = xcalloc(f->n, sizeof(*asked));
  size_t n_asked = 0;
  for (size_t i = 0; i < f->n; i++) {
    const struct plan_node *n = &plan->nodes.v[i];
    if (f->node[i].error)
      continue;
    struct buf *script = &scripts[n_asked];
    node_script(plan, n, stats_secret, script);
    asked[n_asked] = i;
    calls[n_asked++] =
        (struct remote_call){.node = n->name, .script = script->data};
  }
  remote_run_all(r, calls, n_asked);
  int result = 0;
  for (size_t i = 0; i < n_asked; i++) {
    struct verify_answer *answer = &f->node[asked[i]];
    if (calls[i].err.kind == ERROR_MISSING && result == 0) {
      error_move(err, &calls[i].err);
      result = -1;
    } else if (error_is_set(&calls[i].err)) {
      answer->error = error_text(&calls[i].err);
    } else {
      answer->text = buf_take(&calls[i].output);
    }
    remote_call_done(&calls[i]);
    buf_done(&scripts[i]);
  }
  return result;
}

/* Runs the script on control-plane nodes until one gives an answer. */
static void ask_one(const struct plan *plan, const struct remote *r,
                    const struct buf *script, const struct verify_facts *f,
                    struct verify_answer *ret) {
  for (size_t i = 0; i < f->n && !ret->text; i++) {
    _cleanup_buf_ struct buf output = {0};
    _cleanup_error_ struct error err = {0};
    const struct plan_node *n = &plan->nodes.v[i];
    if (n->spec->role != ROLE_CONTROL_PLANE || !f->node[i].text)
      continue;
    if (remote_run(r, n->name, script->data, &output, &err) == 0)
      ret->text = buf_take(&output);
    else if (!ret->error)
      ret->error = error_text(&err);
  }
  if (!ret->text && !ret->error)
    ret->error = xstrdup("no control-plane node answers ssh");
}

void verify_gather_cluster(const struct plan *plan, const struct remote *r,
                           struct verify_facts *f) {
  _cleanup_buf_ struct buf script = {0};
  add_script(&script, "scripts/verify-cluster");
  ask_one(plan, r, &script, f, &f->cluster);
}

void verify_gather_pods(const struct plan *plan, const struct remote *r,
                        struct verify_facts *f) {
  _cleanup_buf_ struct buf script = {0};
  if (!plan->image_repository || !plan->etcd_image_tag) {
    f->pods.skipped = xasprintf("no image with a server and a client is known "
                                "to be on the nodes with the payload '%s'",
                                plan->spec->kubernetes.payload);
    return;
  }
  if (!f->cluster.text) {
    f->pods.error = xstrdup("no API server answers");
    return;
  }
  buf_addf(&script, "IMAGE=%s/etcd:%s\nWAIT=%d\n", plan->image_repository,
           plan->etcd_image_tag, PODS_WAIT);
  add_script(&script, "scripts/verify-pods");
  const struct remote patient = {
      .config = r->config,
      .timeout = r->timeout ? r->timeout + 3 * PODS_WAIT : 0,
  };
  ask_one(plan, &patient, &script, f, &f->pods);
}
