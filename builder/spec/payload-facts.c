/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/payload-facts.h"

#include "base/cleanup.h"
#include <stddef.h>
#include <string.h>

static const struct payload_facts named[] = {
    /* The version that Debian's own source package holds, and what
     * images/payload-debian calls its images: they are nobody else's. */
    {.kind = PAYLOAD_DEBIAN,
     .name = "debian",
     .version = "1.20.2",
     .image_repository = "kubeseed.internal/k8s",
     .etcd_image_tag = "3.4.23"},
    {.kind = PAYLOAD_UPSTREAM, .name = "pkgs.k8s.io", .coredns = true},
};

static const struct payload_facts folder = {.kind = PAYLOAD_FOLDER,
                                            .coredns = true};

const struct payload_facts *payload_facts(const char *payload) {
  for (size_t i = 0; i < ARRAY_SIZE(named); i++)
    if (strcmp(named[i].name, payload) == 0)
      return &named[i];
  return &folder;
}

bool payload_can_have(const struct payload_facts *facts, const char *version) {
  return !facts->version || strcmp(facts->version, version) == 0;
}

const char *payload_default(const char *version) {
  const char *any = NULL;
  for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
    if (named[i].version && strcmp(named[i].version, version) == 0)
      return named[i].name;
    if (!named[i].version)
      any = named[i].name;
  }
  return any;
}
