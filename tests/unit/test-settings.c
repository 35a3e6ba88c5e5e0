/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What API servers are told by keys of their own, whoever starts them. */
#include "base/mem.h"
#include "part/components.h"
#include "part/parts.h"
#include "part/settings.h"
#include "spec/kubeconfig.h"
#include "spec/settings.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define API COMPONENT_API_SERVER
#define HEADER(VERSION)                                                        \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "network: {subnet: 192.168.4.0/24}\nnodes: [{name: \"m{1..3}\"}]\n"          \
  "pki: {algorithm: rsa-2048}\n"                                               \
  "kubernetes:\n  version: " VERSION "\n  apiServer:\n"

static void read_spec(const char *text, struct spec *ret) {
  _cleanup_error_ struct error err = {0};
  int r = parts_read_spec("t.yaml", text, strlen(text), ret, &err);
  error_print(&err, "test", stderr);
  assert_int_equal(r, 0);
}

/* The arguments of the component, a line each; the caller frees. */
static char *arguments_of(const char *text, enum component c) {
  _cleanup_spec_ struct spec s = {0};
  _cleanup_strv_ struct strv all = {0};
  read_spec(text, &s);
  component_args(&s, c, &all);
  return strv_join(&all, "\n");
}

static void test_arguments(void **state) {
  (void)state;
  _cleanup_free_ char *said = arguments_of(
      HEADER("1.30.4") "    extraArgs: {v: 2}\n"
                       "    admissionPlugins: {enable: [PodNodeSelector],\n"
                       "      disable: [DefaultStorageClass]}\n"
                       "    eventTTL: 90m\n    nodePorts: 30000-30999\n"
                       "    kubeletAddresses: [Hostname, InternalIP]\n"
                       "    tokenWebhook: {config: a, cacheTTL: 90s}\n"
                       "    oidc: {issuer: 'https://a/b', clientID: c,\n"
                       "      requiredClaims: {d: e, f: g}, ca: h}\n",
      API);
  assert_string_equal(
      said, "v=2\n"
            "enable-admission-plugins=NodeRestriction,PodNodeSelector\n"
            "disable-admission-plugins=DefaultStorageClass\n"
            "event-ttl=1h30m0s\n"
            "service-node-port-range=30000-30999\n"
            "kubelet-preferred-address-types=Hostname,InternalIP\n"
            "authentication-token-webhook-config-file=" TOKEN_WEBHOOK "\n"
            "authentication-token-webhook-cache-ttl=1m30s\n"
            "authentication-token-webhook-version=v1\n"
            "oidc-issuer-url=https://a/b\n"
            "oidc-client-id=c\n"
            "oidc-required-claim=d=e,f=g\n"
            "oidc-ca-file=" OIDC_CA);
  _cleanup_free_ char *other =
      arguments_of(HEADER("1.30.4") "    eventTTL: 90m\n", COMPONENT_SCHEDULER);
  assert_string_equal(other, "");
}

/* NodeRestriction stands once; a webhook of an old version is asked as it can
 * be. */
static void test_what_stays(void **state) {
  (void)state;
  _cleanup_free_ char *said = arguments_of(
      HEADER("1.16.4") "    admissionPlugins:\n"
                       "      enable: [AlwaysPullImages, NodeRestriction]\n"
                       "    tokenWebhook: {config: a}\n",
      API);
  assert_string_equal(
      said, "enable-admission-plugins=AlwaysPullImages,NodeRestriction\n"
            "authentication-token-webhook-config-file=" TOKEN_WEBHOOK);
  _cleanup_free_ char *beta = arguments_of(
      HEADER("1.20.2") "    tokenWebhook: {config: a, version: v1beta1}\n",
      API);
  assert_non_null(strstr(beta, "authentication-token-webhook-version=v1beta1"));
}

static void test_key(void **state) {
  (void)state;
  _cleanup_spec_ struct spec s = {0};
  read_spec(HEADER("1.30.4") "    eventTTL: 2h\n", &s);
  assert_string_equal(settings_key(&s, API, "event-ttl"), "eventTTL");
  assert_null(settings_key(&s, API, "oidc-client-id"));
  assert_null(settings_key(&s, COMPONENT_SCHEDULER, "event-ttl"));
  assert_null(settings_key(&s, API, "profiling"));
}

/* A kubelet told of one threshold would have no others. */
static void test_kubelet(void **state) {
  (void)state;
  static const char *const bootstrappers[] = {"kubeadm", "static-pods",
                                              "systemd"};
  for (size_t i = 0; i < ARRAY_SIZE(bootstrappers); i++) {
    _cleanup_free_ char *text = xasprintf(
        HEADER("1.20.2") "    eventTTL: 1h\n  bootstrapper: %s\n"
                         "  kubelet: {kubeReserved: {cpu: 200m, memory: 1Gi},\n"
                         "    systemReserved: {pid: 500},\n"
                         "    evictionHard: {memory.available: 5%%},\n"
                         "    clusterDNS: [169.254.20.10, 10.96.0.10]}\n",
        bootstrappers[i]);
    _cleanup_spec_ struct spec s = {0};
    _cleanup_plan_ struct plan p = {0};
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf out = {0};
    _cleanup_scope_ struct scope scope = {0};
    _cleanup_template_ struct template *t = NULL;
    read_spec(text, &s);
    assert_int_equal(parts_plan(&s, &p, &err), 0);
    settings_kubelet(&p, &scope);
    static const char template[] =
        "{{ kubelet_dns }}|{{# kube_reserved }}{{ name }}={{ value }};"
        "{{/ kube_reserved }}|{{# system_reserved }}{{ name }}={{ value }};"
        "{{/ system_reserved }}|{{# eviction_hard }}{{ name }}={{ value }};"
        "{{/ eviction_hard }}";
    assert_int_equal(template_parse("t", template, strlen(template), &t, &err),
                     0);
    assert_int_equal(template_render(t, &scope, &out, &err), 0);
    assert_string_equal(out.data,
                        "169.254.20.10, 10.96.0.10|cpu=200m;memory=1Gi;|"
                        "pid=500;|memory.available=5%;nodefs.available=10%;"
                        "nodefs.inodesFree=5%;imagefs.available=15%;");
  }
}

static void test_quantities(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool milli;
    int64_t value;
  } rows[] = {{"1", true, 1000},
              {"0.25", true, 250},
              {"250m", true, 250},
              {"1.5", true, 1500},
              {"1.2345", true, -1},
              {"1Mi", true, -1},
              {"m", true, -1},
              {"-1", true, -1},
              {"512Mi", false, 512LL << 20},
              {"1k", false, 1000},
              {"2T", false, 2000000000000},
              {"1Gb", false, -1},
              {"1.5Gi", false, -1},
              {"01", false, -1},
              {"999999999999999Ti", false, -1},
              {"", false, -1}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    if (quantity_parse(rows[i].text, rows[i].milli) != rows[i].value)
      fail_msg("'%s' is another one", rows[i].text);
}

static void test_ports(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "30000", "30000-",       "-30000", "0-30000", "1-65536",
      "1-2-3", "030000-30001", "a-b",    "1 - 2",   "1-100000"};
  int first, last;
  for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
    if (ports_parse(wrong[i], &first, &last))
      fail_msg("'%s' is taken", wrong[i]);
  assert_true(ports_parse("1-65535", &first, &last));
  assert_int_equal(first, 1);
  assert_int_equal(last, 65535);
}

static void test_plugins(void **state) {
  (void)state;
  static const struct {
    const char *name;
    struct version version;
    enum plugin_state state;
    int minor;
  } rows[] = {
      {"NodeRestriction", {1, 15, 0}, PLUGIN_KNOWN, 0},
      {"PodSecurity", {1, 21, 9}, PLUGIN_EARLY, 22},
      {"PodSecurity", {1, 22, 0}, PLUGIN_KNOWN, 0},
      {"PodSecurityPolicy", {1, 24, 1}, PLUGIN_KNOWN, 0},
      {"PodSecurityPolicy", {1, 25, 0}, PLUGIN_GONE, 25},
      {"NodeDeclaredFeatureValidator", {1, 34, 9}, PLUGIN_EARLY, 35},
      {"PodResizeValidator", {1, 36, 2}, PLUGIN_KNOWN, 0},
      {"NodeRestrictions", {1, 25, 0}, PLUGIN_UNKNOWN, 0},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    int minor = 0;
    assert_int_equal(plugin_state(rows[i].name, &rows[i].version, &minor),
                     rows[i].state);
    if (rows[i].minor)
      assert_int_equal(minor, rows[i].minor);
  }
}

static void test_issuers(void **state) {
  (void)state;
  static const char *const right[] = {"https://a", "https://a:8443/b/c/",
                                      "https://10.0.0.1/~x"};
  static const char *const wrong[] = {
      "http://a",     "https://",     "https://a?b", "https://a//b",
      "https://a:/b", "https://me@a", "https://-a"};
  for (size_t i = 0; i < ARRAY_SIZE(right); i++)
    assert_true(issuer_ok(right[i]));
  for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
    assert_false(issuer_ok(wrong[i]));
}

static void test_durations(void **state) {
  (void)state;
  static const struct {
    int seconds;
    const char *text;
  } rows[] = {{1, "1s"},        {60, "1m0s"},     {90, "1m30s"},
              {3600, "1h0m0s"}, {3661, "1h1m1s"}, {720 * 3600, "720h0m0s"}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *text = go_duration(rows[i].seconds);
    assert_string_equal(text, rows[i].text);
  }
}

/* All files of the current context are found, and of no other. */
static void test_kubeconfig(void **state) {
  (void)state;
  static const char text[] =
      "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
      "contexts: [{name: y, context: {cluster: o, user: o}},\n"
      "  {name: x, context: {cluster: c, user: u}}]\n"
      "clusters: [{name: o, cluster: {server: 'https://o',\n"
      "  certificate-authority: /o}}, {name: c, cluster: {\n"
      "  server: 'https://c', certificate-authority: /c}}]\n"
      "users: [{name: u, user: {client-certificate: /u.crt,\n"
      "  client-key: /u.key, tokenFile: /t}}]\n";
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv paths = {0};
  assert_null(kubeconfig_fault("a", text, strlen(text), &paths, &err));
  assert_false(error_is_set(&err));
  _cleanup_free_ char *joined = strv_join(&paths, " ");
  assert_string_equal(joined, "/c /u.crt /u.key /t");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arguments), cmocka_unit_test(test_what_stays),
      cmocka_unit_test(test_key),       cmocka_unit_test(test_ports),
      cmocka_unit_test(test_plugins),   cmocka_unit_test(test_issuers),
      cmocka_unit_test(test_kubelet),   cmocka_unit_test(test_quantities),
      cmocka_unit_test(test_durations), cmocka_unit_test(test_kubeconfig),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
