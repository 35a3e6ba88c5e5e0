/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ranges in a spec: "kube-mast{01..03}" stands for three names, and
 * "192.168.4.31+" for as many addresses counted up from the first.
 */
#pragma once

#include "base/net.h"
#include "base/strv.h"
#include <stdbool.h>

/* More machines than any cluster of Kubernetes is tested with. */
#define RANGE_MAX 20000

/*
 * Adds the names that s stands for to ret: itself when it has no braces.
 * Numbers keep the width of the first ("01" counts to "09", "10"). Returns
 * NULL, or what is wrong with s (a constant), with ret unchanged.
 */
const char *range_names(const char *s, struct strv *ret);

/* Reads an address, or one with a "+" behind it; plus tells which. */
bool range_address(const char *s, struct ip *ret, bool *plus);
