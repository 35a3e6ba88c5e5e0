/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/parts.h"

#include "part/objects.h"
#include "plan/make.h"
#include "spec/read.h"
#include <stdlib.h>
#include <string.h>

#define PART_ADDRESS(name) &part_##name,
static const struct part *const all[] = {PART_LIST(PART_ADDRESS) NULL};

const struct part *const *parts_all(void) {
  return all;
}

int parts_read_spec(const char *file, const char *text, size_t len,
                    struct spec *ret, struct error *err) {
  const struct spec_check *checks[ARRAY_SIZE(all)];
  size_t n = 0;
  for (const struct part *const *part = all; *part; part++)
    if ((*part)->checks)
      checks[n++] = (*part)->checks;
  checks[n] = NULL;
  return spec_read_with(checks, file, text, len, ret, err);
}

/* The order of first boot, whichever parts a node has. Something new goes where
 * what it needs has been done: "ready" is told to whoever waits for the node.
 */
static const char *const steps[] = {
    "kernel-arguments",
    "check",
    "disks",
    "outward",
    "keyboard",
    "settings",
    "commands-before",
    "proxy",
    "vip",
    "pacemaker",
    "gateway",
    "pod-network",
    "volumes",
    "kubelet-link",
    "kubelet",
    "etcd",
    "make-certificates",
    "kubeadm-init",
    "move-certificates",
    "kubeadm-join",
    "control-plane",
    "approver",
    "health-proxy",
    "objects",
    "kubeconfig",
    "renewal",
    "flannel",
    "manifests",
    "annotations",
    "commands-after",
    "wipe",
    "ready",
    "addons",
    "copy-certificates",
    "tidy",
    NULL,
};

const char *const *parts_steps(void) {
  return steps;
}

static bool applies(part_when *when, const struct plan *p,
                    const struct plan_node *n) {
  return !when || when(p, n);
}

/* Whether one of the n parts wants the step on the node. */
static bool step_wanted(const struct plan *p, const struct plan_node *n,
                        const struct part *const *parts, size_t n_parts,
                        const char *step) {
  for (size_t i = 0; i < n_parts; i++)
    for (const struct part_step *s = parts[i]->steps; s && s->name; s++)
      if (strcmp(s->name, step) == 0 && applies(s->when, p, n))
        return true;
  return false;
}

static void add_part(const struct plan *p, struct plan_node *n,
                     const struct part *part, const char *why) {
  *plan_part_vec_add(&n->parts) = (struct plan_part){part->name, why};
  for (const struct part_file *f = part->files; f && f->path; f++)
    if (applies(f->when, p, n))
      *plan_file_vec_add(&n->files) =
          (struct plan_file){f->path, f->source, f->mode, f->owner};
  if (part->more_files)
    part->more_files(n, &n->files);
  for (const char *const *u = part->units; u && *u; u++)
    strv_push(&n->units, *u);
  if (part->more_units)
    part->more_units(n, &n->units);
}

static void plan_node_parts(const struct plan *p, struct plan_node *n) {
  const struct part *has[ARRAY_SIZE(all)];
  size_t n_has = 0;
  for (const struct part *const *part = all; *part; part++) {
    const char *why = (*part)->why(p, n);
    if (!why)
      continue;
    has[n_has++] = *part;
    add_part(p, n, *part, why);
  }
  for (const char *const *step = steps; *step; step++)
    if (step_wanted(p, n, has, n_has, *step))
      strv_push(&n->steps, *step);
}

int parts_plan(const struct spec *spec, struct plan *ret, struct error *err) {
  _cleanup_plan_ struct plan p = {0};
  if (plan_make(spec, &p, err) < 0)
    return -1;
  for (size_t i = 0; i < p.nodes.n; i++)
    plan_node_parts(&p, &p.nodes.v[i]);
  *ret = p;
  p = (struct plan){0};
  return 0;
}

void parts_values(const struct part_input *in, struct scope *cluster) {
  for (const struct part *const *part = all; *part; part++)
    if ((*part)->values)
      (*part)->values(in, cluster);
}

void parts_node_values(const struct plan *p, const struct plan_node *n,
                       struct scope *node) {
  for (const struct part *const *part = all; *part; part++)
    if ((*part)->node_values)
      (*part)->node_values(p, n, node);
}

void parts_ask(const struct part_input *in, const struct plan_node *n,
               struct buf *head) {
  for (const struct part *const *part = all; *part; part++)
    if ((*part)->ask)
      (*part)->ask(in, n, head);
}

/* The order of telling: what all else stands on comes first. */
static const char *const checks[] = {
    "reach",
    "seed",
    "units",
    "certificates",
    "etcd.members",
    "etcd.health",
    "etcd.leader",
    "etcd.encryption",
    "gateway.forward",
    "gateway.names",
    "endpoint.holder",
    "endpoint.members",
    "endpoint.readyz",
    "endpoint.backends",
    "endpoint.health",
    "api",
    "nodes.names",
    "nodes.ready",
    "nodes.version",
    "nodes.address",
    "nodes.role",
    "nodes.labels",
    "nodes.taints",
    "nodes.serving",
    "pods.kube-apiserver",
    "pods.kube-controller-manager",
    "pods.kube-scheduler",
    "pods.etcd",
    "pods.kube-proxy",
    "pods.system",
    "dns",
    "addons",
    "pods.dns",
    "pods.reach",
    NULL,
};

const char *const *parts_checks(void) {
  return checks;
}

static size_t place_of(const char *id) {
  size_t i = 0;
  while (checks[i] && strcmp(checks[i], id) != 0)
    i++;
  return i;
}

static int by_place(const void *a, const void *b) {
  const struct verify_check *x = a;
  const struct verify_check *y = b;
  size_t i = place_of(x->id), k = place_of(y->id);
  return i < k ? -1 : i > k;
}

void parts_verify(const struct plan *plan, const struct verify_facts *facts,
                  struct verify_check_vec *ret) {
  _cleanup_(objects_done) struct objects objects = {0};
  struct judge j = {.plan = plan, .facts = facts, .checks = ret};
  struct wrong w = {0};
  bool known = objects_read(&j, &objects, &w);
  judge_end_count(&j, "api", "an API server tells about nodes and pods", &w,
                  json_array_size(objects.items), "object");
  j.objects = known ? &objects : NULL;
  for (const struct part *const *part = all; *part; part++)
    if ((*part)->verify)
      (*part)->verify(&j);
  qsort(ret->v, ret->n, sizeof(*ret->v), by_place);
}
