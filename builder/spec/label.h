/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Labels and taints of nodes, by the rules that the kubelet and the API server
 * have for them: apimachinery's pkg/util/validation (IsQualifiedName,
 * IsValidLabelValue) and the kubelet's pkg/util/taints. Who may set which label
 * is the kubelet's matter (part/kubelet.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What both a key's name and a value must be, in messages. */
#define LABEL_NAME_RULE                                                        \
  "at most 63 letters, digits, '-', '_' and '.', a letter or digit first and " \
  "last"
#define LABEL_KEY_RULE "[DNS-NAME/]NAME, the name being " LABEL_NAME_RULE

/* The same as patterns, without anchors. */
#define LABEL_NAME_PATTERN "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
#define LABEL_PREFIX_PATTERN                                                   \
  "([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"

/* The first len characters of key: "zone", "example.com/zone". */
bool label_key_ok(const char *key, size_t len);

/* The same of a value, which may be empty. */
bool label_value_ok(const char *value, size_t len);

/* What is wrong with "key=value:Effect" or "key:Effect", for behind the taint
 * itself ("must be ..."); NULL when nothing is. */
const char *taint_fault(const char *taint);

/* Whether two taints have the same key and the same effect, which is once too
 * often. Both have no fault. */
bool taint_same(const char *a, const char *b);
