/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/read.h"

#include "base/mem.h"
#include "base/word.h"
#include "spec/spec.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#define MAX_WORDS 64

static void unknown_key(const struct field *fields, const char *what,
                        const struct yaml_node *value, struct error *err) {
  const char *keys[MAX_WORDS];
  size_t n = 0;
  _cleanup_buf_ struct buf list = {0};
  for (const struct field *f = fields; f->key && n < MAX_WORDS; f++) {
    buf_addf(&list, "%s%s", n ? ", " : "", f->key);
    keys[n++] = f->key;
  }
  const char *near = nearest_word(value->key, keys, n);
  if (near)
    yaml_fault_key(err, value, "unknown key '%s' in %s; did you mean '%s'?",
                   value->key, what, near);
  else
    yaml_fault_key(err, value, "unknown key '%s' in %s; known are: %s",
                   value->key, what, list.data);
}

static const struct field *find_field(const struct field *fields,
                                      const char *key) {
  for (const struct field *f = fields; f->key; f++)
    if (strcmp(f->key, key) == 0)
      return f;
  return NULL;
}

void read_fields(const struct field *fields, const char *what,
                 const struct yaml_node *map, void *base, struct error *err) {
  if (map->kind != YAML_MAP) {
    yaml_fault(err, map, "%s must be a map of keys and values", what);
    return;
  }
  for (size_t i = 0; i < map->n; i++) {
    const struct field *f = find_field(fields, map->child[i]->key);
    if (f)
      f->read(f, map->child[i], base, err);
    else
      unknown_key(fields, what, map->child[i], err);
  }
  for (const struct field *f = fields; f->key; f++)
    if (f->required && !yaml_get(map, f->key))
      yaml_fault(err, map, "%s needs the key '%s'", what, f->key);
}

void read_map(const struct field *f, const struct yaml_node *value, void *base,
              struct error *err) {
  _cleanup_free_ char *what = xasprintf("'%s'", f->key);
  read_fields(f->arg, what, value, base, err);
}

static void *member(const struct field *f, void *base) {
  return (char *)base + f->offset;
}

/* The scalar's text, or NULL after a fault. */
static const char *scalar(const struct field *f, const struct yaml_node *value,
                          const char *expected, struct error *err) {
  if (value->kind == YAML_SCALAR && *value->text)
    return value->text;
  yaml_fault(err, value, "'%s' must be %s", f->key, expected);
  return NULL;
}

void read_text(const struct field *f, const struct yaml_node *value, void *base,
               struct error *err) {
  const char *text = scalar(f, value, "a text", err);
  if (!text)
    return;
  for (const char *p = text; *p; p++)
    if (iscntrl((unsigned char)*p)) {
      yaml_fault(err, value, "'%s' must be one line of text", f->key);
      return;
    }
  char **dest = member(f, base);
  free(*dest);
  *dest = xstrdup(text);
}

static void read_checked(const struct field *f, const struct yaml_node *value,
                         void *base, bool (*ok)(const char *), const char *rule,
                         struct error *err) {
  const char *text = scalar(f, value, rule, err);
  if (!text)
    return;
  if (!ok(text)) {
    yaml_fault(err, value, "'%s' is '%s', but must be %s", f->key, text, rule);
    return;
  }
  char **dest = member(f, base);
  free(*dest);
  *dest = xstrdup(text);
}

void read_name(const struct field *f, const struct yaml_node *value, void *base,
               struct error *err) {
  read_checked(f, value, base, dns_label_ok,
               "a name of a-z, 0-9 and inner '-', at most 63 long", err);
}

void read_dns_name(const struct field *f, const struct yaml_node *value,
                   void *base, struct error *err) {
  read_checked(f, value, base, dns_name_ok,
               "a DNS name of a-z, 0-9, '-' and '.'", err);
}

const char *word_of(const struct word *words, int value) {
  for (; words->word; words++)
    if (words->value == value)
      return words->word;
  return "?";
}

void read_word(const struct field *f, const struct yaml_node *value, void *base,
               struct error *err) {
  const struct word *words = f->arg;
  const char *keys[MAX_WORDS];
  size_t n = 0;
  _cleanup_buf_ struct buf list = {0};
  for (const struct word *w = words; w->word && n < MAX_WORDS; w++) {
    buf_addf(&list, "%s%s", n ? ", " : "", w->word);
    keys[n++] = w->word;
  }
  _cleanup_free_ char *expected = xasprintf("one of %s", list.data);
  const char *text = scalar(f, value, expected, err);
  if (!text)
    return;
  for (const struct word *w = words; w->word; w++)
    if (strcmp(w->word, text) == 0) {
      *(int *)member(f, base) = w->value;
      return;
    }
  const char *near = nearest_word(text, keys, n);
  if (near)
    yaml_fault(err, value, "'%s' is '%s'; did you mean '%s'?", f->key, text,
               near);
  else
    yaml_fault(err, value, "'%s' is '%s', but must be %s", f->key, text,
               expected);
}

void read_int(const struct field *f, const struct yaml_node *value, void *base,
              struct error *err) {
  const struct int_range *range = f->arg;
  _cleanup_free_ char *expected =
      xasprintf("a number from %d to %d", range->min, range->max);
  const char *text = scalar(f, value, expected, err);
  if (!text)
    return;
  char *end;
  errno = 0;
  long v = strtol(text, &end, 10);
  if (errno || *end || !isdigit((unsigned char)*text) || v < range->min ||
      v > range->max) {
    yaml_fault(err, value, "'%s' is '%s', but must be %s", f->key, text,
               expected);
    return;
  }
  *(int *)member(f, base) = (int)v;
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

void read_size(const struct field *f, const struct yaml_node *value, void *base,
               struct error *err) {
  static const char rule[] = "a size like 512M or 8G";
  const char *text = scalar(f, value, rule, err);
  if (!text)
    return;
  uint64_t size = parse_size(text);
  if (size == 0)
    yaml_fault(err, value, "'%s' is '%s', but must be %s", f->key, text, rule);
  else
    *(uint64_t *)member(f, base) = size;
}

/* Only IPv4 so far; false after a fault. */
static bool supported(const struct field *f, const struct yaml_node *value,
                      const char *text, struct ip a, const char *rule,
                      struct error *err) {
  if (a.family == IP_V4)
    return true;
  yaml_fault(err, value,
             "'%s' is '%s', but IPv6 is not supported yet; write %s", f->key,
             text, rule);
  return false;
}

void read_ip(const struct field *f, const struct yaml_node *value, void *base,
             struct error *err) {
  static const char rule[] = "an IPv4 address like 192.168.4.20";
  const char *text = scalar(f, value, rule, err);
  struct ip a;
  if (!text)
    return;
  if (!ip_parse(text, &a))
    yaml_fault(err, value, "'%s' is '%s', but must be %s", f->key, text, rule);
  else if (supported(f, value, text, a, rule, err))
    *(struct ip *)member(f, base) = a;
}

void read_ips(const struct field *f, const struct yaml_node *value, void *base,
              struct error *err) {
  struct ip_vec *list = member(f, base);
  if (value->kind != YAML_SEQ) {
    yaml_fault(err, value, "'%s' must be a list of IPv4 addresses", f->key);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    const struct field one = {.key = f->key};
    read_ip(&one, value->child[i], ip_vec_add(list), err);
  }
}

void read_cidr(const struct field *f, const struct yaml_node *value, void *base,
               struct error *err) {
  static const char rule[] = "an IPv4 network like 192.168.4.0/24";
  struct cidr net;
  bool host_bits = false;
  char buf[NET_TEXT];
  const char *text = scalar(f, value, rule, err);
  if (!text)
    return;
  if (!cidr_parse(text, &net, &host_bits))
    yaml_fault(err, value, "'%s' is '%s', but must be %s", f->key, text, rule);
  else if (!supported(f, value, text, net.base, rule, err))
    return;
  else if (host_bits)
    yaml_fault(err, value,
               "'%s' is '%s', which is an address inside a network; the "
               "network is %s",
               f->key, text, cidr_format(&net, buf));
  else
    *(struct cidr *)member(f, base) = net;
}

void read_mac(const struct field *f, const struct yaml_node *value, void *base,
              struct error *err) {
  static const char rule[] = "a MAC address like 52:54:00:12:34:56";
  struct mac *dest = member(f, base);
  const char *text = scalar(f, value, rule, err);
  if (!text)
    return;
  if (!mac_parse(text, dest))
    yaml_fault(err, value, "'%s' is '%s', but must be %s", f->key, text, rule);
  else if (dest->b[0] & 1)
    yaml_fault(err, value,
               "'%s' is '%s', a multicast address; no network card "
               "has one",
               f->key, text);
}

void read_texts(const struct field *f, const struct yaml_node *value,
                void *base, struct error *err) {
  struct strv *list = member(f, base);
  if (value->kind != YAML_SEQ) {
    yaml_fault(err, value, "'%s' must be a list of texts", f->key);
    return;
  }
  for (size_t i = 0; i < value->n; i++) {
    char *text = NULL;
    const struct field one = {.key = f->key};
    read_text(&one, value->child[i], &text, err);
    if (text)
      strv_push(list, text);
    free(text);
  }
}
