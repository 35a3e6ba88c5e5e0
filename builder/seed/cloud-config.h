/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node's user-data: what user-data/cloud-config.yaml says for all, with host
 * name, users and files put in. Written by way of a tree, so that no value can
 * break out of its field.
 */
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "format/yaml.h"
#include "plan/plan.h"

/* A file that cloud-init lays down. */
struct cloud_file {
  const struct plan_file *planned; /* path, owner and mode */
  struct buf content;
  /* Of cloud_config_item, borrowed, instead of a content; NULL: none. */
  const struct buf *item;
};
DEFINE_VEC(cloud_file_vec, struct cloud_file);

/*
 * Adds the item that write_files has for a file to out, parsed again. Most of a
 * seed are files that all nodes have alike: their items are made once.
 */
int cloud_config_item(const struct plan_file *planned,
                      const struct buf *content, struct buf *out,
                      struct error *err) _must_check_;

/*
 * Adds the document to out; what is not of cloud_config_item is parsed again.
 * own_key, an OpenSSH public key or NULL, opens the first user beside the
 * spec's keys: it is the workstation's.
 */
int cloud_config_write(const struct yaml_node *base, const struct plan *plan,
                       const struct plan_node *node, const char *own_key,
                       const struct cloud_file_vec *files, struct buf *out,
                       struct error *err) _must_check_;
