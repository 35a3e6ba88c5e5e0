/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/value.h"

#include "base/mem.h"
#include "base/word.h"
#include "spec/mirror.h"
#include "spec/range.h"
#include "spec/spec.h"
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

static void read_mirror(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  const char *wrong = text ? mirror_fault(text) : NULL;
  /* Without the value itself, which may be a password. */
  if (wrong)
    yaml_fault(err, value, "'%s' %s", key_name(k), wrong);
  else if (text)
    set_text(k, base, text);
}

static void read_name(const struct key *k, const struct yaml_node *value,
                      void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  if (text && !dns_label_ok(text))
    not_by_rule(k, value, err);
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

static void read_dns_name(const struct key *k, const struct yaml_node *value,
                          void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  if (text && !dns_name_ok(text))
    not_by_rule(k, value, err);
  else if (text)
    set_text(k, base, text);
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
  const char *near = nearest_word(text, words, n);
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
  if (!unit || end[1])
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

static void read_address(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  const char *text = scalar(k, value, err);
  struct ip a;
  if (!text)
    return;
  if (!ip_parse(text, &a))
    not_by_rule(k, value, err);
  else if (supported(k, value, a, err))
    *(struct ip *)member(k, base) = a;
}

static void read_addresses(const struct key *k, const struct yaml_node *value,
                           void *base, struct error *err) {
  struct ip_vec *list = member(k, base);
  const struct key one = {.path = k->path, .type = TYPE_ADDRESS};
  if (value->kind != YAML_SEQ) {
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
  else if (supported(k, value, a, err))
    *(struct ip *)member(k, base) = a;
}

static void read_network(const struct key *k, const struct yaml_node *value,
                         void *base, struct error *err) {
  struct cidr net;
  bool host_bits = false;
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
  else
    *(struct cidr *)member(k, base) = net;
}

static void read_mac(const struct key *k, const struct yaml_node *value,
                     void *base, struct error *err) {
  struct mac mac;
  const char *text = scalar(k, value, err);
  if (!text)
    return;
  if (!mac_parse(text, &mac))
    not_by_rule(k, value, err);
  else if (mac.b[0] & 1)
    yaml_fault(err, value,
               "'%s' is '%s', a multicast address; no network card has one",
               key_name(k), text);
  else
    *(struct mac *)member(k, base) = mac;
}

/* Each text of a list that `ok` takes, or all; others are at fault. */
static void read_list(const struct key *k, const struct yaml_node *value,
                      void *base, bool (*ok)(const char *), struct error *err) {
  struct strv *list = member(k, base);
  if (value->kind != YAML_SEQ) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    const char *text = line(k, value->child[i], err);
    if (text && ok && !ok(text))
      yaml_fault(err, value->child[i],
                 "the taint '%s' must be like key=value:NoSchedule", text);
    else if (text)
      strv_push(list, text);
  }
}

static void read_texts(const struct key *k, const struct yaml_node *value,
                       void *base, struct error *err) {
  read_list(k, value, base, NULL, err);
}

/* "key=value:Effect" or "key:Effect", as kubectl taint writes them. */
static bool taint_ok(const char *taint) {
  static const char *const effects[] = {"NoSchedule", "PreferNoSchedule",
                                        "NoExecute"};
  const char *colon = strrchr(taint, ':');
  if (!colon || colon == taint || *taint == '=')
    return false;
  for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
    if (strcmp(colon + 1, effects[i]) == 0)
      return true;
  return false;
}

static void read_taints(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  struct spec_node *n = base;
  read_list(k, value, base, taint_ok, err);
  n->untainted = value->kind == YAML_SEQ && value->n == 0;
}

/* A map of texts as "key=value". */
static void read_labels(const struct key *k, const struct yaml_node *value,
                        void *base, struct error *err) {
  struct strv *labels = member(k, base);
  if (value->kind != YAML_MAP) {
    yaml_fault(err, value, "'%s' must be %s", key_name(k),
               type_info(k->type)->rule);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    const struct yaml_node *label = value->child[i];
    if (strpbrk(label->key, ", ="))
      yaml_fault_key(err, label, "the label '%s' must be a plain text",
                     label->key);
    else if (label->kind != YAML_SCALAR || strpbrk(label->text, ", ="))
      yaml_fault(err, label, "the label '%s' must be a plain text", label->key);
    else
      strv_pushf(labels, "%s=%s", label->key, label->text);
  }
}

void value_read(const struct key *k, const struct yaml_node *value, void *base,
                struct error *err) {
  static reader *const readers[] = {
      [TYPE_TEXT] = read_text,
      [TYPE_MIRROR] = read_mirror,
      [TYPE_NAME] = read_name,
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
      [TYPE_TEXTS] = read_texts,
      [TYPE_LABELS] = read_labels,
      [TYPE_TAINTS] = read_taints,
  };
  readers[k->type](k, value, base, err);
}
