/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/addons.h"

#include "base/mem.h"
#include <string.h>

const struct spec_addon *addon_of(const struct spec *s, enum addon a) {
  for (size_t i = 0; i < s->addons.n; i++)
    if (s->addons.v[i].name == (int)a)
      return &s->addons.v[i];
  return NULL;
}

/* hier(7); and what the kubelet, containerd, etcd and kubeseed keep. */
static const char *const taken[] = {
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/tmp",
    "/usr",
    "/var/log",
    "/home",
    "/libx32",
    "/var/tmp",
    "/var/run",
    "/opt/cni",
    "/var/lib/kubelet",
    "/var/lib/etcd",
    "/var/lib/containerd",
    "/var/lib/kubeseed",
    "/var/lib/cloud",
    "/var/lib/cni",
    "/var/lib/dpkg",
};

/* Whether one of the folders is the other, or in it. */
static bool overlap(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b), less = n < m ? n : m;
  return strncmp(a, b, less) == 0 &&
         (n == m || (n < m ? b[less] : a[less]) == '/');
}

bool addon_path_ok(const char *path) {
  for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
    if (overlap(taken[i], path))
      return false;
  return true;
}
