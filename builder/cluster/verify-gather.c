/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/verify.h"

#include "base/embedded.h"
#include "part/ask.h"
#include "part/parts.h"
#include <string.h>

/* For the pods to be pulled up and to run; emulated machines are slow. */
#define PODS_WAIT 300

static void add_script(struct buf *b, const char *name) {
  const struct embedded *e = embedded_find(name);
  if (e)
    buf_add(b, e->data, e->len);
}

/* As struct part_input wants it: the one secret that a question needs. */
static const char *stats_key(const void *keys, const char *name) {
  return keys && strcmp(name, "stats.secret") == 0 ? keys : "";
}

static void node_script(const struct plan *plan, const struct plan_node *n,
                        const char *stats_secret, struct buf *b) {
  const struct part_input in = {
      .plan = plan, .key = stats_key, .keys = stats_secret};
  parts_ask(&in, n, b);
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
  if (!f->cluster.text) {
    f->pods.error = xstrdup("no API server answers");
    return;
  }
  /* Otherwise kubeadm tells what its etcd is called. */
  if (plan->image_repository && plan->etcd_image_tag)
    buf_addf(&script, "IMAGE=%s/etcd:%s\n", plan->image_repository,
             plan->etcd_image_tag);
  else
    buf_adds(&script, "IMAGE=\n");
  buf_addf(&script, "WAIT=%d\n", PODS_WAIT);
  add_script(&script, "scripts/verify-pods");
  const struct remote patient = {
      .config = r->config,
      .timeout = r->timeout ? r->timeout + 3 * PODS_WAIT : 0,
  };
  ask_one(plan, &patient, &script, f, &f->pods);
}

void verify_gather_tutorial(const struct plan *plan, const struct remote *r,
                            bool objects, struct verify_facts *f) {
  _cleanup_buf_ struct buf script = {0};
  _cleanup_buf_ struct buf members = {0};
  char a[NET_TEXT];
  for (size_t i = 0; i < plan->members.n; i++)
    buf_addf(&members, "%shttps://%s:2379", i ? "," : "",
             ip_format(plan->members.v[i]->spec->address, a));
  ask_set(&script, "MEMBERS", members.data ? members.data : "");
  ask_set(&script, "UNITS",
          plan->spec->kubernetes.bootstrapper == BOOTSTRAPPER_SYSTEMD
              ? "kube-apiserver kube-controller-manager kube-scheduler"
              : "");
  ask_set(&script, "OBJECTS", objects ? "yes" : "");
  add_script(&script, "scripts/verify-tutorial");
  ask_one(plan, r, &script, f, &f->tutorial);
}
