/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fragments of cloud-init's cloud-config, which a spec adds to its nodes'
 * user-data (cloudConfig): which keys may be in one, and what several become.
 */
#pragma once

#include "base/error.h"
#include "format/yaml.h"

#define CLOUD_RULE "a map of cloud-init's keys, like {bootcmd: [\"true\"]}"

/* A key that may stand in a fragment. */
struct cloud_key {
  const char *name;
  enum yaml_kind kind;
  /* What cloud-init runs for it and the image's cloud.cfg does not have, and in
   * which of its lists; NULL: it has it. */
  const char *module, *list;
};

/* All of them, with a name of NULL behind the last. */
extern const struct cloud_key cloud_keys[];

/* The key of that name; NULL when it may not stand in a fragment. */
const struct cloud_key *cloud_key_find(const char *name);

/* What to write in place of a key that is none of these, as the end of a
 * sentence: "is the spec's users". */
const char *cloud_key_instead(const char *name);

/*
 * Adds from, a map, to the map to: maps become one, key by key, a list comes
 * behind the other one, and of anything else from's takes the place of to's.
 */
void cloud_merge(struct yaml_node *to, const struct yaml_node *from);

/* Adds the lists of modules that a fragment needs to root, as cloud.cfg, the
 * image's, has them, with what is wanted beside. */
void cloud_add_modules(const struct yaml_node *fragment,
                       const struct yaml_node *cloud_cfg,
                       struct yaml_node *root);
