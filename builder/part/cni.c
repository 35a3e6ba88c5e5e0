/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Networks between pods that run in pods (network.cni flannel, calico and
 * canal): their manifests, which the first node applies before those of the
 * spec. They are made by the facts of upstream's:
 * Documentation/kube-flannel.yml of flannel-io/ flannel, and
 * manifests/calico-vxlan.yaml and canal.yaml of projectcalico/calico.
 */
#include "spec/cni.h"
#include "base/buf.h"
#include "base/digest.h"
#include "part/nodes.h"
#include "part/part.h"
#include "spec/manifest.h"
#include "spec/payload-facts.h"
#include <string.h>

#define USUAL_MTU 1500
#define PATH_BEFORE MANIFEST_FOLDER "00-"

static bool applies_it(const struct plan *p, const struct plan_node *n) {
  return n->founder && cni_runs_in_pods(p->spec->network.cni);
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  return applies_it(p, n) ? "network.cni: applies what runs in pods for it"
                          : NULL;
}

static bool is_flannel(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->network.cni == CNI_FLANNEL;
}

static bool is_calico(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->network.cni == CNI_CALICO;
}

static bool is_canal(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->network.cni == CNI_CANAL;
}

/* The kinds of objects come before those. */
static bool has_kinds(const struct plan *p, const struct plan_node *n) {
  return is_calico(p, n) || is_canal(p, n);
}

static const struct part_file files[] = {
    {PATH_BEFORE "calico-kinds.yaml", "user-data/cni-calico-kinds.yaml", 0644,
     ROOT, has_kinds},
    {PATH_BEFORE "calico.yaml", "user-data/cni-calico.yaml", 0644, ROOT,
     is_calico},
    {PATH_BEFORE "canal.yaml", "user-data/cni-canal.yaml", 0644, ROOT,
     is_canal},
    {PATH_BEFORE "flannel.yaml", "user-data/cni-flannel.yaml", 0644, ROOT,
     is_flannel},
    {0},
};

/* Those of manifests/crds.yaml that its programs ask for at 3.26 to 3.32. What
 * their objects hold is not looked at: the programs do. */
static const struct kind {
  const char *plural, *kind;
  bool in_namespace, has_status;
} kinds[] = {
    {"bgpconfigurations", "BGPConfiguration", false, false},
    {"bgpfilters", "BGPFilter", false, false},
    {"bgppeers", "BGPPeer", false, false},
    {"blockaffinities", "BlockAffinity", false, false},
    {"caliconodestatuses", "CalicoNodeStatus", false, false},
    {"clusterinformations", "ClusterInformation", false, false},
    {"felixconfigurations", "FelixConfiguration", false, false},
    {"globalnetworkpolicies", "GlobalNetworkPolicy", false, false},
    {"globalnetworksets", "GlobalNetworkSet", false, false},
    {"hostendpoints", "HostEndpoint", false, false},
    {"ipamblocks", "IPAMBlock", false, false},
    {"ipamconfigs", "IPAMConfig", false, false},
    {"ipamhandles", "IPAMHandle", false, false},
    {"ippools", "IPPool", false, false},
    {"ipreservations", "IPReservation", false, false},
    {"kubecontrollersconfigurations", "KubeControllersConfiguration", false,
     true},
    {"networkpolicies", "NetworkPolicy", true, false},
    {"networksets", "NetworkSet", true, false},
    {"stagedglobalnetworkpolicies", "StagedGlobalNetworkPolicy", false, false},
    {"stagedkubernetesnetworkpolicies", "StagedKubernetesNetworkPolicy", true,
     false},
    {"stagednetworkpolicies", "StagedNetworkPolicy", true, false},
    {"tiers", "Tier", false, false},
};

#define CALICO "crd.projectcalico.org"
#define POLICY "policy.networking.k8s.io"
#define POLICY_PULL                                                            \
  "https://github.com/kubernetes-sigs/network-policy-api/pull/"

/* Those of sig-network, of which each release watches some: 3.29 to 3.31 the
 * older ones, later ones the first. Their group wants to know by whom they were
 * approved (kubernetes pull 79992). */
static const struct policy_kind {
  const char *plural, *kind, *api, *approved;
} policy_kinds[] = {
    {"clusternetworkpolicies", "ClusterNetworkPolicy", "v1alpha2",
     POLICY_PULL "347"},
    {"adminnetworkpolicies", "AdminNetworkPolicy", "v1alpha1",
     POLICY_PULL "30"},
    {"baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy", "v1alpha1",
     POLICY_PULL "30"},
};

static struct scope *add_kind(struct scope *s, const char *plural,
                              const char *kind) {
  struct scope *row = scope_add(s, "calico_kinds");
  _cleanup_free_ char *singular = xstrdup(kind);
  for (char *c = singular; *c; c++)
    if (*c >= 'A' && *c <= 'Z')
      *c = (char)(*c - 'A' + 'a');
  scope_set(row, "plural", plural);
  scope_set(row, "singular", singular);
  scope_set(row, "kind", kind);
  return row;
}

static void set_kinds(struct scope *s) {
  scope_set_list(s, "calico_kinds");
  for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
    struct scope *row = add_kind(s, kinds[i].plural, kinds[i].kind);
    scope_set(row, "group", CALICO);
    scope_set(row, "api", "v1");
    scope_set(row, "approved", "");
    scope_set_flag(row, "in_namespace", kinds[i].in_namespace);
    scope_set_flag(row, "has_status", kinds[i].has_status);
  }
  for (size_t i = 0; i < ARRAY_SIZE(policy_kinds); i++) {
    struct scope *row =
        add_kind(s, policy_kinds[i].plural, policy_kinds[i].kind);
    scope_set(row, "group", POLICY);
    scope_set(row, "api", policy_kinds[i].api);
    scope_set(row, "approved", policy_kinds[i].approved);
    scope_set_flag(row, "in_namespace", false);
    scope_set_flag(row, "has_status", true);
  }
}

/* The one whose name, without its tag, ends so. */
static void set_image(struct scope *s, const struct spec *spec,
                      const char *value, const char *end) {
  size_t len, want = strlen(end);
  const char *name, *image = NULL;
  for (size_t i = 0; (name = cni_image_name(spec, i, &len)); i++)
    if (len >= want && strncmp(name + len - want, end, want) == 0)
      image = cni_image(spec, name, len);
  scope_set(s, value, image ? image : "");
}

/* In manifests.list a digest stands for what was applied: one of all that the
 * templates are filled with. */
static void set_digest(struct scope *s, const struct plan *p) {
  const struct spec *spec = p->spec;
  char hex[SHA256_HEX];
  size_t len;
  const char *name;
  _cleanup_buf_ struct buf b = {0};
  buf_addf(&b, "%s %s %d %d %d %d", cni_name(spec->network.cni),
           p->pod_networks, (int)spec->network.flannel.backend,
           spec->network.vxlan.vni, spec->network.vxlan.port,
           cni_pod_mtu(spec));
  for (size_t i = 0; (name = cni_image_name(spec, i, &len)); i++) {
    const char *image = cni_image(spec, name, len);
    buf_addf(&b, " %s", image ? image : "");
  }
  if (cni_asks_etcd(spec))
    buf_addf(&b, " %s", scope_text(s, "flannel_etcd"));
  sha256_hex(b.data, b.len, hex);
  scope_set(s, "cni_digest", hex);
}

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  const struct spec *spec = p->spec;
  if (!cni_runs_in_pods(spec->network.cni))
    return;
  set_image(s, spec, "flannel_image", "/flannel");
  set_image(s, spec, "flannel_plugin_image", "/flannel-cni-plugin");
  set_image(s, spec, "calico_node_image", "/calico/node");
  set_image(s, spec, "calico_cni_image", "/calico/cni");
  set_image(s, spec, "calico_controllers_image", "/calico/kube-controllers");
  scope_set_flag(s, "flannel_by_vxlan",
                 spec->network.flannel.backend == FLANNEL_VXLAN);
  scope_set_flag(s, "flannel_in_etcd", cni_asks_etcd(spec));
  nodes_set(s, "flannel_etcd", &p->members, NULL, ",", nodes_etcd);
  /* calico looks for the card's by names like eth0, which kube0 is not. A
   * header of IPv6 is 20 bytes longer. */
  int mtu = cni_pod_mtu(spec) ? cni_pod_mtu(spec) : USUAL_MTU;
  scope_setf(s, "cni_mtu", "%d", mtu);
  scope_setf(s, "cni_mtu6", "%d", mtu - 20);
  scope_set(s, "cluster_card",
            plan_cluster_interface(p->control_planes.v[0])->name);
  set_kinds(s);
  set_digest(s, p);
}

/* For manifests.list. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  scope_set_list(s, "cni_manifests");
  if (!applies_it(p, n))
    return;
  for (const struct part_file *f = files; f->path; f++)
    if (f->when(p, n))
      scope_set(scope_add(s, "cni_manifests"), "path", f->path);
}

static void check_payload(const struct checking *c) {
  const struct spec *s = c->spec;
  const char *payload = s->kubernetes.payload;
  const struct yaml_node *at = check_place(c, "network", "cni");
  if (!cni_runs_in_pods(s->network.cni) || !payload ||
      !s->kubernetes.version_text)
    return;
  if (payload_facts(payload)->kind == PAYLOAD_DEBIAN)
    yaml_fault(c->err, at,
               "the payload '%s' has no images of %s; write `cni: vxlan`, "
               "which needs none, or another payload",
               payload, cni_name(s->network.cni));
  else if (cni_too_old(s))
    yaml_fault(c->err, at,
               "kubeseed knows of no %s for Kubernetes %s, only for %s and "
               "later; write `cni: vxlan`, or `none` and install one",
               cni_name(s->network.cni), s->kubernetes.version_text,
               cni_too_old(s));
}

static void check_use(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *map = yaml_get(c->root, "network");
  const struct yaml_node *flannel = yaml_get(map, "flannel");
  if (flannel && flannel->n > 0 && !cni_has_flannel(s->network.cni))
    yaml_fault(c->err, flannel,
               "'flannel' is for cni flannel and canal, and this is %s; leave "
               "it out",
               cni_name(s->network.cni));
  if (s->network.cni == CNI_CANAL && spec_has_ipv6(s))
    yaml_fault(c->err, yaml_get(map, "ipv6"),
               "canal gives pods addresses of IPv4 alone; write `cni: calico` "
               "or `flannel`, or leave out ipv6");
}

static const struct spec_check checks[] = {
    {check_payload,
     {"network.cni", "kubernetes.version", "kubernetes.payload"}},
    {check_use, {"network"}},
    {0},
};

const struct part part_cni = {
    .name = "cni",
    .why = why,
    .checks = checks,
    .files = files,
    .values = values,
    .node_values = node_values,
};
