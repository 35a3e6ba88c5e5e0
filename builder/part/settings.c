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
