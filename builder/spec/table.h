/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of a spec's keys: one row says all that is known of a key. The
 * reader (read.h), the defaults, `explain`, `schema`, the manual's section and
 * the completion follow it, so a new key is one row here and a member in
 * spec.h.
 *
 * The rows of a map or list stand right below its own, in the order in which
 * people write them.
 */
#pragma once

#include "spec/types.h"
#include "spec/words.h"
#include <stdbool.h>
#include <stddef.h>

struct key {
  const char *path; /* "network.subnet", "nodes.role"; NULL ends the table */
  enum type type;
  const char *since; /* the version of kubeseed that has it first */
  size_t offset;     /* in struct spec, or in an entry of the list around it */
  const char *doc;   /* sentences; the first one says what it is */

  bool required;       /* else one of the next two says what holds */
  const char *value;   /* what holds unless written, as it would be written */
  const char *derived; /* or how that follows from others, in words */

  const struct word *words; /* TYPE_WORD, TYPE_TEXT */
  int min, max;             /* TYPE_INT, TYPE_PERIOD */
  void *(*add)(void *list); /* TYPE_LIST: a new entry, all zero */
  const char *item;         /* TYPE_LIST: an entry in messages: "a node" */
  const char *example;      /* where no default shows what it looks like */
  const char *also;         /* what others call it: "podSubnet podCIDR" */
  const char *brief; /* TYPE_MAP: a text in its place is this key's; TYPE_LIST:
                        a text in an entry's place */
  bool may_be_empty; /* TYPE_LIST: [] says something else than nothing */
};

extern const struct key spec_keys[];
extern const size_t n_spec_keys;

/*
 * The keys right below `of`, NULL being the spec itself: the first, and the
 * one after k. NULL when there is none.
 */
const struct key *key_first(const struct key *of);
const struct key *key_next(const struct key *k);

struct spec;

/* Whether the spec says something of the key, by its whole path; of a key in a
 * list, in any entry. */
bool spec_wrote(const struct spec *s, const char *path);

/* The key called name right below `of`, or the one of a whole path. */
const struct key *key_below(const struct key *of, const char *name);
const struct key *key_find(const char *path);

/* Whether a value is a map or a list, and not one text. */
bool key_holds_more(const struct key *k);

/* The key that others call so, right below `of`, or wherever it may be meant by
 * one who wrote it there; NULL. */
const struct key *key_called(const struct key *of, const char *name);
const struct key *key_elsewhere(const struct key *of, const char *name);

/* The key below a map that a text in the map's place is the value of: "payload:
 * debian" is "payload: {source: debian}"; or below a list, of a text in an
 * entry's place. NULL when there is none. */
const struct key *key_brief(const struct key *k);

/* "size", "map", "text or map": what a value is called. */
const char *key_type_name(const struct key *k);

/* "subnet" of "network.subnet". */
const char *key_name(const struct key *k);

/* What a value must be, as messages and `explain` say it: "a number from 1 to
 * 255", "one of bridge, none". The caller frees. */
char *key_rule(const struct key *k);
