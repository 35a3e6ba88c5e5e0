/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubernetes.bootstrapper systemd: what runs on a node is a unit of systemd, of
 * the programs that the image has from the payload's own container images
 * (images/debian/hooks/customize40-kubernetes). */
#include "part/ask.h"
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->has_kubelet &&
                 p->spec->kubernetes.bootstrapper == BOOTSTRAPPER_SYSTEMD
             ? "bootstrapper systemd: runs it as units"
             : NULL;
}

static bool control_plane(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role == ROLE_CONTROL_PLANE;
}

#define UNIT(name, when)                                                       \
  {                                                                            \
    PROCESSES name ".service", "user-data/unit-" name ".service", 0644, ROOT,  \
        when                                                                   \
  }

static const struct part_file files[] = {
    UNIT("kube-proxy", NULL),
    UNIT("kube-apiserver", control_plane),
    UNIT("kube-controller-manager", control_plane),
    UNIT("kube-scheduler", control_plane),
    {LIB "steps-systemd.sh", "scripts/steps-systemd.sh", 0644, ROOT, NULL},
    {0},
};

static const char *const units[] = {"kube-proxy.service", NULL};

static void more_units(const struct plan_node *n, struct strv *ret) {
  if (n->spec->role == ROLE_CONTROL_PLANE)
    strv_push_all(ret, "kube-apiserver.service",
                  "kube-controller-manager.service", "kube-scheduler.service",
                  NULL);
}

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  if (!why(in->plan, n))
    return;
  ask_set(head, "COMPONENTS",
          control_plane(in->plan, n)
              ? "kube-proxy kube-apiserver kube-controller-manager "
                "kube-scheduler"
              : "kube-proxy");
}

const struct part part_systemd = {
    .name = "systemd",
    .why = why,
    .files = files,
    .units = units,
    .more_units = more_units,
    .ask = ask,
};
