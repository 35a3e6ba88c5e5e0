/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificates of further people, by which an API server knows them: CN is the
 * name, each O a group (kubernetes.io/docs/reference/access-authn-authz). They
 * are handed out and not kept; Kubernetes cannot take one back before its end.
 */
#pragma once

#include "pki/pki.h"

struct person {
  const char *name;
  const struct strv *groups;
  time_t seconds; /* how long they are let in */
};

/* NULL for a name of a person or group that is none of Kubernetes' own; else
 * the end of a sentence that begins with "the name 'x'". */
const char *person_name_fault(const char *name);

/*
 * A new key and certificate, signed by the Kubernetes CA of keys (from
 * pki_load), as the entries ca.crt, admin.crt and admin.key of ret, which the
 * caller pki_done's. They end with the CA at the latest; *ret_end is when.
 * Fails when keys have no such CA, or one that has ended.
 */
int person_make(const struct pki *keys, const struct person *person, time_t now,
                struct pki *ret, time_t *ret_end,
                struct error *err) _must_check_;

/*
 * Adds a manifest to out that gives the person a ClusterRole: in one namespace,
 * or with namespace NULL in all of the cluster. role and namespace must be
 * person_role_ok.
 */
void person_manifest(const char *name, const char *role, const char *namespace,
                     struct buf *out);

/* A name as Kubernetes' roles and namespaces have it (a DNS subdomain; roles of
 * Kubernetes' own have ':' in it). */
bool person_role_ok(const char *name);
