/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the values of a spec fit together. Each alone has been checked while
 * it was read. What holds for every cluster is here: addresses, names, disks;
 * what belongs to one thing a node can have is in its part (part/part.h).
 */
#pragma once

#include "format/yaml.h"
#include "spec/spec.h"

/* What a check is given. */
struct checking {
  struct spec *spec; /* only check_warn writes to it */
  const struct yaml_node *root;
  struct error *err; /* gets the faults, by yaml_fault */
};

#define CHECK_READS 8

/* One check, in a table that ends with a check of NULL. It makes sense only
 * when what it reads is what the author wrote: it is left out while one of
 * these keys (or one below it) has a fault of its own. */
struct spec_check {
  void (*check)(const struct checking *c);
  const char *reads[CHECK_READS + 1]; /* "etcd.mode", "nodes" */
};

/* The value at "section.key" (key may be NULL), or the nearest one above that
 * was written. */
const struct yaml_node *check_place(const struct checking *c,
                                    const char *section, const char *key);

/* The same of a node's entry, which may stand for several nodes. */
const struct yaml_node *check_node_place(const struct checking *c,
                                         const struct spec_node *n,
                                         const char *key);

/* Of an address that no node reaches by its own network: it would be that of a
 * pod or of a service. False after a fault. */
bool check_outside(const struct checking *c, const struct yaml_node *at,
                   const char *what, struct ip a, const char *why);

/* Adds to the spec's warnings. */
void check_warn(const struct checking *c, const struct yaml_node *at,
                const char *fmt, ...) _printf_(3, 4);

/* Calls check for each node, but not for the rest of a range after it returned
 * false, for a fault. */
void check_each_node(const struct checking *c,
                     bool (*check)(const struct checking *c,
                                   const struct spec_node *n));

/* Calls check for what the author adds to all nodes, to those of each role and
 * of each entry, with the map in which it stands. */
void check_each_extras(const struct checking *c,
                       void (*check)(const struct checking *c,
                                     const struct spec_extras *e,
                                     const struct yaml_node *around));

/*
 * Adds faults to err and warnings to s->warnings; root gives the places. bad
 * tells for each key of the table whether its value is none that the author
 * meant. tables are tables of checks, up to a NULL.
 */
void spec_check(struct spec *s, const struct yaml_node *root, const bool *bad,
                const struct spec_check *const *tables, struct error *err);

/* The checks of addresses, disks and users; check-network.h and check-names.h
 * have more. */
extern const struct spec_check check_table[];
