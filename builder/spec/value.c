/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/value.h"

#include "base/mem.h"
#include "base/word.h"
#include "format/authorized.h"
#include "spec/account.h"
#include "spec/label.h"
#include "spec/mirror.h"
#include "spec/range.h"
#include "spec/spec.h"
#include "spec/value-extras.h"
#include "spec/value-network.h"
#include "spec/value-settings.h"
#include "spec/value-text.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define MAX_WORDS 64

typedef void reader(const struct key *k, const struct yaml_node *value,
                    void *base, struct error *err);

static void set_text(const struct key *k, void *base, const char *text) {
  char **dest = value_member(k, base);
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
  const char *text = value_scalar(k, value, err);
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
  const char *text = value_scalar(k, value, err);
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
  const char *text = value_scalar(k, value, err);
  if (text && !dns_label_ok(text))
    value_not_by_rule(k, value, err);
  else if (text)
    set_text(k, base, text);
}

static void read_account(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = value_scalar(k, value, err);
  const char *taken = text ? account_taken(text) : NULL;
  if (text && !account_name_ok(text))
    value_not_by_rule(k, value, err);
  else if (taken)
    yaml_fault(err, value, "'%s' is '%s', %s", key_name(k), text, taken);
  else if (text)
    set_text(k, base, text);
}

static void read_names(const struct key *k, const struct yaml_node *value,
                       void *base, struct error *err) {
  struct range range;
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  const char *wrong = range_parse(text, &range);
  if (wrong) {
    yaml_fault(err, value, "the name '%s' %s", text, wrong);
    return;
  }
  /* Of numbers those between have the same letters and are no longer than the
   * last. */
  size_t step = range.list || range.n == 1 ? 1 : range.n - 1;
  for (size_t i = 0; i < range.n; i += step) {
    _cleanup_free_ char *name = range_name(&range, i);
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

static void read_dns_name(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  const char *text = value_scalar(k, value, err);
  if (text && !dns_host_ok(text))
    value_not_by_rule(k, value, err);
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
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  for (const struct word *w = k->words; w->word && n < MAX_WORDS; w++) {
    if (strcmp(w->word, text) == 0) {
      *(int *)value_member(k, base) = w->value;
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
    value_not_by_rule(k, value, err);
}

static void read_int(const struct key *k, const struct yaml_node *value,
                     void *base, struct error *err) {
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  char *end;
  errno = 0;
  long v = strtol(text, &end, 10);
  if (errno || *end || !isdigit((unsigned char)*text) || v < k->min ||
      v > k->max)
    value_not_by_rule(k, value, err);
  else
    *(int *)value_member(k, base) = (int)v;
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
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  uint64_t size = parse_size(text);
  if (size == 0)
    value_not_by_rule(k, value, err);
  else
    *(uint64_t *)value_member(k, base) = size;
}

/* "90d" and the like to hours, a year having 365 days; 0 when it is none. */
static int parse_period(const char *text) {
  static const struct {
    char unit;
    int hours;
  } units[] = {{'h', 1}, {'d', 24}, {'y', 24 * 365}};
  char *end;
  errno = 0;
  long v = strtol(text, &end, 10);
  for (size_t i = 0; i < ARRAY_SIZE(units); i++)
    if (!errno && isdigit((unsigned char)*text) && *end == units[i].unit &&
        !end[1] && v <= INT_MAX / units[i].hours)
      return (int)v * units[i].hours;
  return 0;
}

static void read_period(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  int hours = parse_period(text);
  if (hours < k->min || hours > k->max)
    value_not_by_rule(k, value, err);
  else
    *(int *)value_member(k, base) = hours;
}

/* A full one; a shorter one would leave kubeadm to choose. */
static void read_version(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct spec *s = base;
  const char *text = value_scalar(k, value, err);
  if (!text)
    return;
  if (!version_parse(text, &s->kubernetes.version)) {
    value_not_by_rule(k, value, err);
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
    read_ssh_key(k, value->child[i], value_member(k, base), err);
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
  struct spec_taints *taints = value_member(k, base);
  if (value->kind != YAML_SEQ) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++)
    read_taint(value->child[i], &taints->list, err);
  taints->written = true;
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
    read_label(value->child[i], value_member(k, base), err);
}

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
    [TYPE_PERIOD] = read_period,
    [TYPE_VERSION] = read_version,
    [TYPE_ADDRESS] = value_read_network,
    [TYPE_ADDRESSES] = value_read_network,
    [TYPE_COUNTED] = value_read_network,
    [TYPE_ADDRESS6] = value_read_network,
    [TYPE_COUNTED6] = value_read_network,
    [TYPE_NETWORK6] = value_read_network,
    [TYPE_NETWORK] = value_read_network,
    [TYPE_MAC] = value_read_network,
    [TYPE_GATEWAY] = value_read_network,
    [TYPE_IF_NAME] = value_read_network,
    [TYPE_IF_ADDRESS] = value_read_network,
    [TYPE_IF_ADDRESS6] = value_read_network,
    [TYPE_IF_GATEWAY] = value_read_network,
    [TYPE_MEMBERS] = value_read_network,
    [TYPE_SERVERS] = value_read_network,
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
    [TYPE_NOTES] = value_read_extra,
    [TYPE_MODULES] = value_read_extra,
    [TYPE_KERNEL_ARGS] = value_read_extra,
    [TYPE_CLOUD] = value_read_extra,
    [TYPE_KEYBOARD] = value_read_extra,
    [TYPE_LOCALE] = value_read_extra,
    [TYPE_NO_PROXY] = value_read_extra,
    [TYPE_CA_FILES] = value_read_extra,
    [TYPE_COMMANDS] = value_read_extra,
    [TYPE_MANIFESTS] = value_read_extra,
    [TYPE_PATCHES] = value_read_extra,
    [TYPE_ARGUMENTS] = value_read_extra,
    [TYPE_GATES] = value_read_extra,
    [TYPE_SANS] = value_read_extra,
    [TYPE_REGISTRY_HOST] = value_read_extra,
    [TYPE_REGISTRY_MIRRORS] = value_read_extra,
    [TYPE_IMAGES] = value_read_extra,
    [TYPE_DEBS] = value_read_extra,
    [TYPE_ZONE] = value_read_extra,
    [TYPE_DURATION] = value_read_setting,
    [TYPE_PORTS] = value_read_setting,
    [TYPE_ISSUER] = value_read_setting,
    [TYPE_ADDRESS_TYPES] = value_read_setting,
    [TYPE_PLUGINS] = value_read_setting,
    [TYPE_RANGES] = value_read_setting,
    [TYPE_TOKEN_NAME] = value_read_setting,
    [TYPE_TOKEN_NAMES] = value_read_setting,
    [TYPE_RESOURCES] = value_read_setting,
    [TYPE_THRESHOLDS] = value_read_setting,
    [TYPE_CLAIMS] = value_read_setting,
};

void value_read(const struct key *k, const struct yaml_node *value, void *base,
                struct error *err) {
  readers[k->type](k, value, base, err);
}
