/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pki.mode copied: the first node makes the CAs, and a control-plane node hands
 * them to the others. */
#include "part/nodes.h"
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (n->spec->role != ROLE_CONTROL_PLANE || p->spec->pki.mode != PKI_COPIED)
    return NULL;
  return n->founder ? "pki.mode copied: makes the CAs and hands them on"
                    : "pki.mode copied: hands the CAs on";
}

static bool founder(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->founder;
}

static const struct part_file files[] = {
    {"/etc/kubeseed/ssh/copy_key", "pki:node/copy_key", 0600, ROOT, NULL},
    {"/etc/kubeseed/ssh/copy_key-cert.pub", "pki:node/copy_key-cert.pub", 0644,
     ROOT, NULL},
    {"/etc/kubeseed/ssh/known_hosts", "user-data/known_hosts", 0644, ROOT,
     NULL},
    {"/root/bin/copy-certificates.sh", "scripts/copy-certificates.sh", 0755,
     ROOT, NULL},
    {0},
};

static const struct part_step steps[] = {
    {"make-certificates", founder}, {"copy-certificates", founder}, {0}};

/* "NODE=ADDRESS=ROLE" */
static void receiver(const struct plan_node *n, struct buf *out) {
  nodes_address(n, out);
  buf_addf(out, "=%s", role_name(n->spec->role));
}

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_set(s, "ssh_ca", part_key(in, "ssh-ca/ca.pub"));
  /* Only the mode that needs it pays for a list of all nodes in each seed. */
  if (p->spec->pki.mode == PKI_COPIED)
    nodes_set(s, "copy_to", &p->kubelets, NULL, " ", receiver);
  else
    scope_set(s, "copy_to", "");
}

/* All but the node itself, cut out of the text with all: no two nodes have the
 * same address, so its entry is there once. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (p->spec->pki.mode != PKI_COPIED || !n->has_kubelet)
    return;
  _cleanup_buf_ struct buf own = {0};
  _cleanup_buf_ struct buf others = {0};
  receiver(n, &own);
  const char *all = scope_text(s->parent, "copy_to");
  const char *at = strstr(all, own.data);
  const char *rest = at + own.len;
  if (*rest)
    rest++; /* the space behind it, or, for the last, the one before it */
  else if (at > all)
    at--;
  buf_add(&others, all, (size_t)(at - all));
  buf_adds(&others, rest);
  scope_set(s, "copy_to", others.data);
}

const struct part part_copied_hand = {
    .name = "copied-hand",
    .why = why,
    .files = files,
    .steps = steps,
    .values = values,
    .node_values = node_values,
};
