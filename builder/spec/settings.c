/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/settings.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* One port, up to end; 0 when it is none. */
static int port_of(const char *text, const char *end) {
  int port = 0;
  if (text == end || *text == '0' || end - text > 5)
    return 0;
  for (; text < end; text++) {
    if (!isdigit((unsigned char)*text))
      return 0;
    port = 10 * port + (*text - '0');
  }
  return port <= 65535 ? port : 0;
}

bool ports_parse(const char *text, int *ret_first, int *ret_last) {
  const char *dash = strchr(text, '-');
  if (!dash)
    return false;
  *ret_first = port_of(text, dash);
  *ret_last = port_of(dash + 1, dash + 1 + strlen(dash + 1));
  return *ret_first && *ret_last;
}

bool address_type_ok(const char *text) {
  static const char *const types[] = {"InternalIP", "ExternalIP", "InternalDNS",
                                      "ExternalDNS", "Hostname"};
  for (size_t i = 0; i < ARRAY_SIZE(types); i++)
    if (strcmp(types[i], text) == 0)
      return true;
  return false;
}

bool plugin_name_ok(const char *name) {
  return *name >= 'A' && *name <= 'Z' &&
         strspn(name, UPPER LOWER DIGITS) == strlen(name);
}

/*
 * Those of 1.15 and later: pkg/kubeapiserver/options/plugins.go of Kubernetes
 * (read of 1.33.13, 1.34.9, 1.35.6 and 1.36.2), and its CHANGELOGs. An API
 * server ends at once when it is told of another.
 */
static const struct plugin {
  const char *name;
  int since, until; /* minor versions; 0: all so far */
} plugins[] = {
    {"AlwaysAdmit", 0, 0},
    {"AlwaysDeny", 0, 0},
    {"AlwaysPullImages", 0, 0},
    {"CertificateApproval", 18, 0},
    {"CertificateSigning", 18, 0},
    {"CertificateSubjectRestriction", 18, 0},
    {"ClusterTrustBundleAttest", 27, 0},
    {"DefaultIngressClass", 18, 0},
    {"DefaultStorageClass", 0, 0},
    {"DefaultTolerationSeconds", 0, 0},
    {"DenyEscalatingExec", 0, 20},
    {"DenyExecOnPrivileged", 0, 20},
    {"DenyServiceExternalIPs", 21, 0},
    {"EventRateLimit", 0, 0},
    {"ExtendedResourceToleration", 0, 0},
    {"ImagePolicyWebhook", 0, 0},
    {"JobValidation", 36, 0},
    {"LimitPodHardAntiAffinityTopology", 0, 0},
    {"LimitRanger", 0, 0},
    {"MutatingAdmissionPolicy", 32, 0},
    {"MutatingAdmissionWebhook", 0, 0},
    {"NamespaceAutoProvision", 0, 0},
    {"NamespaceExists", 0, 0},
    {"NamespaceLifecycle", 0, 0},
    {"NodeDeclaredFeatureValidator", 35, 0},
    {"NodeRestriction", 0, 0},
    {"OwnerReferencesPermissionEnforcement", 0, 0},
    {"PersistentVolumeClaimResize", 0, 0},
    {"PersistentVolumeLabel", 0, 30},
    {"PodGroupProtection", 36, 0},
    {"PodGroupWorkloadExists", 36, 0},
    {"PodNodeSelector", 0, 0},
    {"PodPreset", 0, 19},
    {"PodResizeValidator", 36, 0},
    {"PodSecurity", 22, 0},
    {"PodSecurityPolicy", 0, 24},
    {"PodTolerationRestriction", 0, 0},
    {"PodTopologyLabels", 33, 0},
    {"Priority", 0, 0},
    {"ResourceQuota", 0, 0},
    {"RuntimeClass", 0, 0},
    {"SecurityContextDeny", 0, 29},
    {"ServiceAccount", 0, 0},
    {"StorageObjectInUseProtection", 0, 0},
    {"TaintNodesByCondition", 0, 0},
    {"ValidatingAdmissionPolicy", 26, 0},
    {"ValidatingAdmissionWebhook", 0, 0},
};

enum plugin_state plugin_state(const char *name, const struct version *v,
                               int *ret_minor) {
  for (size_t i = 0; i < ARRAY_SIZE(plugins); i++) {
    const struct plugin *p = &plugins[i];
    if (strcmp(p->name, name) != 0)
      continue;
    bool early = p->since && version_up_to(v, p->since - 1);
    bool gone = p->until && !version_up_to(v, p->until);
    *ret_minor = early ? p->since : p->until + 1;
    return early ? PLUGIN_EARLY : gone ? PLUGIN_GONE : PLUGIN_KNOWN;
  }
  return PLUGIN_UNKNOWN;
}

/* Behind the host and its port, or NULL. */
static const char *behind_host(const char *host) {
  size_t n = strspn(host, LOWER UPPER DIGITS ".-");
  if (n == 0 || *host == '.' || *host == '-')
    return NULL;
  const char *end = host + n;
  if (*end != ':')
    return end;
  size_t digits = strspn(end + 1, DIGITS);
  return digits >= 1 && digits <= 5 ? end + 1 + digits : NULL;
}

bool issuer_ok(const char *text) {
  static const char scheme[] = "https://";
  if (strncmp(text, scheme, strlen(scheme)) != 0)
    return false;
  const char *path = behind_host(text + strlen(scheme));
  return path && (!*path || *path == '/') && !strstr(path, "//") &&
         strspn(path, LOWER UPPER DIGITS "-._~%/") == strlen(path);
}

bool claim_name_ok(const char *name) {
  return *name && strspn(name, LOWER UPPER DIGITS "-_.:/") == strlen(name);
}

bool claim_value_ok(const char *value) {
  for (const char *p = value; *p; p++)
    if (*p == ',' || iscntrl((unsigned char)*p))
      return false;
  return *value;
}

bool resource_name_ok(const char *name) {
  static const char *const names[] = {"cpu", "memory", "ephemeral-storage",
                                      "pid"};
  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

/* What a suffix of a quantity makes of 1; 0 when there is none such. */
static int64_t unit_of(const char *suffix) {
  static const struct {
    const char *suffix;
    int64_t value;
  } units[] = {{"", 1},
               {"k", 1000},
               {"Ki", 1 << 10},
               {"M", 1000000},
               {"Mi", 1 << 20},
               {"G", 1000000000},
               {"Gi", 1 << 30},
               {"T", INT64_C(1000000000000)},
               {"Ti", INT64_C(1) << 40}};
  for (size_t i = 0; i < ARRAY_SIZE(units); i++)
    if (strcmp(units[i].suffix, suffix) == 0)
      return units[i].value;
  return 0;
}

/* Thousandths of "1", "1.5" or "250m". */
static int64_t parse_milli(int64_t whole, const char *rest) {
  if (!*rest)
    return whole * 1000;
  if (strcmp(rest, "m") == 0)
    return whole;
  size_t n = strspn(rest + 1, DIGITS);
  if (*rest != '.' || n < 1 || n > 3 || rest[1 + n])
    return -1;
  int64_t part = strtol(rest + 1, NULL, 10);
  for (; n < 3; n++)
    part *= 10;
  return whole * 1000 + part;
}

int64_t quantity_parse(const char *text, bool milli) {
  size_t n = strspn(text, DIGITS);
  /* As many digits as thousandths, or the largest unit, leave room for. */
  if (n == 0 || n > (milli ? 9 : 15) || (n > 1 && *text == '0'))
    return -1;
  int64_t whole = strtoll(text, NULL, 10);
  if (milli)
    return parse_milli(whole, text + n);
  int64_t unit = unit_of(text + n);
  return unit && whole <= INT64_MAX / unit ? whole * unit : -1;
}

const char *resource_fault(const char *name, const char *quantity) {
  if (strcmp(name, "cpu") == 0)
    return quantity_parse(quantity, true) < 0
               ? "processors like 1, 0.5 or 250m, in thousandths"
               : NULL;
  if (strcmp(name, "pid") == 0)
    return quantity[strspn(quantity, DIGITS)] ||
                   quantity_parse(quantity, false) < 0
               ? "a number like 1000"
               : NULL;
  return quantity_parse(quantity, false) < 0 ? "bytes like 512Mi or 1Gi" : NULL;
}

bool signal_name_ok(const char *name) {
  static const char *const names[] = {"memory.available",   "nodefs.available",
                                      "nodefs.inodesFree",  "imagefs.available",
                                      "imagefs.inodesFree", "pid.available"};
  for (size_t i = 0; i < ARRAY_SIZE(names); i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

bool threshold_ok(const char *text) {
  size_t n = strspn(text, DIGITS);
  if (strcmp(text + n, "%") != 0)
    return quantity_parse(text, false) >= 0;
  return n > 0 && n <= 3 && (n == 1 || *text != '0') &&
         strtol(text, NULL, 10) <= 100;
}

/* pkg/kubelet/apis/config/v1beta1/defaults_linux.go of Kubernetes. */
const char *const threshold_defaults[] = {
    "memory.available=100Mi", "nodefs.available=10%", "nodefs.inodesFree=5%",
    "imagefs.available=15%", NULL};

char *go_duration(int seconds) {
  int h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;
  if (h)
    return xasprintf("%dh%dm%ds", h, m, s);
  return m ? xasprintf("%dm%ds", m, s) : xasprintf("%ds", s);
}
