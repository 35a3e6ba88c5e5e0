/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * YAML text to a tree that knows the place of everything, and a tree to YAML
 * text that no value can break out of. The only user of libyaml, by its event
 * API: its document loader forgets places, and the limits below must hold
 * while reading, not after.
 *
 * Accepted is the plain-data part of YAML 1.1 and 1.2: one document in UTF-8,
 * no anchors, no aliases, no tags, no key twice, keys are scalars.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define YAML_MAX_BYTES ((size_t)1 << 20) /* of what is read into a tree */
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 200000

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_SEQ };

/*
 * One value. Inside a map it also carries its key, so a map is the list of its
 * values in the order written. Places count from 1; 0 means built, not read.
 */
struct yaml_node {
  enum yaml_kind kind;
  const char *file; /* the name given to yaml_parse, borrowed */
  int line, column;

  char *key; /* the name in the map around it, NULL elsewhere */
  int key_line, key_column;

  char *text;  /* YAML_SCALAR: its text, without quotes */
  bool quoted; /* a string for sure; not quoted may be number, bool, null */
  bool flow;   /* YAML_MAP, YAML_SEQ: emit in one line, [a, b] */

  struct yaml_node **child; /* YAML_MAP, YAML_SEQ */
  size_t n;
};

/*
 * Reads one document. name is for messages and must outlive the tree. Faults
 * are added to err as "name:line:column", all duplicate keys in one run; a
 * syntax error ends the run. An empty document is an empty plain scalar.
 * ret_root is the caller's to yaml_node_free.
 */
int yaml_parse(const char *name, const char *text, size_t len,
               struct yaml_node **ret_root, struct error *err) _must_check_;

/* The same of at most max bytes, for a file that holds others, as user-data
 * does; all other limits hold. */
int yaml_parse_upto(const char *name, const char *text, size_t len, size_t max,
                    struct yaml_node **ret_root,
                    struct error *err) _must_check_;

/*
 * Checks the syntax of any number of documents, such as a rendered file, of any
 * size, under the other limits; anchors, tags and key rules are not looked at.
 */
int yaml_check(const char *name, const char *text, size_t len,
               struct error *err) _must_check_;

/* The value of key in map; NULL when missing or when map is no map. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Plain empty, ~, null, Null or NULL (YAML 1.2 core schema, 10.3.2). */
bool yaml_is_null(const struct yaml_node *node);

/* Same kinds, keys, texts and order; places, quoting and flow not compared. */
bool yaml_equal(const struct yaml_node *a, const struct yaml_node *b);

/* "file:line:column" of the value, or of its key. The caller frees. */
char *yaml_where(const struct yaml_node *node);
char *yaml_where_key(const struct yaml_node *node);

/* error_at the place of the value, or of its key. Return -1. */
int yaml_fault(struct error *err, const struct yaml_node *node, const char *fmt,
               ...) _printf_(3, 4);
int yaml_fault_key(struct error *err, const struct yaml_node *node,
                   const char *fmt, ...) _printf_(3, 4);

/*
 * Building. A new node belongs to the caller until it is given to
 * yaml_map_set or yaml_seq_add, which take it and return it. Strings are
 * copied. yaml_new_str takes any UTF-8 text and is always read back as that
 * string, a bool as a bool.
 */
struct yaml_node *yaml_new_map(void);
struct yaml_node *yaml_new_seq(void);
struct yaml_node *yaml_new_str(const char *text);
struct yaml_node *yaml_new_strn(const char *text, size_t len);
struct yaml_node *yaml_new_bool(bool value);

/* A deep copy without key; the caller frees. */
struct yaml_node *yaml_copy(const struct yaml_node *node);

/* A key that is there already gets the new value in its old position. */
struct yaml_node *yaml_map_set(struct yaml_node *map, const char *key,
                               struct yaml_node *value);
struct yaml_node *yaml_map_set_str(struct yaml_node *map, const char *key,
                                   const char *text);
struct yaml_node *yaml_map_set_strf(struct yaml_node *map, const char *key,
                                    const char *fmt, ...) _printf_(3, 4);
struct yaml_node *yaml_map_set_bool(struct yaml_node *map, const char *key,
                                    bool value);
struct yaml_node *yaml_map_set_seq(struct yaml_node *map, const char *key);

/* Frees the i-th value of a map, with its key. */
void yaml_map_drop(struct yaml_node *map, size_t i);

struct yaml_node *yaml_seq_add(struct yaml_node *seq, struct yaml_node *value);
struct yaml_node *yaml_seq_add_str(struct yaml_node *seq, const char *text);
struct yaml_node *yaml_seq_add_map(struct yaml_node *seq);

/*
 * Adds the tree as one document without "---" to out. Fails only for text
 * that YAML cannot hold: bytes that are not UTF-8. Strings of several lines
 * become literal blocks; strings that YAML 1.1 or 1.2 would read as something
 * else are quoted.
 */
int yaml_emit(const struct yaml_node *root, struct buf *out,
              struct error *err) _must_check_;

/* Frees the tree and overwrites its texts, which may be keys. NULL is fine. */
void yaml_node_free(struct yaml_node *node);

static inline void yaml_node_freep(struct yaml_node **node) {
  yaml_node_free(*node);
}
#define _cleanup_yaml_ _cleanup_(yaml_node_freep)
