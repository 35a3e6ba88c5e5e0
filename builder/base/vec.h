/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Typed growing arrays, after nbdkit's DEFINE_VECTOR_TYPE.
 *
 *   DEFINE_VEC(node_vec, struct node);
 *   struct node_vec nodes = {0};
 *   struct node *n = node_vec_add(&nodes);   a zeroed new last member
 */
#pragma once

#include "base/mem.h"
#include <string.h>

#define DEFINE_VEC(name, type)                                                 \
  struct name {                                                                \
    type *v;                                                                   \
    size_t n;                                                                  \
    size_t cap;                                                                \
  };                                                                           \
  static inline __attribute__((unused)) type *name##_add(struct name *a) {     \
    if (a->n == a->cap) {                                                      \
      a->cap = a->cap ? a->cap * 2 : 8;                                        \
      a->v = xrealloc(a->v, a->cap, sizeof(type));                             \
    }                                                                          \
    memset(&a->v[a->n], 0, sizeof(type));                                      \
    return &a->v[a->n++];                                                      \
  }                                                                            \
  struct name##_force_semicolon
