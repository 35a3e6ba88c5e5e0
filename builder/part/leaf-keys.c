/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kubeadm would make on a control-plane node, made beforehand: no key of a
 * CA is on any node. And the first objects of the cluster. */
#include "part/part.h"
#include "spec/addons.h"
#include "spec/patch.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->spec->role == ROLE_CONTROL_PLANE && !plan_by_kubeadm(p)
             ? "certificates made before, and no key of a CA"
             : NULL;
}

static bool has_coredns(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return addons_leave_coredns(p->spec);
}

/* Where administrators are not system:masters somebody must let them in. */
static bool admins_are_bound(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return version_binds_admins(&p->spec->kubernetes.version);
}

#define BOTH(name)                                                             \
  {KUBE_PKI name ".crt", "pki:node/" name ".crt", 0644, ROOT, NULL}, {         \
    KUBE_PKI name ".key", "pki:node/" name ".key", 0600, ROOT, NULL            \
  }
#define CONF(name)                                                             \
  { "/etc/kubernetes/" name ".conf", "kubeconfig:" name, 0600, ROOT, NULL }

static const struct part_file files[] = {
    {KUBE_PKI "ca.crt", "pki:ca.crt", 0644, ROOT, NULL},
    {KUBE_PKI "front-proxy-ca.crt", "pki:front-proxy-ca.crt", 0644, ROOT, NULL},
    {KUBE_PKI "etcd/ca.crt", "pki:etcd/ca.crt", 0644, ROOT, NULL},
    {KUBE_PKI "sa.pub", "pki:sa.pub", 0644, ROOT, NULL},
    {KUBE_PKI "sa.key", "pki:sa.key", 0600, ROOT, NULL},
    BOTH("apiserver"),
    BOTH("apiserver-kubelet-client"),
    BOTH("front-proxy-client"),
    CONF("controller-manager"),
    CONF("scheduler"),
    CONF("admin"),
    {"/etc/kubeseed/super-admin.conf", "kubeconfig:super-admin", 0600, ROOT,
     admins_are_bound},
    {"/etc/kubeseed/objects/10-dns.yaml", "user-data/objects-dns.yaml", 0644,
     ROOT, has_coredns},
    {"/etc/kubeseed/objects/20-rights.yaml", "user-data/objects.yaml", 0644,
     ROOT, NULL},
    {0},
};

static const struct part_step steps[] = {{"objects", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct version *v = &in->plan->spec->kubernetes.version;
  scope_set_flag(s, "admins_are_bound", version_binds_admins(v));
  scope_set(s, "admin_group", version_admin_group(v));
}

static const struct yaml_node *bootstrapper_place(const struct checking *c) {
  return check_place(c, "kubernetes", "bootstrapper");
}

/* The oldest version whose flags and service accounts are those of today. */
#define OLDEST 20

static void check_fit(const struct checking *c) {
  const struct spec *s = c->spec;
  const char *word = word_of(bootstrapper_words, s->kubernetes.bootstrapper);
  if (s->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM)
    return;
  if (version_up_to(&s->kubernetes.version, OLDEST - 1))
    yaml_fault(c->err, bootstrapper_place(c),
               "the bootstrapper %s is for Kubernetes 1.%d and newer; write "
               "kubeadm, or a newer version",
               word, OLDEST);
  if (s->pki.mode != PKI_OFFLINE)
    yaml_fault(c->err, check_place(c, "pki", "mode"),
               "with the bootstrapper %s the workstation makes all "
               "certificates, so it must have the CAs: write `mode: offline`",
               word);
  if (s->etcd.mode == ETCD_STACKED)
    yaml_fault(c->err, check_place(c, "etcd", "mode"),
               "a stacked etcd grows by kubeadm's joins, and with the "
               "bootstrapper %s nobody joins; write founding or external",
               word);
  if (s->pki.renewal != RENEWAL_NONE)
    yaml_fault(c->err, check_place(c, "pki", "renewal"),
               "what is renewed on a node is what kubeadm made there; with the "
               "bootstrapper %s the certificates come with the seeds, which "
               "`kubeseed seed` makes anew (the manual, WITHOUT KUBEADM)",
               word);
}

/* A node without kubeadm patches its pods by kubectl (scripts/steps-static.sh),
 * and has no others. */
static void check_patches(const struct checking *c) {
  const struct spec_file_vec *l = &c->spec->kubernetes.patches;
  const struct yaml_node *at =
      yaml_get(yaml_get(c->root, "kubernetes"), "patches");
  enum bootstrapper b = c->spec->kubernetes.bootstrapper;
  for (size_t i = 0; i < l->n; i++) {
    enum patch_target target = patch_target(l->v[i].source);
    if (b == BOOTSTRAPPER_SYSTEMD)
      yaml_fault(c->err, at->child[i],
                 "with the bootstrapper systemd there is no pod that could be "
                 "patched; write extraArgs and extraVolumes");
    else if (target == PATCH_KUBELET || target == PATCH_COREDNS)
      yaml_fault(c->err, at->child[i],
                 "the bootstrapper static-pods patches the control plane's "
                 "pods alone; write kubelet.extraArgs, or change CoreDNS when "
                 "the cluster runs");
  }
}

/* What is kubeadm's alone. */
static void check_rest(const struct checking *c) {
  static const char *const keys[][2] = {{"kubernetes", "joinDays"},
                                        {"pki", "discovery"}};
  const struct spec *s = c->spec;
  const char *word = word_of(bootstrapper_words, s->kubernetes.bootstrapper);
  if (s->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM)
    return;
  check_patches(c);
  for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
    const struct yaml_node *at =
        yaml_get(yaml_get(c->root, keys[i][0]), keys[i][1]);
    if (at)
      check_warn(c, at,
                 "with the bootstrapper %s nobody joins, so %s.%s means "
                 "nothing; leave it out",
                 word, keys[i][0], keys[i][1]);
  }
}

static const struct spec_check checks[] = {
    {check_fit,
     {"kubernetes.bootstrapper", "kubernetes.version", "pki", "etcd.mode"}},
    {check_rest,
     {"kubernetes.bootstrapper", "kubernetes.patches", "kubernetes.joinDays",
      "pki.discovery"}},
    {0},
};

const struct part part_leaf_keys = {
    .name = "leaf-keys",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
    .values = values,
};
