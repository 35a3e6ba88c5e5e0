/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The administrator's kubeconfigs in the state folder: admin.conf, which leads
 * to the endpoint, and qemu.conf with a context for each API server that has a
 * port here.
 *
 * With pki.mode copied the first node makes the administrator's certificate,
 * and `kubeseed kubeconfig` fetches it. A kubeconfig is as good as a program:
 * its users may name commands to run, its clusters lead anywhere. So of a
 * node's only the certificates and the key are taken, for one of our own
 * making.
 */
#pragma once

#include "pki/pki.h"
#include "seed/render.h"
#include "state/state.h"

/*
 * Reads a kubeconfig of one cluster and one user, as kubeadm writes it, and
 * gives the entries ca.crt, admin.crt and admin.key. An error when it is
 * something else, when the key does not fit the certificate, or when the CA has
 * not signed it or is not valid at now. The caller pki_done's ret.
 */
int admin_read(const char *text, size_t len, time_t now, struct pki *ret,
               struct error *err) _must_check_;

/* Writes STATE/admin.conf; nothing while pki has no admin.crt. */
int admin_write(const struct plan *plan, const struct pki *pki,
                const struct state *s, struct error *err) _must_check_;

/*
 * Writes a kubeconfig with these contexts (at least one) as STATE/FILE; nothing
 * while pki has no admin.crt.
 */
int admin_write_contexts(const struct plan *plan, const struct pki *pki,
                         const struct state *s, const char *file,
                         const struct kubeconfig_context *contexts, size_t n,
                         struct error *err) _must_check_;

/* The kubeconfig of a person, of whose certificate pki is (see person.h). */
int admin_of_person(const struct plan *plan, const struct pki *pki,
                    const char *name, struct buf *ret,
                    struct error *err) _must_check_;
