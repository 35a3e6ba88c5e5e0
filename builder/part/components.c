/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/components.h"

#include "part/part.h"
#include "part/serving.h"
#include "part/settings.h"
#include "spec/encryption.h"
#include "spec/settings.h"
#include "spec/tokens.h"
#include <string.h>

struct scope *component_add_pair(struct scope *s, const char *list,
                                 const char *pair) {
  size_t n = strcspn(pair, "=");
  struct scope *row = scope_add(s, list);
  scope_setf(row, "name", "%.*s", (int)n, pair);
  scope_set(row, "value", pair + n + 1);
  scope_setf(row, "flag", "--%s", pair);
  return row;
}

static void add_volumes(const struct spec_volume_vec *l, const char *list,
                        struct scope *s) {
  scope_set_list(s, list);
  for (size_t i = 0; i < l->n; i++) {
    const struct spec_volume *v = &l->v[i];
    struct scope *row = scope_add(s, list);
    scope_setf(row, "name", "spec-%zu", i + 1);
    scope_set(row, "host", v->host_path);
    scope_set(row, "mount", v->mount_path ? v->mount_path : v->host_path);
    scope_set_flag(row, "read_only", v->access == ACCESS_READ_ONLY);
  }
}

static void add_own_volume(struct scope *s, const char *name, const char *path,
                           bool read_only) {
  struct scope *row = scope_add(s, "apiserver_volumes");
  scope_set(row, "name", name);
  scope_set(row, "host", path);
  scope_set(row, "mount", path);
  scope_set_flag(row, "read_only", read_only);
}

/* The author's feature gates, and those that what he asks for needs. */
static void all_gates(const struct spec *spec, struct strv *ret) {
  const struct strv *own = &spec->kubernetes.feature_gates;
  for (size_t i = 0; i < own->n; i++)
    strv_push(ret, own->v[i]);
  if (spec_has_ipv6(spec) && version_gates_ipv6(&spec->kubernetes.version) &&
      !strv_has(own, IPV6_GATE "=true"))
    strv_push(ret, IPV6_GATE "=true");
}

bool component_is_told(const struct strv *args, const char *name) {
  size_t len = strlen(name);
  for (size_t i = 0; i < args->n; i++)
    if (strncmp(args->v[i], name, len) == 0 && args->v[i][len] == '=')
      return true;
  return false;
}

/* One that follows from another key; the author's own argument counts. */
static void add_arg(struct strv *args, const char *name, const char *value) {
  if (!component_is_told(args, name))
    strv_pushf(args, "%s=%s", name, value);
}

/* The API server's, for the keys of `kubernetes` that are more than arguments.
 */
static void api_server_args(const struct spec *spec, struct strv *args) {
  if (spec->kubernetes.audit_policy) {
    add_arg(args, "audit-policy-file", AUDIT_POLICY);
    add_arg(args, "audit-log-path", AUDIT_LOGS "/audit.log");
    add_arg(args, "audit-log-maxage", "30");
    add_arg(args, "audit-log-maxbackup", "10");
    add_arg(args, "audit-log-maxsize", "100");
  }
  if (spec->kubernetes.encryption != ENCRYPTION_NONE)
    add_arg(args, "encryption-provider-config", ENCRYPTION_CONFIG);
  /* Elsewhere an API server believes no other in any case (flags.c). */
  if (serving_is_rotated(spec) &&
      spec->kubernetes.bootstrapper == BOOTSTRAPPER_KUBEADM)
    add_arg(args, "kubelet-certificate-authority", KUBE_PKI "ca.crt");
}

void component_args(const struct spec *spec, enum component c,
                    struct strv *ret) {
  const struct strv *own = &spec->kubernetes.components[c].args;
  for (size_t i = 0; i < own->n; i++)
    strv_push(ret, own->v[i]);
  if (c == COMPONENT_KUBELET)
    return;
  _cleanup_strv_ struct strv gates = {0};
  all_gates(spec, &gates);
  _cleanup_free_ char *joined = strv_join(&gates, ",");
  if (gates.n > 0)
    add_arg(ret, "feature-gates", joined);
  if (c == COMPONENT_API_SERVER)
    api_server_args(spec, ret);
  settings_arguments(spec, c, ret);
}

/* The component's volumes, those that api_server_args needs behind them. */
static void set_volumes(const struct spec *spec, enum component c,
                        const char *list, struct scope *s) {
  add_volumes(&spec->kubernetes.components[c].volumes, list, s);
  if (c != COMPONENT_API_SERVER)
    return;
  if (spec->kubernetes.audit_policy) {
    add_own_volume(s, "audit-policy", AUDIT_POLICY, true);
    add_own_volume(s, "audit-logs", AUDIT_LOGS, false);
  }
  if (spec->kubernetes.encryption != ENCRYPTION_NONE)
    add_own_volume(s, "encryption", ENCRYPTION_CONFIG, true);
  if (spec->kubernetes.api.tokens.n > 0)
    add_own_volume(s, "tokens", TOKENS_FILE, true);
  if (spec->kubernetes.api.webhook.config)
    add_own_volume(s, "token-webhook", TOKEN_WEBHOOK, true);
  if (spec->kubernetes.api.oidc.ca)
    add_own_volume(s, "oidc-ca", OIDC_CA, true);
}

static void set_component(const struct spec *spec, enum component c,
                          const char *args, const char *volumes,
                          struct scope *s) {
  _cleanup_strv_ struct strv all = {0};
  component_args(spec, c, &all);
  scope_set_list(s, args);
  for (size_t i = 0; i < all.n; i++)
    component_add_pair(s, args, all.v[i]);
  if (volumes)
    set_volumes(spec, c, volumes, s);
}

void components_values(const struct plan *p, struct scope *s) {
  const struct spec *spec = p->spec;
  _cleanup_strv_ struct strv gates = {0};
  all_gates(spec, &gates);
  set_component(spec, COMPONENT_API_SERVER, "apiserver_args",
                "apiserver_volumes", s);
  set_component(spec, COMPONENT_CONTROLLER_MANAGER, "controller_args",
                "controller_volumes", s);
  set_component(spec, COMPONENT_SCHEDULER, "scheduler_args",
                "scheduler_volumes", s);
  set_component(spec, COMPONENT_KUBELET, "kubelet_args", NULL, s);
  settings_kubelet(p, s);
  const struct spec_component *scheduler =
      &spec->kubernetes.components[COMPONENT_SCHEDULER];
  scope_set_flag(s, "scheduler_is_set",
                 scheduler->args.n + gates.n + scheduler->volumes.n > 0);
  scope_set_list(s, "feature_gates");
  for (size_t i = 0; i < gates.n; i++)
    component_add_pair(s, "feature_gates", gates.v[i]);
  scope_set(s, "cluster_domain", spec->kubernetes.cluster_domain);
  scope_set(s, "proxy_mode",
            word_of(proxy_mode_words, (int)spec->kubernetes.proxy_mode));
}

/* ---- What a spec may say ---- */

static const struct yaml_node *place_of(const struct checking *c,
                                        enum component component) {
  const struct yaml_node *kubernetes = yaml_get(c->root, "kubernetes");
  return yaml_get(kubernetes, component_name(component));
}

/* around: the map of the component, of which there may be none. */
static void check_args(const struct checking *c, enum component component,
                       const struct yaml_node *around) {
  const struct yaml_node *args = yaml_get(around, "extraArgs");
  for (size_t i = 0; args && i < args->n; i++) {
    const char *name = args->child[i]->key;
    const char *why = argument_reserved(component, name);
    const char *key = settings_key(c->spec, component, name);
    if (key)
      yaml_fault_key(c->err, args->child[i],
                     "the argument '%s' follows from %s.%s; write one of the "
                     "two",
                     name, component_name(component), key);
    else if (why)
      yaml_fault_key(c->err, args->child[i],
                     "the argument '%s' cannot be one of yours: it %s", name,
                     why);
    else if (c->spec->kubernetes.audit_policy &&
             (strcmp(name, "audit-policy-file") == 0 ||
              strcmp(name, "audit-log-path") == 0))
      yaml_fault_key(c->err, args->child[i],
                     "the argument '%s' follows from auditPolicy; write one of "
                     "the two",
                     name);
    else if (c->spec->kubernetes.encryption != ENCRYPTION_NONE &&
             strcmp(name, "encryption-provider-config") == 0)
      yaml_fault_key(c->err, args->child[i],
                     "the argument '%s' follows from encryptionAtRest; write "
                     "one of the two",
                     name);
    else if (strcmp(name, "enable-admission-plugins") == 0 &&
             !strstr(args->child[i]->text, "NodeRestriction"))
      yaml_fault(c->err, args->child[i],
                 "this takes the place of kubeadm's NodeRestriction; write it "
                 "there, too");
  }
}

/* What kubeadm mounts (cmd/kubeadm/app/phases/controlplane/volumes.go). */
static const char *const mounted[N_COMPONENTS][8] = {
#define CERTIFICATES                                                           \
  "/etc/kubernetes/pki", "/etc/ssl/certs", "/etc/ca-certificates",             \
      "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"
    [COMPONENT_API_SERVER] = {CERTIFICATES},
    [COMPONENT_CONTROLLER_MANAGER] =
        {CERTIFICATES, "/etc/kubernetes/controller-manager.conf",
         "/usr/libexec/kubernetes/kubelet-plugins/volume/exec"},
    [COMPONENT_SCHEDULER] = {"/etc/kubernetes/scheduler.conf"},
};

static const char *mount_path(const struct spec_volume *v) {
  return v->mount_path ? v->mount_path : v->host_path;
}

/* Whether the pod has something there without the n-th of its volumes. */
static bool is_mounted(const struct spec *s, enum component component,
                       size_t n) {
  const struct spec_volume_vec *volumes =
      &s->kubernetes.components[component].volumes;
  const char *path = mount_path(&volumes->v[n]);
  for (size_t i = 0; i < n; i++)
    if (strcmp(mount_path(&volumes->v[i]), path) == 0)
      return true;
  for (size_t i = 0; i < ARRAY_SIZE(mounted[0]) && mounted[component][i]; i++)
    if (strcmp(mounted[component][i], path) == 0)
      return true;
  if (component != COMPONENT_API_SERVER)
    return false;
  const char *own[] = {s->kubernetes.audit_policy ? AUDIT_POLICY : "",
                       s->kubernetes.api.tokens.n ? TOKENS_FILE : "",
                       s->kubernetes.api.webhook.config ? TOKEN_WEBHOOK : "",
                       s->kubernetes.api.oidc.ca ? OIDC_CA : ""};
  for (size_t i = 0; i < ARRAY_SIZE(own); i++)
    if (strcmp(own[i], path) == 0)
      return true;
  return (s->kubernetes.encryption != ENCRYPTION_NONE &&
          strcmp(path, ENCRYPTION_CONFIG) == 0) ||
         (s->kubernetes.audit_policy && strcmp(path, AUDIT_LOGS) == 0);
}

/* A kubelet takes no pod that has two volumes at one path. */
static void check_volumes(const struct checking *c, enum component component) {
  const struct spec_volume_vec *volumes =
      &c->spec->kubernetes.components[component].volumes;
  const struct yaml_node *list =
      yaml_get(place_of(c, component), "extraVolumes");
  for (size_t i = 0; i < volumes->n; i++)
    if (is_mounted(c->spec, component, i))
      yaml_fault(c->err, list->child[i],
                 "the pod has something at '%s' already; write another "
                 "mountPath",
                 mount_path(&volumes->v[i]));
}

/* Of the spec's roles, or of its nodes. */
static void check_kubelets(const struct checking *c, const char *list) {
  const struct yaml_node *entries = yaml_get(c->root, list);
  for (size_t i = 0; entries && i < entries->n; i++) {
    const struct yaml_node *kubelet = yaml_get(entries->child[i], "kubelet");
    const struct yaml_node *role = yaml_get(entries->child[i], "role");
    if (!kubelet)
      continue;
    if (role && strcmp(role->text, role_name(ROLE_CONTROL_PLANE)) != 0 &&
        strcmp(role->text, role_name(ROLE_WORKER)) != 0)
      yaml_fault_key(c->err, kubelet, "nodes of the role %s have no kubelet",
                     role->text);
    check_args(c, COMPONENT_KUBELET, kubelet);
  }
}

void components_check_kubelets(const struct checking *c) {
  check_kubelets(c, "roles");
  check_kubelets(c, "nodes");
}

void components_check(const struct checking *c) {
  const struct spec *s = c->spec;
  for (size_t i = 0; i < N_COMPONENTS; i++) {
    check_args(c, (enum component)i, place_of(c, (enum component)i));
    check_volumes(c, (enum component)i);
  }
  if (s->kubernetes.proxy_mode == PROXY_MODE_NFTABLES &&
      !version_has_nftables(&s->kubernetes.version))
    yaml_fault(c->err,
               yaml_get(yaml_get(yaml_get(c->root, "kubernetes"), "kubeProxy"),
                        "mode"),
               "kube-proxy has nftables from 1.31 on; write iptables or ipvs");
}
