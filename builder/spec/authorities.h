/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What signs a cluster's certificates, tokens and SSH certificates, where it is
 * the author's own (pki.authorities): two files beside the spec, or one for
 * what has no certificate. sources.h reads the files; here it is judged whether
 * Kubernetes and kubeadm can sign with what is in them.
 */
#pragma once

#include "format/x509.h"
#include "spec/spec.h"
#include <time.h>

/* The key below pki.authorities: "frontProxy". */
const char *authority_name(enum authority a);

/* Whether it has a certificate. */
bool authority_is_ca(enum authority a);

/*
 * Takes the texts of its files, and keeps those in struct spec that the state
 * has: a key without text around it, and of a chain the first certificate,
 * which is what signs. cert is empty for what has none, key for a CA whose key
 * is elsewhere. Fails when they do not belong together, are no CA, are not
 * valid at now, have a key that Kubernetes cannot use, or may not sign what a
 * cluster needs; the reason is one to be put behind a name.
 */
int authority_take(struct spec *s, enum authority a, const struct buf *cert,
                   const struct buf *key, time_t now,
                   struct error *err) _must_check_;

/* Faults where one key is that of two of them: whoever has a certificate of the
 * one would be let in by the other. */
void authorities_check(const struct spec *s, struct error *err);

/*
 * The algorithm by which the spec could say what kind the key is of. One for
 * which the spec, or its Kubernetes, has no word gives the one that is nearest
 * to it, in which the rest is made.
 */
enum key_algorithm authority_algorithm(const struct spec *s,
                                       const struct key *key);
