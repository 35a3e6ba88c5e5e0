/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of a spec's keys: that each row is whole, and that the patterns,
 * by which other programs judge a value, judge as the reader does. */
#include "base/mem.h"
#include "spec/account.h"
#include "spec/payload-facts.h"
#include "spec/read.h"
#include "spec/table.h"
#include "spec/value.h"
/* cmocka.h wants these before it. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool has_value(const struct key *k) {
  return k->type != TYPE_MAP;
}

static void test_rows_are_whole(void **state) {
  (void)state;
  for (const struct key *k = spec_keys; k->path; k++) {
    bool defaulted = k->value || k->derived;
    assert_non_null(k->since);
    assert_int_equal(k->doc[strlen(k->doc) - 1], '.');
    assert_true(!has_value(k) || k->required != defaulted);
    assert_false(k->value && k->derived);
    assert_true(k->type != TYPE_WORD || k->words);
    assert_int_equal(k->type == TYPE_INT || k->type == TYPE_PERIOD ||
                         k->type == TYPE_DURATION,
                     k->max > 0);
    assert_int_equal(k->type == TYPE_LIST, k->add && k->item);
    assert_true(k->type == TYPE_MAP || k->type == TYPE_LIST || k->words ||
                k->value || k->example);
    for (const struct word *w = k->words; w && w->word; w++)
      assert_non_null(w->doc);
  }
}

static size_t walk(const struct key *of) {
  size_t n = 0;
  for (const struct key *k = key_first(of); k; k = key_next(k)) {
    assert_ptr_equal(key_below(of, key_name(k)), k);
    assert_ptr_equal(key_find(k->path), k);
    if (of) {
      size_t len = strlen(of->path);
      assert_memory_equal(k->path, of->path, len);
      assert_string_equal(k->path + len + 1, key_name(k));
    }
    n += 1 + walk(k);
  }
  return n;
}

/* Walking down from the top meets each row once, below its own map. */
static void test_every_row_is_reached(void **state) {
  (void)state;
  assert_int_equal(walk(NULL), n_spec_keys);
  assert_null(key_find("network.mtus"));
  assert_null(key_below(NULL, "subnet"));
  assert_null(key_first(key_find("name")));
}

static bool takes(const struct key *k, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_yaml_ struct yaml_node *value = yaml_new_str(text);
  _cleanup_spec_ struct spec s = {0};
  struct spec_node_vec one = {0};
  void *base = &s;
  if (strstr(k->path, "files."))
    base = spec_file_vec_add(&s.extras.files);
  else if (strstr(k->path, "disks."))
    base = spec_disk_vec_add(&s.extras.disks);
  else if (strstr(k->path, "extraVolumes."))
    base = spec_volume_vec_add(&s.kubernetes.components[0].volumes);
  else if (strstr(k->path, ".tokens."))
    base = spec_token_vec_add(&s.kubernetes.api.tokens);
  else if (strncmp(k->path, "addons.", 7) == 0)
    base = spec_addon_vec_add(&s.addons);
  else if (strncmp(k->path, "registries.", 11) == 0)
    base = spec_registry_vec_add(&s.registries);
  else if (strstr(k->path, "subnets."))
    base = spec_subnet_vec_add(&s.network.subnets);
  else if (strstr(k->path, "dhcp."))
    base = spec_dhcp_vec_add(&s.gateway.dhcp);
  else if (strstr(k->path, "routes."))
    base = spec_route_vec_add(&s.network.routes);
  else if (strstr(k->path, "interfaces."))
    base = spec_interface_vec_add(&s.network.interfaces);
  else if (strncmp(k->path, "roles.", 6) == 0)
    base = spec_role_vec_add(&s.roles);
  else if (strncmp(k->path, "nodes.", 6) == 0)
    base = spec_node_vec_add(&one);
  else if (strncmp(k->path, "users.", 6) == 0)
    base = spec_user_vec_add(&s.users);
  value_read(k, value, base, &err);
  spec_nodes_done(&one);
  return !error_is_set(&err);
}

static void test_defaults_and_examples_are_taken(void **state) {
  (void)state;
  for (const struct key *k = spec_keys; k->path; k++) {
    if (k->value)
      assert_true(takes(k, k->value));
    if (k->example && !strchr("[{", *k->example))
      assert_true(takes(k, k->example));
    for (const struct word *w = k->words; w && w->word; w++)
      assert_true(takes(k, w->word));
  }
}

/* Text with each `from` as `to`; the caller frees. */
static char *replaced(const char *text, const char *from, const char *to) {
  struct buf out = {0};
  for (const char *p; (p = strstr(text, from)); text = p + strlen(from)) {
    buf_add(&out, text, (size_t)(p - text));
    buf_adds(&out, to);
  }
  buf_adds(&out, text);
  return buf_take(&out);
}

/* Without "(?=...)" and "(?!...)"; the caller frees. */
static char *without_look_ahead(const char *pattern) {
  const char *at = strstr(pattern, "(?");
  if (!at)
    return xstrdup(pattern);
  const char *end = at + 1;
  for (int depth = 1; depth > 0; end++)
    depth += (*end == '(') - (*end == ')');
  _cleanup_free_ char *rest = without_look_ahead(end);
  return xasprintf("%.*s%s", (int)(at - pattern), pattern, rest);
}

/* The pattern as POSIX has it: no look-ahead, no escapes in a class. */
static void compile(const char *pattern, regex_t *ret) {
  _cleanup_free_ char *a = without_look_ahead(pattern);
  _cleanup_free_ char *b = replaced(a, "\\x00-\\x1f\\x7f", "[:cntrl:]");
  _cleanup_free_ char *c = replaced(b, "\\[\\]", "");
  _cleanup_free_ char *d =
      replaced(c, "\\x00-\\x08\\x0b-\\x1f\\x7f", "\001-\010\013-\037\177");
  _cleanup_free_ char *e = replaced(d, "[^\\x00]", ".");
  assert_int_equal(regcomp(ret, e, REG_EXTENDED | REG_NOSUB), 0);
}

static bool ends_in_number(const char *text) {
  const char *dot = strrchr(text, '.');
  const char *last = dot ? dot + 1 : text;
  return strspn(last, "0123456789") == strlen(last);
}

/* What is told only by counting or comparing, or lost above. */
static bool beyond_patterns(const struct key *k, const char *text) {
  return ((k->type == TYPE_MIRROR || k->type == TYPE_PACKAGES) &&
          strchr(text, '[')) ||
         (k->type == TYPE_ACCOUNT && account_taken(text)) ||
         (k->type == TYPE_IF_NAME && !interface_name_ok(text)) ||
         (k->type == TYPE_DNS_NAME && ends_in_number(text)) ||
         (k->type == TYPE_MAC && strcmp(text, "00:00:00:00:00:00") == 0) ||
         (k->type == TYPE_NETWORK && (strcmp(text, "192.168.4.31/24") == 0 ||
                                      strcmp(text, "10.0.0.5/24") == 0)) ||
         (k->type == TYPE_PATH &&
          (strcmp(text, "/etc/../a") == 0 || strcmp(text, "/etc/./a") == 0)) ||
         (k->type == TYPE_NAMES &&
          (strcmp(text, "m{3..1}") == 0 || strcmp(text, "m{0..20000}") == 0));
}

/* Each is right for some types and wrong for others. */
static const char *const texts[] = {
    "a",
    "m1",
    "cni0",
    "none",
    "dhcp",
    "enp0s3",
    "a-name-of-16-let",
    "10.0.0.5/24",
    "10.0.0.5/24+",
    "10.0.0.5+/24",
    "10.0.0.5/33",
    "127.0.0.1/8",
    "1m",
    "-a",
    "a-",
    "a-b",
    "A",
    "a_b",
    "a.b",
    "a..b",
    ".a",
    "kube.demo",
    "m{1..3}",
    "{1..3}",
    "m-{01..03}-x",
    "m{01..03}-",
    "-{1..2}",
    "m{3..1}",
    "m{0..20000}",
    "m{1}",
    "m{1,2,3}",
    "{a,b}-x",
    "m{1,}",
    "m{,1}",
    "m{-1,2}",
    "m{1,2}{3}",
    "m[1-3]",
    "m{",
    "m}",
    "m{1..2}{1..2}",
    "m{a..b}",
    "m{1234567..2}",
    "Europe/Berlin",
    "America/Argentina/Buenos_Aires",
    "America/Argentina/Buenos/Aires",
    "Etc/GMT+5",
    "Etc/",
    "Etc//UTC",
    "/etc/localtime",
    "../UTC",
    "tcpdump-",
    "tcpdump+",
    "g++",
    "libc6.1",
    "Tcpdump",
    "12",
    "0",
    "-1",
    "8G",
    "08G",
    "0G",
    "00K",
    "512M",
    "8",
    "8g",
    "8GB",
    "1.5G",
    "99999999999T",
    "9999999T",
    "16384P",
    "1.34.2",
    "1.34",
    "1.20.2",
    "1.15.0",
    "1.14.9",
    "1.35.0",
    "2.0.0",
    "0.9.1",
    "1.020.2",
    "v1.20.2",
    "1.20.2 ",
    "1.20.1234",
    "stable-1.15",
    "192.168.4.31",
    "192.168.4.31+",
    "192.168.4.300",
    "192.168.04.1",
    "192.168.4",
    "0.0.0.0",
    "255.255.255.255",
    "1.0.0.1",
    "99.0.0.1",
    "100.0.0.1",
    "119.0.0.1",
    "126.0.0.1",
    "127.0.0.1",
    "128.0.0.1",
    "129.0.0.1",
    "199.0.0.1",
    "200.0.0.1",
    "223.255.255.255",
    "224.0.0.1",
    "230.0.0.1",
    "239.0.0.1",
    "240.0.0.1",
    "192.168.4.1 +",
    "fd00::1",
    "192.168.4.0/24",
    "192.168.4.31/24",
    "0.0.0.0/0",
    "192.168.4.0/33",
    "192.168.4.31/32",
    "192.168.4.0/024",
    "192.168.4.0",
    "fd00::/64",
    "52:54:00:12:34:56",
    "52:54:00:AA:bb:cc",
    "53:54:00:12:34:56",
    "52:54:00:12:34",
    "52-54-00-12-34-56",
    "52:54:00:12:34:5g",
    "00:00:00:00:00:00",
    "http://mirror.example/debian",
    "https://[fd00::1]:80/debian",
    "file:///srv/debian",
    "file:///",
    "file://srv",
    "http://",
    "http:///a",
    "http://:80/",
    "http://u@h/",
    "http://h/a@b",
    "file:///a@b",
    "ftp://h/",
    "http://h/a b",
    "--setup-hook=x",
    "h:5000",
    "h:5000/a/b",
    "h:5000/a/b/",
    "h:port",
    "h:123456",
    "h:",
    "h//a",
    "h/A",
    "-h/a",
    "u@h/a",
    "https://h.b",
    "a\tb",
    "two words",
    "a_",
    "_a",
    "a$",
    "$a",
    "a$b",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "sudo",
    "systemd-x",
    "bridge",
    "kubeadm",
    "debian",
    "/etc/motd",
    "/etc/my file",
    "/etc/../a",
    "/etc/./a",
    "/etc/..a",
    "/etc/a~+,@%=:.-_",
    "/etc/",
    "//etc",
    "/",
    "0644",
    "644",
    "64",
    "0999",
    "04755",
    "root:root",
    "root",
    "root:",
    "www-data:adm",
    "root:sshd",
    "sshd:nogroup",
    "adm:root",
    "systemd-network:systemd-journal",
    "debian:debian",
    "$6$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbb",
    "$y$j9T$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbb",
    "$2b$05$bbbbbbbbbbbbbbbbbbbbbbbb",
    "$6$rounds=5000$a$bbbbbbbbbbbbbbbbb",
    "$1$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbb",
    "$6$aaaaaaaa$bbbbbbbbbbb_bbbbbbbbbbbb",
    "$6$short",
    "/bin/sh",
    "/bin/zsh",
    "nopasswd",
};

static void test_patterns_judge_as_the_reader(void **state) {
  (void)state;
  for (const struct key *k = spec_keys; k->path; k++) {
    const char *pattern = type_info(k->type)->pattern;
    if (!pattern || key_holds_more(k))
      continue;
    regex_t re;
    compile(pattern, &re);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
      if (beyond_patterns(k, texts[i]))
        continue;
      bool matches = regexec(&re, texts[i], 0, NULL, 0) == 0;
      if (matches != takes(k, texts[i]))
        fail_msg("%s: '%s': the pattern says %s", k->path, texts[i],
                 matches ? "yes" : "no");
    }
    regfree(&re);
  }
}

/* Every minor version that there may be. */
static void test_versions_by_pattern(void **state) {
  (void)state;
  const struct key *k = key_find("kubernetes.version");
  regex_t re;
  compile(type_info(k->type)->pattern, &re);
  for (unsigned i = 0; i < 100; i++) {
    _cleanup_free_ char *text = xasprintf("1.%u.7", i);
    assert_int_equal(regexec(&re, text, 0, NULL, 0) == 0, takes(k, text));
  }
  regfree(&re);
}

static void assert_rule(const char *path, const char *expected) {
  _cleanup_free_ char *rule = key_rule(key_find(path));
  assert_string_equal(rule, expected);
}

static void test_rules(void **state) {
  (void)state;
  assert_rule("network.cni",
              "one of bridge, vxlan, flannel, calico, canal, none");
  assert_rule("kind", "Cluster");
  assert_rule("endpoint.port", "a number from 1 to 65535");
  assert_rule("endpoint.routerId", "a number from 1 to 255");
  assert_rule("nodes.disk", "a size like 512M or 8G");
}

/* The payloads that have a name are the words of the key. */
static void test_payload_words(void **state) {
  (void)state;
  for (const struct word *w = payload_words; w->word; w++)
    assert_string_equal(payload_facts(w->word)->name, w->word);
  assert_null(payload_facts("./folder")->name);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_whole),
      cmocka_unit_test(test_every_row_is_reached),
      cmocka_unit_test(test_defaults_and_examples_are_taken),
      cmocka_unit_test(test_patterns_judge_as_the_reader),
      cmocka_unit_test(test_versions_by_pattern),
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_payload_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
