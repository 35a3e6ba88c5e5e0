/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kubernetes.kubelet.servingCertificates rotated: kubelets ask the cluster for
 * the certificates of their ports, and control-plane nodes approve what is a
 * node's own (scripts/approve-kubelets). Who signs is the controller manager,
 * so control-plane nodes have the key of the cluster's CA: by kubeadm in any
 * case, otherwise for this alone.
 */
#include "part/serving.h"
#include "part/ask.h"
#include "part/judge.h"
#include "part/part.h"
#include <string.h>

bool serving_is_rotated(const struct spec *s) {
  return s->kubernetes.kubelet.serving == SERVING_ROTATED;
}

bool serving_asks(const struct plan *p, const struct plan_node *n) {
  return n->registered && serving_is_rotated(p->spec);
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!n->has_kubelet || !serving_is_rotated(p->spec))
    return NULL;
  return n->spec->role == ROLE_CONTROL_PLANE
             ? "servingCertificates rotated: approves what kubelets ask for "
               "their ports"
             : "servingCertificates rotated: its kubelet asks the cluster";
}

static bool approves(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_CONTROL_PLANE;
}

static bool signs_for_this(const struct plan *p, const struct plan_node *n) {
  return approves(p, n) && !plan_by_kubeadm(p);
}

/* kubeadm has made the link. */
static bool links(const struct plan *p, const struct plan_node *n) {
  return serving_asks(p, n) && !plan_by_kubeadm(p);
}

static bool has_steps(const struct plan *p, const struct plan_node *n) {
  return links(p, n) || approves(p, n);
}

static const struct part_file files[] = {
    {KUBE_PKI "ca.key", "pki:ca.key", 0600, ROOT, signs_for_this},
    {"/etc/kubeseed/kubelets", "user-data/kubelets", 0644, ROOT, approves},
    {LIB "approve-kubelets", "scripts/approve-kubelets", 0755, ROOT, approves},
    {LIB "steps-approver.sh", "scripts/steps-approver.sh", 0644, ROOT,
     has_steps},
    {"/etc/systemd/system/kubeseed-approver.service",
     "user-data/approver.service", 0644, ROOT, approves},
    {0},
};

static void more_units(const struct plan_node *n, struct strv *ret) {
  if (n->spec->role == ROLE_CONTROL_PLANE)
    strv_push(ret, "kubeseed-approver.service");
}

static const struct part_step steps[] = {
    {"kubelet-link", links}, {"approver", approves}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  bool rotated = serving_is_rotated(p->spec);
  scope_set_flag(s, "serving_rotated", rotated);
  scope_set_list(s, "kubelets");
  for (size_t i = 0; rotated && i < p->registered.n; i++) {
    const struct plan_node *n = p->registered.v[i];
    _cleanup_buf_ struct buf names = {0};
    char a[NET_TEXT];
    buf_addf(&names, "%s %s %s", n->name, n->fqdn,
             ip_format(n->spec->address, a));
    if (ip_is_set(n->spec->address6))
      buf_addf(&names, " %s", ip_format(n->spec->address6, a));
    scope_set(scope_add(s, "kubelets"), "names", names.data);
  }
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  scope_set_flag(s, "kubelet_asks", serving_asks(p, n));
}

/* ---- verify ---- */

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  if (serving_asks(in->plan, n))
    ask_set(head, "SERVING", "yes");
}

/* Whoever has no certificate yet answers nobody; whoever shows it answers that
 * a caller without a name may not ask. */
static void verify(struct judge *j) {
  struct wrong w = {0};
  if (!serving_is_rotated(j->plan->spec))
    return;
  for (size_t i = 0; i < j->plan->registered.n; i++) {
    const struct plan_node *n = j->plan->registered.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "serving", &w);
    if (text && strcmp(text, "401") != 0)
      wrong_add(&w, "%s: %.*s", n->name, QUOTE_MAX, *text ? text : "nothing");
  }
  judge_end_count(j, "nodes.serving",
                  "every kubelet shows a certificate of the cluster's", &w,
                  j->plan->registered.n, "node");
}

/* ---- What a spec may say ---- */

/* certificates.k8s.io/v1, and with it all that the approver reads. */
#define OLDEST 19

static void check(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *kubelet =
      yaml_get(yaml_get(c->root, "kubernetes"), "kubelet");
  const struct yaml_node *at = yaml_get(kubelet, "servingCertificates");
  const struct spec_authority *own = &s->pki.authorities[AUTHORITY_KUBERNETES];
  if (!serving_is_rotated(s))
    return;
  if (version_up_to(&s->kubernetes.version, OLDEST - 1))
    yaml_fault(c->err, at,
               "kubelets' certificates are approved here from Kubernetes 1.%d "
               "on; write `own`, or a newer version",
               OLDEST);
  /* With kubeadm that is told of the CA itself (ca-keys.c). */
  if (own->cert && !own->key &&
      s->kubernetes.bootstrapper != BOOTSTRAPPER_KUBEADM)
    yaml_fault(c->err, at,
               "the cluster signs these with the key of its CA, and "
               "pki.authorities.kubernetes has none; write `own`, or name the "
               "key");
}

static const struct spec_check checks[] = {
    {check,
     {"kubernetes.kubelet.servingCertificates", "kubernetes.version",
      "pki.authorities", "kubernetes.bootstrapper"}},
    {0},
};

const struct part part_serving = {
    .name = "serving",
    .why = why,
    .checks = checks,
    .files = files,
    .more_units = more_units,
    .steps = steps,
    .values = values,
    .node_values = node_values,
    .ask = ask,
    .verify = verify,
};
