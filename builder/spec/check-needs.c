/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/check-needs.h"

#include "base/mem.h"
#include "spec/payload-facts.h"
#include <string.h>

#define MIB ((uint64_t)1 << 20)

/* kubeadm's own, which its preflight would refuse (constants.go). */
#define CONTROL_PLANE_MEMORY (1700 * MIB)
#define CONTROL_PLANE_CPUS 2

/* It is tried: what a newer version wants otherwise is seldom in the way. */
static void check_version(const struct checking *c) {
  if (c->spec->kubernetes.version_text &&
      version_is_newer(&c->spec->kubernetes.version))
    check_warn(c, check_place(c, "kubernetes", "version"),
               "Kubernetes %s is newer than %s, the newest that this kubeseed "
               "knows; it is treated as that one",
               c->spec->kubernetes.version_text, VERSION_NEWEST);
  if (c->spec->kubernetes.version_text && !c->spec->image.containerd.file &&
      version_needs_containerd_2(&c->spec->kubernetes.version))
    check_warn(
        c, check_place(c, "kubernetes", "version"),
        "Kubernetes %s wants containerd 2, as all from %s on, and Debian "
        "%d has containerd 1: its nodes will not be Ready; name an "
        "archive of containerd 2 in image.containerd",
        c->spec->kubernetes.version_text, VERSION_CONTAINERD_2,
        c->spec->image.debian);
}

static void check_containerd(const struct checking *c) {
  static const char rule[] = "64 digits, 0-9 and a-f, as sha256sum prints them";
  const char *hex = c->spec->image.containerd.sha256;
  const struct yaml_node *map =
      yaml_get(yaml_get(c->root, "image"), "containerd");
  if (hex && (strlen(hex) != 64 || hex[strspn(hex, "0123456789abcdef")]))
    yaml_fault(c->err, yaml_get(map, "sha256"), "'%s' is '%s', but must be %s",
               "sha256", hex, rule);
}

static void check_payload(const struct checking *c) {
  const char *payload = c->spec->kubernetes.payload;
  const char *version = c->spec->kubernetes.version_text;
  if (!payload || !version)
    return;
  const struct payload_facts *facts = payload_facts(payload);
  if (!payload_can_have(facts, version))
    yaml_fault(c->err, check_place(c, "kubernetes", "payload"),
               "the payload '%s' is Kubernetes %s, not %s; write 'version: "
               "%s', or another payload",
               payload, facts->version, version, facts->version);
}

/* The keys beside the source are of one source. */
static void check_from(const struct checking *c) {
  static const char *const keys[] = {"images", "packages", "registry",
                                     "proxy",  "key",      "ca"};
  const char *payload = c->spec->kubernetes.payload;
  if (!payload || payload_facts(payload)->kind == PAYLOAD_UPSTREAM)
    return;
  const struct yaml_node *map = yaml_get(c->root, "kubernetes");
  for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
    const struct yaml_node *value = yaml_get(map, keys[i]);
    if (value)
      yaml_fault(c->err, value,
                 "'%s' is for the payload pkgs.k8s.io, and this one is '%s'",
                 keys[i], payload);
    if (i == 0)
      map = yaml_get(map, "payload");
  }
}

static void check_published(const struct checking *c) {
  const char *payload = c->spec->kubernetes.payload;
  if (payload && payload_facts(payload)->kind == PAYLOAD_UPSTREAM &&
      !c->spec->kubernetes.from.packages &&
      !version_is_published(&c->spec->kubernetes.version))
    check_warn(c, check_place(c, "kubernetes", "version"),
               "pkgs.k8s.io has Kubernetes from 1.24 on; for %s name a mirror "
               "that has it, or a folder, in kubernetes.payload",
               c->spec->kubernetes.version_text);
}

/* False after a warning. */
static bool check_machine(const struct checking *c, const struct spec_node *n) {
  if (n->role != ROLE_CONTROL_PLANE)
    return true;
  if (n->memory < CONTROL_PLANE_MEMORY)
    check_warn(c, check_node_place(c, n, "memory"),
               "'%s' has less memory than kubeadm wants for a control plane, "
               "%dM",
               n->name, (int)(CONTROL_PLANE_MEMORY / MIB));
  if (n->cpus < CONTROL_PLANE_CPUS)
    check_warn(c, check_node_place(c, n, "cpus"),
               "'%s' has fewer processors than kubeadm wants for a control "
               "plane, %d",
               n->name, CONTROL_PLANE_CPUS);
  return n->memory >= CONTROL_PLANE_MEMORY && n->cpus >= CONTROL_PLANE_CPUS;
}

static void check_machines(const struct checking *c) {
  check_each_node(c, check_machine);
}

const struct spec_check check_needs_table[] = {
    {check_version,
     {"kubernetes.version", "image.debian", "image.containerd.file"}},
    {check_containerd, {"image.containerd.sha256"}},
    {check_payload, {"kubernetes"}},
    {check_from, {"kubernetes"}},
    {check_published, {"kubernetes"}},
    {check_machines,
     {"nodes.name", "nodes.role", "nodes.memory", "nodes.cpus"}},
    {0},
};
