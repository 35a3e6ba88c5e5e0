/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pki.mode copied, as in the tutorials: the first node makes the CAs and hands
 * them to the others (copied-hand.c), which take them from it here. A
 * certificate of the cluster's SSH CA opens that one way and nothing else.
 */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->has_kubelet && p->spec->pki.mode == PKI_COPIED
             ? "pki.mode copied: gets the CAs from a control-plane node"
             : NULL;
}

static bool joins(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return !n->founder;
}

static const struct part_file files[] = {
    {"/etc/ssh/kubeseed_ca.pub", "pki:ssh-ca/ca.pub", 0644, ROOT, NULL},
    {"/etc/ssh/sshd_config.d/kubeseed-copy.conf", "user-data/sshd-copy.conf",
     0644, ROOT, NULL},
    {LIB "receive-certificates", "scripts/receive-certificates", 0755, ROOT,
     NULL},
    {LIB "steps-copied.sh", "scripts/steps-copied.sh", 0644, ROOT, NULL},
    {"/root/bin/move-certificates.sh", "scripts/move-certificates.sh", 0755,
     ROOT, NULL},
    {0},
};

static const struct part_step steps[] = {{"move-certificates", joins}, {0}};

static void check_modes(const struct checking *c) {
  const struct spec *s = c->spec;
  if (s->pki.mode != PKI_COPIED)
    return;
  if (s->etcd.mode != ETCD_STACKED)
    yaml_fault(c->err, check_place(c, "pki", "mode"),
               "pki.mode copied needs etcd.mode stacked: with '%s' the etcd "
               "certificates must exist before the first boot, so their CA "
               "cannot be made on the first node",
               etcd_mode_name(s->etcd.mode));
  if (s->pki.discovery == DISCOVERY_TOKEN)
    yaml_fault(c->err, check_place(c, "pki", "discovery"),
               "discovery by token needs the CA's hash, and with pki.mode "
               "copied the CA is made on the first node; write `discovery: "
               "file`");
}

static const struct spec_check checks[] = {
    {check_modes, {"pki", "etcd.mode"}},
    {0},
};

const struct part part_copied_receive = {
    .name = "copied-receive",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
};
