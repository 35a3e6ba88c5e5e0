/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranges in a spec: "kube-mast{01..03}" stands for three names, as does
 * "kube-mast{01,02,03}", and
 * "192.168.4.31+" for as many addresses counted up from the first.
 */
#pragma once

#include "base/net.h"
#include <stdbool.h>
#include <stddef.h>

/* More machines than any cluster of Kubernetes is tested with. */
#define RANGE_MAX 20000

/* What a text stands for: n names. It points into that text. */
struct range {
  const char *text;
  const char *list;   /* of "{a,b}" the first word; NULL: numbers */
  const char *suffix; /* behind the braces; NULL: no range, the text itself */
  int prefix;         /* how many bytes stand before them */
  int width;          /* of the first number: "01" counts to "09", "10" */
  unsigned first;
  size_t n;
};

/* Returns NULL, or what is wrong with s (a constant), with ret unchanged. */
const char *range_parse(const char *s, struct range *ret);

/* The i-th name, from 0; the caller frees. */
char *range_name(const struct range *r, size_t i);

/* Reads an address, or one with a "+" behind it; plus tells which. */
bool range_address(const char *s, struct ip *ret, bool *plus);
bool range_mac(const char *s, struct mac *ret, bool *plus);
