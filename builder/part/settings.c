/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/settings.h"

#include "spec/flags.h"
#include "spec/settings.h"
#include "spec/tokens.h"
#include <string.h>

/* What an argument is, for the caller to free; NULL: the spec says nothing. */
typedef char *value_fn(const struct spec *s);

static char *text(const char *t) {
  return t ? xstrdup(t) : NULL;
}

static char *list(const struct strv *l) {
  return l->n ? strv_join(l, ",") : NULL;
}

/* kubeadm's own choice stays among them. */
static char *enabled(const struct spec *s) {
  const struct strv *l = &s->kubernetes.api.enable;
  if (l->n == 0)
    return NULL;
  _cleanup_free_ char *own = strv_join(l, ",");
  return strv_has(l, "NodeRestriction") ? xstrdup(own)
                                        : xasprintf("NodeRestriction,%s", own);
}

static char *disabled(const struct spec *s) {
  return list(&s->kubernetes.api.disable);
}

static char *event_ttl(const struct spec *s) {
  int seconds = s->kubernetes.api.event_ttl;
  return seconds ? go_duration(seconds) : NULL;
}

static char *node_ports(const struct spec *s) {
  return text(s->kubernetes.api.node_ports);
}

static char *kubelet_addresses(const struct spec *s) {
  return list(&s->kubernetes.api.kubelet_addresses);
}

static char *tokens(const struct spec *s) {
  return text(s->kubernetes.api.tokens.n ? TOKENS_FILE : NULL);
}

static char *webhook_config(const struct spec *s) {
  return text(s->kubernetes.api.webhook.config ? TOKEN_WEBHOOK : NULL);
}

static char *webhook_cache(const struct spec *s) {
  int seconds = s->kubernetes.api.webhook.cache_ttl;
  return seconds ? go_duration(seconds) : NULL;
}

static char *webhook_version(const struct spec *s) {
  if (!s->kubernetes.api.webhook.config ||
      !version_reviews_by_v1(&s->kubernetes.version))
    return NULL;
  return xstrdup(s->kubernetes.api.webhook.review == REVIEW_V1BETA1 ? "v1beta1"
                                                                    : "v1");
}

static char *oidc_issuer(const struct spec *s) {
  return text(s->kubernetes.api.oidc.issuer);
}

static char *oidc_client(const struct spec *s) {
  return text(s->kubernetes.api.oidc.client);
}

static char *oidc_username(const struct spec *s) {
  return text(s->kubernetes.api.oidc.username_claim);
}

static char *oidc_username_prefix(const struct spec *s) {
  return text(s->kubernetes.api.oidc.username_prefix);
}

static char *oidc_groups(const struct spec *s) {
  return text(s->kubernetes.api.oidc.groups_claim);
}

static char *oidc_groups_prefix(const struct spec *s) {
  return text(s->kubernetes.api.oidc.groups_prefix);
}

static char *oidc_claims(const struct spec *s) {
  return list(&s->kubernetes.api.oidc.claims);
}

static char *oidc_ca(const struct spec *s) {
  return text(s->kubernetes.api.oidc.ca ? OIDC_CA : NULL);
}

#define API COMPONENT_API_SERVER

/* In the order in which they are given. */
static const struct {
  enum component component;
  const char *key, *argument;
  value_fn *value;
} settings[] = {
    {API, "admissionPlugins", "enable-admission-plugins", enabled},
    {API, "admissionPlugins", "disable-admission-plugins", disabled},
    {API, "eventTTL", "event-ttl", event_ttl},
    {API, "nodePorts", "service-node-port-range", node_ports},
    {API, "kubeletAddresses", "kubelet-preferred-address-types",
     kubelet_addresses},
    {API, "tokens", "token-auth-file", tokens},
    {API, "tokenWebhook", "authentication-token-webhook-config-file",
     webhook_config},
    {API, "tokenWebhook", "authentication-token-webhook-cache-ttl",
     webhook_cache},
    {API, "tokenWebhook", "authentication-token-webhook-version",
     webhook_version},
    {API, "oidc", "oidc-issuer-url", oidc_issuer},
    {API, "oidc", "oidc-client-id", oidc_client},
    {API, "oidc", "oidc-username-claim", oidc_username},
    {API, "oidc", "oidc-username-prefix", oidc_username_prefix},
    {API, "oidc", "oidc-groups-claim", oidc_groups},
    {API, "oidc", "oidc-groups-prefix", oidc_groups_prefix},
    {API, "oidc", "oidc-required-claim", oidc_claims},
    {API, "oidc", "oidc-ca-file", oidc_ca},
};

void settings_arguments(const struct spec *s, enum component c,
                        struct strv *ret) {
  for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
    _cleanup_free_ char *value =
        settings[i].component == c ? settings[i].value(s) : NULL;
    if (value && flag_is_known(c, settings[i].argument, &s->kubernetes.version))
      strv_pushf(ret, "%s=%s", settings[i].argument, value);
  }
}

static void set_amounts(const struct strv *l, const char *list,
                        struct scope *s) {
  scope_set_list(s, list);
  for (size_t i = 0; i < l->n; i++) {
    size_t n = strcspn(l->v[i], "=");
    struct scope *row = scope_add(s, list);
    scope_setf(row, "name", "%.*s", (int)n, l->v[i]);
    scope_set(row, "value", l->v[i] + n + 1);
  }
}

static bool has_same(const struct strv *l, const char *pair) {
  size_t n = strcspn(pair, "=") + 1;
  for (size_t i = 0; i < l->n; i++)
    if (strncmp(l->v[i], pair, n) == 0)
      return true;
  return false;
}

/* A kubelet that is told of one threshold has no others: its own stay. */
static void add_thresholds(const struct strv *own, struct scope *s) {
  _cleanup_strv_ struct strv all = {0};
  for (size_t i = 0; i < own->n; i++)
    strv_push(&all, own->v[i]);
  for (const char *const *d = threshold_defaults; own->n && *d; d++)
    if (!has_same(own, *d))
      strv_push(&all, *d);
  set_amounts(&all, "eviction_hard", s);
}

void settings_kubelet(const struct plan *p, struct scope *s) {
  const struct spec *spec = p->spec;
  _cleanup_strv_ struct strv dns = {0};
  char a[NET_TEXT];
  for (size_t i = 0; i < spec->kubernetes.kubelet.dns.n; i++)
    strv_push(&dns, ip_format(spec->kubernetes.kubelet.dns.v[i], a));
  if (dns.n == 0)
    strv_push(&dns, p->cluster_dns);
  _cleanup_free_ char *joined = strv_join(&dns, ", ");
  scope_set(s, "kubelet_dns", joined);
  set_amounts(&spec->kubernetes.kubelet.kube_reserved, "kube_reserved", s);
  set_amounts(&spec->kubernetes.kubelet.system_reserved, "system_reserved", s);
  add_thresholds(&spec->kubernetes.kubelet.eviction_hard, s);
}

const char *settings_key(const struct spec *s, enum component c,
                         const char *argument) {
  for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
    if (settings[i].component != c ||
        strcmp(settings[i].argument, argument) != 0)
      continue;
    _cleanup_free_ char *value = settings[i].value(s);
    return value ? settings[i].key : NULL;
  }
  return NULL;
}
