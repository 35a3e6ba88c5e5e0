/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every node has: its ssh host key and the bootstrap program. */
#include "part/ask.h"
#include "part/judge-certificates.h"
#include "part/judge-seed.h"
#include "part/judge-units.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  (void)n;
  return "every node";
}

static const struct part_file files[] = {
    {"/etc/ssh/ssh_host_ed25519_key", "pki:node/ssh_host_ed25519_key", 0600,
     ROOT, NULL},
    {"/etc/ssh/ssh_host_ed25519_key.pub", "pki:node/ssh_host_ed25519_key.pub",
     0644, ROOT, NULL},
    {"/etc/ssh/ssh_host_ed25519_key-cert.pub",
     "pki:node/ssh_host_ed25519_key-cert.pub", 0644, ROOT, NULL},
    {"/etc/ssh/sshd_config.d/kubeseed.conf", "user-data/sshd.conf", 0644, ROOT,
     NULL},
    {"/etc/kubeseed/node.env", "user-data/node.env", 0644, ROOT, NULL},
    {LIB "bootstrap", "scripts/bootstrap", 0755, ROOT, NULL},
    {LIB "steps-common.sh", "scripts/steps-common.sh", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"kubeseed-bootstrap.service", NULL};

static const struct part_step steps[] = {
    {"check", NULL}, {"wipe", NULL}, {"ready", NULL}, {0}};

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_set(s, "cluster", p->spec->name);
  scope_set(s, "version", p->spec->kubernetes.version_text);
  scope_set(s, "pki_mode", pki_mode_name(p->spec->pki.mode));
  scope_setf(s, "seed_time", "%lld", (long long)in->created);
  scope_setf(s, "join_days", "%d", p->spec->kubernetes.join_days);
  scope_setf(s, "expected_nodes", "%zu", p->kubelets.n);
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  (void)p;
  scope_set(s, "node", n->name);
  scope_set(s, "fqdn", n->fqdn);
  scope_set(s, "role", role_name(n->spec->role));
  scope_set(s, "uuid", n->uuid);
  scope_set_flag(s, "control_plane", n->spec->role == ROLE_CONTROL_PLANE);
  scope_set_flag(s, "worker", n->spec->role == ROLE_WORKER);
  _cleanup_free_ char *names = strv_join(&n->steps, " ");
  scope_set(s, "steps", names);
}

static void judge_reach(struct judge *j) {
  struct wrong w = {0};
  for (size_t i = 0; i < j->facts->n; i++) {
    const struct verify_answer *a = &j->facts->node[i];
    if (!a->text)
      wrong_add(&w, "%s", a->error ? a->error : j->plan->nodes.v[i].name);
  }
  judge_end_count(j, "reach", "every node answers ssh", &w, j->facts->n,
                  "node");
}

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  (void)in;
  _cleanup_free_ char *names = strv_join(&n->units, " ");
  ask_set(head, "UNITS", names);
}

static void verify(struct judge *j) {
  judge_reach(j);
  judge_seed(j);
  judge_units(j);
  judge_certificates(j);
}

const struct part part_node = {
    .name = "node",
    .why = why,
    .files = files,
    .units = units,
    .steps = steps,
    .values = values,
    .node_values = node_values,
    .ask = ask,
    .verify = verify,
};
