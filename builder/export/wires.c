/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/wires.h"

#include "base/mem.h"

size_t wires_count(const struct export_job *job) {
  size_t last = 0;
  for (size_t i = 0; i < job->n_nodes; i++) {
    const struct plan_interface_vec *v = &export_node(job, i)->interfaces;
    for (size_t k = 0; k < v->n; k++)
      if (plan_interface_made(&v->v[k]) && plan_interface_wire(v, k) > last)
        last = plan_interface_wire(v, k);
  }
  return last + 1;
}

char *wire_name(const struct plan *plan, size_t wire) {
  return wire == 0 ? xasprintf("kubeseed-%s", plan->spec->name)
                   : xasprintf("kubeseed-%s.%zu", plan->spec->name, wire);
}

static size_t count_made(const struct plan_interface_vec *v) {
  size_t n = 0;
  for (size_t i = 0; i < v->n; i++)
    n += plan_interface_made(&v->v[i]);
  return n;
}

int wires_check(const struct export_job *job, struct error *err) {
  for (size_t i = 0; i < job->n_nodes; i++) {
    const struct plan_node *node = export_node(job, i);
    if (plan_interfaces_check(node->name, &node->interfaces, err) < 0)
      return -1;
    if (count_made(&node->interfaces) > WIRES_MAX)
      return error_usage(err,
                         "%s: a machine that is made has %d cards at most, and "
                         "this one would have %zu",
                         node->name, WIRES_MAX, count_made(&node->interfaces));
  }
  if (wires_count(job) > WIRES_MAX)
    return error_usage(err,
                       "the cards of the spec are on %zu networks; %d at most "
                       "are made",
                       wires_count(job), WIRES_MAX);
  return 0;
}

void wires_tell(const struct export_job *job) {
  for (size_t i = 0; i < job->n_nodes; i++) {
    const struct plan_interface_vec *v = &export_node(job, i)->interfaces;
    for (size_t k = 0; k < v->n; k++) {
      const struct plan_interface *c = &v->v[k];
      if ((c->kind != LINK_CARD && c->kind != LINK_MEMBER) ||
          plan_interface_made(c))
        continue;
      log_warn(job->log,
               "the card %s of %s is known by its name alone, so none is made "
               "for it: give the machine one, or write its `mac`",
               c->name, export_node(job, i)->name);
      return;
    }
  }
}
