/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Typed reading of YAML by tables, for spec.c: a table row names a key, the
 * function that reads its value, and where the value goes. Unknown keys and
 * missing ones are found by the table's walker, so no reader has to.
 */
#pragma once

#include "base/error.h"
#include "format/yaml.h"
#include <stdbool.h>
#include <stddef.h>

struct field;

/* Reads value into the struct at base; faults go to err. */
typedef void field_reader(const struct field *f, const struct yaml_node *value,
                          void *base, struct error *err);

struct field {
  const char *key;
  field_reader *read;
  size_t offset;   /* of the member in base */
  const void *arg; /* what the reader needs: a struct range, a words table */
  bool required;
};

#define FIELD_END                                                              \
  { 0 }

/* The words of an enum; the table ends with word NULL. */
struct word {
  const char *word;
  int value;
};

struct int_range {
  int min, max;
};

/* Reads a map by its table; what names it in messages ("a node"). */
void read_fields(const struct field *fields, const char *what,
                 const struct yaml_node *map, void *base, struct error *err);

field_reader read_map; /* arg: the table of the map inside, same base */
field_reader read_text, read_name, read_dns_name, read_word, read_int,
    read_size, read_ip, read_ips, read_cidr, read_mac, read_texts;

/* The word for value, for messages and rendering. */
const char *word_of(const struct word *words, int value);
