/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/value.h"

#include "base/mem.h"
#include "base/word.h"
#include "format/authorized.h"
#include "spec/account.h"
#include "spec/address.h"
#include "spec/label.h"
#include "spec/mirror.h"
#include "spec/range.h"
#include "spec/spec.h"
#include "spec/value-extras.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

#define MAX_WORDS 64

typedef void reader(const struct key *k, const struct yaml_node *value,
                    void *base, struct error *err);

static void *member(const struct key *k, void *base) {
  return (char *)base + k->offset;
}

/* The scalar's text, or NULL after a fault. */
static const char *scalar(const struct key *k, const struct yaml_node *value,
                          struct error *err) {
  if (value->kind == YAML_SCALAR && *value->text)
    return value->text;
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value, "'%s' must be %s", key_name(k), rule);
  return NULL;
}

static void not_by_rule(const struct key *k, const struct yaml_node *value,
                        struct error *err) {
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value, "'%s' is '%s', but must be %s", key_name(k),
             value->text, rule);
}

static void set_text(const struct key *k, void *base, const char *text) {
  char **dest = member(k, base);
  free(*dest);
  *dest = xstrdup(text);
}

/* A line of text, or NULL after a fault. */
static const char *line(const struct key *k, const struct yaml_node *value,
                        struct error *err) {
  if (value->kind != YAML_SCALAR || !*value->text) {
    yaml_fault(err, value, "'%s' must be a text", key_name(k));
    return NULL;
  }
  for (const char *p = value->text; *p; p++)
    if (iscntrl((unsigned char)*p)) {
      yaml_fault(err, value, "'%s' must be one line of text", key_name(k));
      return NULL;
    }
  return value->text;
}

static void read_text(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err) {
  const char *text = line(k, value, err);
  if (text)
    set_text(k, base, text);
}

/* An address that fault takes. */
static void read_web(const struct key *k, const struct yaml_node *value,
                     void *base, const char *(*fault)(const char *text),
                     struct error *err) {
  const char *text = scalar(k, value, err);
  const char *wrong = text ? fault(text) : NULL;
  /* Without the value itself, which may be a password. */
  if (wrong) {
    yaml_fault(err, value, "'%s' %s", key_name(k), wrong);
    error_secret(err);
  } else if (text)
    set_text(k, base, text);
}

static void read_mirror(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  read_web(k, value, base, mirror_fault, err);
}

static void read_packages(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  read_web(k, value, base, packages_fault, err);
}

static void read_libvirt(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  if (text && !libvirt_uri_ok(text))
    yaml_fault(err, value, "'%s' must be %s", key_name(k), LIBVIRT_RULE);
  else if (text)
    set_text(k, base, text);
}

static void read_proxy(const struct key *k, const struct yaml_node *value,
                       void *base, struct error *err) {
  read_web(k, value, base, proxy_fault, err);
}

static void read_registry(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  read_web(k, value, base, registry_fault, err);
}

static void read_name(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  if (text && !dns_label_ok(text))
    not_by_rule(k, value, err);
  else if (text)
    set_text(k, base, text);
}

static void read_account(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  const char *taken = text ? account_taken(text) : NULL;
  if (text && !account_name_ok(text))
    not_by_rule(k, value, err);
  else if (taken)
    yaml_fault(err, value, "'%s' is '%s', %s", key_name(k), text, taken);
  else if (text)
    set_text(k, base, text);
}

static void read_names(const struct key *k, const struct yaml_node *value,
                       void *base, struct error *err) {
  struct range range;
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  const char *wrong = range_parse(text, &range);
  if (wrong) {
    yaml_fault(err, value, "the name '%s' %s", text, wrong);
    return;
  }
  /* Those between have the same letters and are no longer than the last. */
  const size_t ends[] = {0, range.n - 1};
  for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
    _cleanup_free_ char *name = range_name(&range, ends[i]);
    if (!dns_label_ok(name)) {
      yaml_fault(err, value,
                 "the name '%s' must be of a-z, 0-9 and inner '-', at most 63 "
                 "long",
                 name);
      return;
    }
  }
  set_text(k, base, text);
}

/* Whether the last part is a number: inet_aton(3) takes such names for
 * addresses, and no top-level domain is one. */
static bool is_number(const char *name) {
  const char *dot = strrchr(name, '.');
  const char *last = dot ? dot + 1 : name;
  bool hex = strncmp(last, "0x", 2) == 0;
  return last[hex ? 2 + strspn(last + 2, "0123456789abcdef")
                  : strspn(last, "0123456789")] == '\0';
}

static void read_dns_name(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  if (text && (!dns_name_ok(text) || is_number(text)))
    not_by_rule(k, value, err);
  else if (text)
    set_text(k, base, text);
}

/* The word that others call so, or NULL. */
static const char *word_called(const struct word *w, const char *name) {
  for (; w->word; w++)
    if (word_also(w->also, name))
      return w->word;
  return NULL;
}

static void read_word(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err) {
  const char *words[MAX_WORDS];
  size_t n = 0;
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  for (const struct word *w = k->words; w->word && n < MAX_WORDS; w++) {
    if (strcmp(w->word, text) == 0) {
      *(int *)member(k, base) = w->value;
      return;
    }
    words[n++] = w->word;
  }
  const char *near = word_called(k->words, text);
  if (!near)
    near = nearest_word(text, words, n);
  if (near)
    yaml_fault(err, value, "'%s' is '%s'; did you mean '%s'?", key_name(k),
               text, near);
  else
    not_by_rule(k, value, err);
}

static void read_int(const struct key *k, const struct yaml_node *value,
                     void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  char *end;
  errno = 0;
  long v = strtol(text, &end, 10);
  if (errno || *end || !isdigit((unsigned char)*text) || v < k->min ||
      v > k->max)
    not_by_rule(k, value, err);
  else
    *(int *)member(k, base) = (int)v;
}

/* "8G" and the like to bytes, binary units; 0 when it is none. */
static uint64_t parse_size(const char *text) {
  char *end;
  errno = 0;
  unsigned long long v = strtoull(text, &end, 10);
  if (errno || !isdigit((unsigned char)*text) || v == 0)
    return 0;
  static const char units[] = "KMGT";
  const char *unit = *end ? strchr(units, *end) : NULL;
  /* "Gi" is the same: there are no others here. */
  if (!unit || end[1 + (end[1] == 'i')])
    return 0;
  int shift = 10 * (int)(unit - units + 1);
  return v > UINT64_MAX >> shift ? 0 : (uint64_t)v << shift;
}

static void read_size(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  uint64_t size = parse_size(text);
  if (size == 0)
    not_by_rule(k, value, err);
  else
    *(uint64_t *)member(k, base) = size;
}

/* A full one; a shorter one would leave kubeadm to choose. */
static void read_version(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct spec *s = base;
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  if (!version_parse(text, &s->kubernetes.version)) {
    not_by_rule(k, value, err);
    return;
  }
  const char *wrong = version_fault(&s->kubernetes.version);
  if (wrong) {
    yaml_fault(err, value, "Kubernetes %s %s", text, wrong);
    return;
  }
  free(s->kubernetes.version_text);
  s->kubernetes.version_text = xstrdup(text);
}

/* Only IPv4 so far; false after a fault. */
static bool supported(const struct key *k, const struct yaml_node *value,
                      struct ip a, struct error *err) {
  if (a.family == IP_V4)
    return true;
  _cleanup_free_ char *rule = key_rule(k);
  yaml_fault(err, value,
             "'%s' is '%s', but IPv6 is not supported yet; write %s",
             key_name(k), value->text, rule);
  return false;
}

/* Whether a machine can have the address; false after a fault. */
static bool usable(const struct key *k, const struct yaml_node *value,
                   struct ip a, struct error *err) {
  const char *wrong = address_fault(a);
  if (!supported(k, value, a, err))
    return false;
  if (wrong)
    yaml_fault(err, value, "'%s' is '%s', which is %s", key_name(k),
               value->text, wrong);
  return !wrong;
}

static void read_address(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  struct ip a;
  if (!text)
    return;
  if (!ip_parse(text, &a))
    not_by_rule(k, value, err);
  else if (usable(k, value, a, err))
    *(struct ip *)member(k, base) = a;
}

static void read_addresses(const struct key *k, const struct yaml_node *value,
                           void *base, struct error *err) {
  struct ip_vec *list = member(k, base);
  const struct key one = {.path = k->path, .type = TYPE_ADDRESS};
  if (value->kind != YAML_SEQ || value->n == 0) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_address(&one, value->child[i], ip_vec_add(list), err);
}

/* Whether it counts up is seen again when the names are counted out. */
static void read_counted(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  struct ip a;
  bool counted;
  if (!text)
    return;
  if (!range_address(text, &a, &counted))
    not_by_rule(k, value, err);
  else if (usable(k, value, a, err))
    *(struct ip *)member(k, base) = a;
}

static void read_network(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct cidr net;
  bool host_bits = false;
  const char *wrong;
  char buf[NET_TEXT];
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  if (!cidr_parse(text, &net, &host_bits))
    not_by_rule(k, value, err);
  else if (!supported(k, value, net.base, err))
    return;
  else if (host_bits)
    yaml_fault(err, value,
               "'%s' is '%s', which is an address inside a network; the "
               "network is %s",
               key_name(k), text, cidr_format(&net, buf));
  else if ((wrong = network_fault(&net)))
    yaml_fault(err, value, "'%s' is '%s', but %s", key_name(k), text, wrong);
  else
    *(struct cidr *)member(k, base) = net;
}

static void read_mac(const struct key *k, const struct yaml_node *value,
                     void *base, struct error *err) {
  static const struct mac none = {{0}};
  struct mac mac;
  bool counted;
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  if (!range_mac(text, &mac, &counted))
    not_by_rule(k, value, err);
  else if (memcmp(&mac, &none, sizeof(mac)) == 0)
    yaml_fault(err, value,
               "'%s' is '%s', which no network card has; leave 'mac' out for "
               "one that is made up",
               key_name(k), text);
  else if (mac.b[0] & 1)
    yaml_fault(err, value,
               "'%s' is '%s', a multicast address; no network card has one",
               key_name(k), text);
  else
    *(struct mac *)member(k, base) = mac;
}

/* A line of authorized_keys. Nothing is said of what it holds: some are
 * private keys. */
static void read_ssh_key(const struct key *k, const struct yaml_node *value,
                         struct strv *keys, struct error *err) {
  if (value->kind == YAML_MAP && value->n > 0) {
    yaml_fault(err, value,
               "put the key in quotes; as it is, the ':' in it makes a map");
    return;
  }
  if (value->kind != YAML_SCALAR) {
    yaml_fault(err, value, "an entry of '%s' must be a text", key_name(k));
    return;
  }
  const char *wrong;
  if (authorized_judge(value->text, &wrong) == AUTHORIZED_WRONG) {
    yaml_fault(err, value, "this entry of '%s' %s", key_name(k), wrong);
    error_secret(err);
    return;
  }
  size_t n = strcspn(value->text, "\r\n");
  _cleanup_free_ char *text = xstrndup(value->text, n);
  strv_push(keys, text);
}

static void read_ssh_keys(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  if (value->kind != YAML_SEQ) {
    _cleanup_free_ char *rule = key_rule(k);
    yaml_fault(err, value, "'%s' must be %s", key_name(k), rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_ssh_key(k, value->child[i], member(k, base), err);
}

/* As the API has it, a map; as texts, it would be this one. */
static void not_a_text(const struct yaml_node *taint, struct error *err) {
  const struct yaml_node *key = yaml_get(taint, "key");
  const struct yaml_node *value = yaml_get(taint, "value");
  const struct yaml_node *effect = yaml_get(taint, "effect");
  bool told = key && effect && key->kind == YAML_SCALAR &&
              effect->kind == YAML_SCALAR &&
              (!value || value->kind == YAML_SCALAR);
  _cleanup_free_ char *text =
      told ? xasprintf("%s%s%s:%s", key->text, value ? "=" : "",
                       value ? value->text : "", effect->text)
           : xstrdup("key=value:NoSchedule");
  yaml_fault(err, taint, "a taint must be a text%s %s", told ? ":" : " like",
             text);
}

static bool has_taint(const struct strv *taints, const char *taint) {
  for (size_t i = 0; i < taints->n; i++)
    if (taint_same(taints->v[i], taint))
      return true;
  return false;
}

static void read_taint(const struct yaml_node *value, struct strv *taints,
                       struct error *err) {
  if (value->kind != YAML_SCALAR) {
    not_a_text(value, err);
    return;
  }
  const char *wrong = taint_fault(value->text);
  if (wrong)
    yaml_fault(err, value, "the taint '%s' %s", value->text, wrong);
  else if (has_taint(taints, value->text))
    yaml_fault(err, value,
               "the taint '%s' has the key and the effect of one before it",
               value->text);
  else
    strv_push(taints, value->text);
}

static void read_taints(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  struct spec_node *n = base;
  if (value->kind != YAML_SEQ) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_taint(value->child[i], member(k, base), err);
  n->untainted = value->n == 0;
}

/* One label as "key=value"; nothing is an empty value. */
static void read_label(const struct yaml_node *label, struct strv *labels,
                       struct error *err) {
  const char *value = yaml_is_null(label) ? "" : label->text;
  if (!label_key_ok(label->key, strlen(label->key)))
    yaml_fault_key(err, label, "the label's key '%s' must be %s", label->key,
                   LABEL_KEY_RULE);
  else if (label->kind != YAML_SCALAR)
    yaml_fault(err, label, "the label '%s' must be a plain text", label->key);
  else if (!label_value_ok(value, strlen(value)))
    yaml_fault(err, label, "the label '%s' is '%s', but must be %s", label->key,
               value, LABEL_NAME_RULE);
  else
    strv_pushf(labels, "%s=%s", label->key, value);
}

static void read_labels(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  if (value->kind != YAML_MAP) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_label(value->child[i], member(k, base), err);
}

void value_read(const struct key *k, const struct yaml_node *value, void *base,
                struct error *err) {
  static reader *const readers[] = {
      [TYPE_TEXT] = read_text,
      [TYPE_MIRROR] = read_mirror,
      [TYPE_PACKAGES] = read_packages,
      [TYPE_PROXY] = read_proxy,
      [TYPE_LIBVIRT] = read_libvirt,
      [TYPE_REGISTRY] = read_registry,
      [TYPE_NAME] = read_name,
      [TYPE_ACCOUNT] = read_account,
      [TYPE_NAMES] = read_names,
      [TYPE_DNS_NAME] = read_dns_name,
      [TYPE_WORD] = read_word,
      [TYPE_INT] = read_int,
      [TYPE_SIZE] = read_size,
      [TYPE_VERSION] = read_version,
      [TYPE_ADDRESS] = read_address,
      [TYPE_ADDRESSES] = read_addresses,
      [TYPE_COUNTED] = read_counted,
      [TYPE_NETWORK] = read_network,
      [TYPE_MAC] = read_mac,
      [TYPE_KEYS] = read_ssh_keys,
      [TYPE_LABELS] = read_labels,
      [TYPE_TAINTS] = read_taints,
      [TYPE_PASSWORD] = value_read_extra,
      [TYPE_GROUPS] = value_read_extra,
      [TYPE_PATH] = value_read_extra,
      [TYPE_CONTENT] = value_read_extra,
      [TYPE_MODE] = value_read_extra,
      [TYPE_OWNER] = value_read_extra,
      [TYPE_SYSCTLS] = value_read_extra,
      [TYPE_MODULES] = value_read_extra,
      [TYPE_COMMANDS] = value_read_extra,
      [TYPE_MANIFESTS] = value_read_extra,
      [TYPE_IMAGES] = value_read_extra,
      [TYPE_DEBS] = value_read_extra,
      [TYPE_ZONE] = value_read_extra,
  };
  readers[k->type](k, value, base, err);
}
