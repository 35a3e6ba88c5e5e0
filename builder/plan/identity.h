/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What names a machine and nothing else may have: digests of the cluster's
 * name, its subnet and the node's name, so that the same spec gives the same
 * machines, and two labs on one wire are told apart that call themselves the
 * same.
 */
#pragma once

#include "base/digest.h"
#include "spec/spec.h"

/* Text of a UUID with its NUL. */
#define PLAN_UUID 37

/* A digest that belongs to one purpose of one node (or cluster, node ""). */
void plan_derive(const struct spec *s, const char *purpose, const char *node,
                 uint8_t out[static SHA256_BYTES]);

/* A MAC address for that purpose, which no maker of cards has given away. */
void plan_mac(const struct spec *s, const char *purpose, const char *node,
              struct mac *ret);

/* A UUID of version 8, RFC 9562, 5.8, which leaves the bits to us. */
void plan_uuid(const struct spec *s, const char *node,
               char out[static PLAN_UUID]);
