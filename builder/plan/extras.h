/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a spec's author adds to one node: what is for all nodes, behind it what
 * is for the node's role, and then what is for the node's entry; where two set
 * the same, the later one instead of the earlier.
 */
#pragma once

#include "spec/spec.h"

DEFINE_VEC(plan_extra_files, const struct spec_file *);
DEFINE_VEC(plan_disk_vec, const struct spec_disk *);

struct plan_extras {
  struct plan_extra_files
      files;               /* no two with one path; borrowed of the spec */
  struct strv sysctls;     /* "name=value", no name twice */
  struct strv annotations; /* "key=value", no key twice */
  struct strv labels;      /* the same */
  /* Of the entry or the role; NULL: kubeadm's own. Borrowed. */
  const struct spec_taints *taints;
  struct strv modules;
  struct strv kubelet_args;       /* empty: those of kubernetes.kubelet alone */
  struct strv arguments;          /* of the kernel */
  struct strv before, after;      /* commands */
  struct yaml_node *cloud_config; /* merged; NULL: none */
  const char *locale, *keyboard;  /* borrowed; NULL: the image's */
  struct plan_disk_vec disks;     /* no two with one name; borrowed */
  /* Of the node that founds the cluster alone, in order; borrowed. */
  struct plan_extra_files manifests;
  struct plan_extra_files api_files; /* of control planes; borrowed */
  /* Of what kubeadm writes on the node; borrowed. */
  struct plan_extra_files patches;
  /* Of nodes that run pods; borrowed. */
  struct plan_extra_files registries;
  struct plan_extra_files cas; /* of all nodes; borrowed */
};

/* The caller plan_extras_done's ret, before the spec goes. */
void plan_extras(const struct spec *s, const struct spec_node *n, bool founder,
                 bool has_kubelet, struct plan_extras *ret);

void plan_extras_done(struct plan_extras *e);

/* The file, manifest, patch or registry's file for that path, borrowed; NULL
 * when there is none. */
const struct spec_file *plan_extras_file(const struct plan_extras *e,
                                         const char *path);
