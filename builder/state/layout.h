/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What kubeseed puts into a state folder: the one list of its files and
 * folders, from which what is ours is recognised, checked, swept and removed.
 * Whatever does not stand in it is somebody else's and is never touched, so a
 * module that begins to write something new needs a row here.
 */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include <stdbool.h>

/* What a thing belongs to; a removal says which of them go. */
enum layout_part {
  LAYOUT_STATE = 1 << 0,   /* the folder itself: marker and locks */
  LAYOUT_KEYS = 1 << 1,    /* what cannot be made again */
  LAYOUT_SEEDS = 1 << 2,   /* what seed makes from them */
  LAYOUT_MACHINE = 1 << 3, /* what machines that run here write */
  LAYOUT_EXPORT = 1 << 4,  /* copies for machines elsewhere */
  LAYOUT_ALL = LAYOUT_STATE | LAYOUT_KEYS | LAYOUT_SEEDS | LAYOUT_MACHINE |
               LAYOUT_EXPORT,
};

struct layout_row {
  const char *path; /* below the state folder; '*' is a node's name, a
                       second one any other */
  enum layout_part part;
  bool folder;
  bool secret; /* nobody but the owner may even read it */
};

#define LAYOUT_MARKER "kubeseed.state"
#define LAYOUT_LOCK "lock"
#define LAYOUT_SEALED "keys.sealed" /* see seal.c */
#define LAYOUT_COMMIT "commit"      /* below pki/, see commit.h */

/* One thing in a state folder. All is borrowed, for the call alone. */
struct layout_item {
  const char *path;             /* below the state folder */
  const struct layout_row *row; /* NULL: not ours */
  const char *node;             /* which stands for the row's '*', or NULL */
  bool temporary;               /* on the way to be the row's thing */
  int dir;                      /* the folder that holds it, */
  const char *name;             /* and its name there: for openat and so on */
};

/* The row of a path below the state folder; NULL when it is not ours. A copy
 * of the node's name goes to *ret_node (NULL without one), the caller frees. */
const struct layout_row *layout_find(const char *path, bool *ret_temporary,
                                     char **ret_node);

typedef int layout_fn(const struct layout_item *item, void *arg,
                      struct error *err);

/*
 * Calls fn for all that is in the folder dir, and in those below it that are
 * ours and belong to one of parts; a folder comes after what it holds. A
 * symbolic link is never followed. Ends at the first call that returns -1.
 */
int layout_walk(const char *dir, unsigned parts, layout_fn *fn, void *arg,
                struct error *err) _must_check_;

/*
 * Removes what is ours of these parts, a folder only when it is empty then.
 * Keys go after what was made of them, in an order from which `seed` can go on
 * at any moment. Of LAYOUT_STATE the marker goes when all else has gone, and
 * the lock after it; temporaries are layout_sweep's.
 */
int layout_remove(const char *dir, unsigned parts,
                  struct error *err) _must_check_;

/* The same for what is of one node. */
int layout_remove_node(const char *dir, unsigned parts, const char *node,
                       struct error *err) _must_check_;

/*
 * Removes what killed runs left under temporary names, also those of a kubeseed
 * that called them NAME.XXXXXX with random letters and digits: such a one goes
 * only when it looks random and is no copy of NAME. The state must be locked.
 */
int layout_sweep(const char *dir, struct error *err) _must_check_;

/* The names of the nodes of which something is there, sorted, into ret, which
 * must be empty. */
int layout_nodes(const char *dir, struct strv *ret,
                 struct error *err) _must_check_;

/* The paths of what is not ours, sorted, into ret, which must be empty; with
 * only_certain nothing that layout_sweep would have to look at twice. */
int layout_foreign(const char *dir, bool only_certain, struct strv *ret,
                   struct error *err) _must_check_;
