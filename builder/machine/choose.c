/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/choose.h"

#include "base/host.h"
#include "base/mem.h"
#include <string.h>

#define AUTO "auto"

int choose_check(const char *word, struct error *err) {
  if (strcmp(word, AUTO) == 0 || machine_kind_find(word))
    return 0;
  return error_usage(err, "--machines: '%s' is none of qemu, container, auto",
                     word);
}

/* Whether a machine of that kind has a disk here or runs. */
static bool in_use(const struct state *s, const struct plan *plan,
                   const struct machine_kind *kind) {
  for (size_t i = 0; i < plan->nodes.n; i++) {
    const char *node = plan->nodes.v[i].name;
    if (kind->has_disk(s, node) || kind->running(s, node, NULL))
      return true;
  }
  return false;
}

static const struct machine_kind *pick(const struct log *log) {
  _cleanup_host_accel_ struct host_accel accel = {0};
  _cleanup_machine_host_ struct machine_host host = {0};
  _cleanup_error_ struct error err = {0};
  host_accel_probe(NULL, NULL, &accel);
  if (accel.kvm) {
    log_info(log, "machines: virtual ones, under KVM (%s)", accel.reason);
    return &machine_qemu;
  }
  if (machine_container.check_host(&host, &err) == 0) {
    log_info(log,
             "machines: containers, for virtual ones would be emulated "
             "(%s)",
             accel.reason);
    return &machine_container;
  }
  log_info(log, "machines: emulated (%s; no containers: %s)", accel.reason,
           err.n_faults ? err.faults[0].msg : "");
  return &machine_qemu;
}

int choose_kind(const struct log *log, const struct state *s,
                const struct plan *plan, const char *word,
                const struct machine_kind **ret, struct error *err) {
  const struct machine_kind *old = NULL;
  if (machine_kind_load(s, &old, err) < 0)
    return -1;
  *ret = old;
  if (!word)
    return 0;
  bool automatic = strcmp(word, AUTO) == 0;
  const struct machine_kind *named = machine_kind_find(word);
  if (in_use(s, plan, old)) {
    if (automatic || named == old)
      return 0;
    return error_usage(err,
                       "--machines %s: the cluster's machines are of the kind "
                       "'%s'; `kubeseed destroy %s` deletes them with their "
                       "disks",
                       word, old->name, s->target);
  }
  *ret = automatic ? pick(log) : named;
  return 0;
}

/* A container's cards have no address of their own (ethtool's permanent one),
 * by which systemd-networkd finds the members of a bond. */
int choose_check_cards(const struct plan *plan, const size_t *nodes, size_t n,
                       const struct machine_kind *kind, struct error *err) {
  if (kind != &machine_container)
    return 0;
  for (size_t i = 0; i < n; i++) {
    const struct plan_node *node = &plan->nodes.v[nodes[i]];
    for (size_t k = 0; k < node->interfaces.n; k++)
      if (node->interfaces.v[k].kind == LINK_BOND)
        return error_usage(err,
                           "%s: a container's cards cannot be a bond; take "
                           "--machines qemu",
                           node->name);
  }
  return 0;
}

int choose_check_internet(const struct machine_kind *kind, struct error *err) {
  if (kind->leads_out)
    return 0;
  return error_usage(err,
                     "--internet: machines of the kind '%s' are in a network "
                     "of their own that leads nowhere; take --machines qemu",
                     kind->name);
}

int choose_save(const struct state *s, const struct machine_kind *kind,
                struct error *err) {
  const struct machine_kind *old = NULL;
  if (machine_kind_load(s, &old, err) < 0)
    return -1;
  return kind == old ? 0 : machine_kind_save(s, kind, err);
}
