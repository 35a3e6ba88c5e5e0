/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pki.renewal: a timer that renews kubeadm's certificates, and tells of those
 * that no node can renew. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return p->spec->pki.renewal == RENEWAL_AUTOMATIC &&
                 (n->spec->role == ROLE_CONTROL_PLANE || n->runs_etcd)
             ? "pki.renewal automatic"
             : NULL;
}

static const struct part_file files[] = {
    {LIB "renew-certificates", "scripts/renew-certificates", 0755, ROOT, NULL},
    {LIB "steps-renewal.sh", "scripts/steps-renewal.sh", 0644, ROOT, NULL},
    {"/etc/systemd/system/kubeseed-renewal.service",
     "user-data/renewal.service", 0644, ROOT, NULL},
    {"/etc/systemd/system/kubeseed-renewal.timer", "user-data/renewal.timer",
     0644, ROOT, NULL},
    {0},
};

static const struct part_step steps[] = {{"renewal", NULL}, {0}};

const struct part part_renewal = {
    .name = "renewal",
    .why = why,
    .files = files,
    .steps = steps,
};
