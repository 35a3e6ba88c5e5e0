/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one node that runs `kubeadm init`. */
#include "part/components.h"
#include "part/objects.h"
#include "part/part.h"
#include "spec/addons.h"
#include "spec/payload-facts.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->founder && plan_by_kubeadm(p)
             ? "founds the cluster, as its first control-plane node"
             : NULL;
}

static bool v1beta4(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->kubeadm_api == KUBEADM_V1BETA4;
}

static bool older(const struct plan *p, const struct plan_node *n) {
  return !v1beta4(p, n);
}

static const struct part_file files[] = {
    {"/etc/kubeseed/kubeadm.yaml", "user-data/kubeadm-init-v1beta3.yaml", 0600,
     ROOT, older},
    {"/etc/kubeseed/kubeadm.yaml", "user-data/kubeadm-init-v1beta4.yaml", 0600,
     ROOT, v1beta4},
    {0},
};

static const struct part_step steps[] = {
    {"kubeadm-init", NULL}, {"tidy", NULL}, {0}};

/* kubeadm adds each node's own names; these hold for all. */
static void set_cert_sans(const struct spec *spec, struct scope *s) {
  scope_set_list(s, "cert_sans");
  scope_set(scope_add(s, "cert_sans"), "name", spec->endpoint.name);
  scope_set(scope_add(s, "cert_sans"), "name", "localhost");
  scope_set(scope_add(s, "cert_sans"), "name", "127.0.0.1");
  for (size_t i = 0; i < spec->kubernetes.cert_sans.n; i++)
    scope_set(scope_add(s, "cert_sans"), "name",
              spec->kubernetes.cert_sans.v[i]);
}

/* As encryptionAlgorithm of kubeadm's v1beta4 has it; "" for its default. */
static const char *kubeadm_algorithm(enum key_algorithm a) {
  static const char *const names[] = {
      [KEY_ECDSA_P256] = "ECDSA-P256",
      [KEY_ECDSA_P384] = "ECDSA-P384",
      [KEY_RSA_2048] = "",
      [KEY_RSA_3072] = "RSA-3072",
      [KEY_RSA_4096] = "RSA-4096",
  };
  return names[a];
}

/* For kubeadm, whose CAs last ten years unless it is told; it makes them with
 * pki.mode copied alone. */
static void set_validity(const struct spec *spec, struct scope *s) {
  bool cas = spec->pki.mode == PKI_COPIED && spec->pki.ca_hours != CA_HOURS;
  scope_set(s, "leaf_hours", "");
  scope_set(s, "ca_hours", "");
  if (spec->pki.leaf_hours)
    scope_setf(s, "leaf_hours", "%d", spec->pki.leaf_hours);
  if (cas)
    scope_setf(s, "ca_hours", "%d", spec->pki.ca_hours);
}

/* kubeadm's own, of versions that need them: v1beta4 has encryptionAlgorithm.
 */
static void set_kubeadm_gates(const struct spec *spec, struct scope *s) {
  scope_set_list(s, "kubeadm_gates");
  if (spec->pki.algorithm == KEY_ECDSA_P256)
    scope_set(scope_add(s, "kubeadm_gates"), "name", "PublicKeysECDSA");
  if (spec_has_ipv6(spec) && version_gates_ipv6(&spec->kubernetes.version))
    scope_set(scope_add(s, "kubeadm_gates"), "name", IPV6_GATE);
}

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  const struct spec *spec = p->spec;
  char a[NET_TEXT];
  scope_set(s, "kubeadm_api", kubeadm_api_name(p->kubeadm_api));
  scope_set(s, "image_repository",
            p->image_repository ? p->image_repository : "");
  scope_set(s, "services", cidr_format(&spec->network.services, a));
  scope_set(s, "pods", cidr_format(&spec->network.pods, a));
  scope_set(s, "service_networks", p->service_networks);
  scope_set(s, "pod_networks", p->pod_networks);
  set_kubeadm_gates(spec, s);
  scope_set(s, "cluster_dns", p->cluster_dns);
  scope_set(s, "key_algorithm", kubeadm_algorithm(spec->pki.algorithm));
  set_validity(spec, s);
  set_cert_sans(spec, s);
  components_values(p, s);
  /* The node's own checks (step "check") stand for kubeadm's preflight, which
   * refuses to go on after a power cut because files exist, and before 1.24
   * wants crictl, which Debian 12 does not have. */
  bool coredns = addons_leave_coredns(spec);
  scope_setf(s, "init_skip", "preflight%s", coredns ? "" : ",addon/coredns");
}

/* The network's pods, DNS and whatever else has been added. */
static void judge_system_pods(struct judge *j) {
  struct wrong w = {0};
  size_t n_pods = 0;
  size_t i;
  const json_t *o;
  json_array_foreach(j->objects->items, i, o) {
    if (!object_is(o, "Pod") || pod_is_leftover(o))
      continue;
    n_pods++;
    judge_pod(o, object_name(o), true, &w);
  }
  judge_end_count(j, "pods.system", "no pod of kube-system is in trouble", &w,
                  n_pods, "pod");
}

static void judge_dns(struct judge *j) {
  static const char id[] = "dns";
  static const char what[] = "DNS is ready at its address";
  struct wrong w = {0};
  const char *name = addon_dns_name(j->plan->spec);
  const json_t *dns = objects_find(j->objects, "Deployment", name);
  if (!dns) {
    judge_add(j, id, what, VERIFY_SKIP, "there is no deployment %s%s", name,
              payload_facts(j->plan->spec->kubernetes.payload)->coredns
                  ? ""
                  : "; the payload has none, so pods find services by address "
                    "only");
    return;
  }
  json_int_t expected = json_integer_value(
      json_object_get(json_object_get(dns, "spec"), "replicas"));
  json_int_t ready = json_integer_value(
      json_object_get(json_object_get(dns, "status"), "readyReplicas"));
  if (ready < expected || ready == 0)
    wrong_add(&w, "%lld of %lld replicas of %s are ready", (long long)ready,
              (long long)expected, name);
  const json_t *service = objects_find(j->objects, "Service", "kube-dns");
  const char *address =
      judge_text(json_object_get(service, "spec"), "clusterIP");
  if (!service)
    wrong_add(&w, "there is no service kube-dns");
  else if (strcmp(address, j->plan->cluster_dns) != 0)
    wrong_add(&w, "service kube-dns: expected %s, found %s",
              j->plan->cluster_dns, address);
  judge_end(j, id, what, &w, "%lld replicas, %s", (long long)ready,
            j->plan->cluster_dns);
}

/* What `kubeadm init` adds to the cluster beside the control plane. */
static void verify(struct judge *j) {
  judge_component(j, "pods.kube-proxy", "kube-proxy runs on every node",
                  "kube-proxy", &j->plan->kubelets, true);
  if (!j->objects)
    return;
  judge_system_pods(j);
  judge_dns(j);
}

static void check_keys(const struct checking *c) {
  const struct version *v = &c->spec->kubernetes.version;
  const struct yaml_node *at = check_place(c, "pki", "algorithm");
  enum key_algorithm a = c->spec->pki.algorithm;
  if (c->spec->kubernetes.bootstrapper != BOOTSTRAPPER_KUBEADM)
    return;
  if ((a == KEY_RSA_3072 || a == KEY_RSA_4096) && !version_has_key_sizes(v))
    yaml_fault(c->err, at,
               "kubeadm before 1.31 makes RSA keys of 2048 bits alone; write "
               "rsa-2048 or ecdsa-p256");
  if (a == KEY_ECDSA_P384 && !version_has_p384(v))
    yaml_fault(c->err, at,
               "kubeadm before 1.34 makes no keys on the curve P-384; write "
               "ecdsa-p256 or rsa-2048");
  if (a == KEY_ECDSA_P256 && !version_has_ecdsa(v))
    yaml_fault(c->err, at,
               "kubeadm before 1.19 makes no ECDSA keys; write `pki: "
               "{algorithm: rsa-2048}`");
}

/* Of CAs that kubeadm makes, and of what those sign that it does not. */
static void check_validity(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *pki = yaml_get(c->root, "pki");
  const struct yaml_node *validity = yaml_get(pki, "validity");
  const struct yaml_node *ca = yaml_get(validity, "ca");
  const struct yaml_node *leaf = yaml_get(validity, "leaf");
  bool told = version_has_validity(&s->kubernetes.version);
  if (leaf && s->pki.leaf_hours > s->pki.ca_hours)
    yaml_fault(c->err, leaf,
               "a certificate cannot outlive its CA, for which pki.validity.ca "
               "is %s",
               ca ? ca->text : "10y");
  if (ca && !told && s->pki.mode == PKI_COPIED && s->pki.ca_hours != CA_HOURS)
    yaml_fault(c->err, ca,
               "with pki.mode copied kubeadm makes the CAs, and before 1.31 "
               "for ten years; leave it out, or write pki.mode offline");
  if (leaf && !told && s->pki.mode == PKI_COPIED)
    yaml_fault(c->err, leaf,
               "with pki.mode copied kubeadm makes all certificates, and "
               "before 1.31 for a year; leave it out");
  else if (leaf && !told && s->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM)
    check_warn(c, leaf,
               "kubeadm before 1.31 makes its own certificates for a year; "
               "this is for those of etcd and the administrator");
}

static const struct spec_check checks[] = {
    {check_keys,
     {"pki.algorithm", "kubernetes.version", "kubernetes.bootstrapper"}},
    {check_validity,
     {"pki.validity.ca", "pki.validity.leaf", "pki.mode", "kubernetes.version",
      "kubernetes.bootstrapper"}},
    {components_check, COMPONENTS_READ},
    {components_check_kubelets, COMPONENTS_READ_KUBELETS},
    {0},
};

const struct part part_kubeadm_init = {
    .name = "kubeadm-init",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
    .values = values,
    .verify = verify,
};
