/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/cloud-config.h"

#include <string.h>

static void add_user(const struct spec_user *u, const char *own_key,
                     struct yaml_node *user) {
  yaml_map_set_str(user, "name", u->name);
  yaml_map_set_str(user, "shell", "/bin/bash");
  yaml_map_set_str(user, "sudo", "ALL=(ALL) NOPASSWD:ALL");
  yaml_map_set_bool(user, "lock_passwd", true);
  /* cloud-init's schema allows no empty list. */
  if (u->ssh_keys.n == 0 && !own_key)
    return;
  struct yaml_node *keys = yaml_map_set_seq(user, "ssh_authorized_keys");
  if (own_key)
    yaml_seq_add(keys, yaml_new_strn(own_key, strcspn(own_key, "\n")));
  for (size_t k = 0; k < u->ssh_keys.n; k++)
    yaml_seq_add_str(keys, u->ssh_keys.v[k]);
}

static void add_users(const struct spec_user_vec *users, const char *own_key,
                      struct yaml_node *root) {
  struct yaml_node *list = yaml_map_set_seq(root, "users");
  for (size_t i = 0; i < users->n; i++)
    add_user(&users->v[i], i == 0 ? own_key : NULL, yaml_seq_add_map(list));
}

static void add_files(const struct cloud_file_vec *files,
                      struct yaml_node *root) {
  struct yaml_node *list = yaml_map_set_seq(root, "write_files");
  for (size_t i = 0; i < files->n; i++) {
    const struct cloud_file *f = &files->v[i];
    const struct buf *b = &f->content;
    struct yaml_node *file = yaml_seq_add_map(list);
    yaml_map_set_str(file, "path", f->planned->path);
    yaml_map_set_str(file, "owner", f->planned->owner);
    yaml_map_set_strf(file, "permissions", "%04o", f->planned->mode);
    yaml_map_set(file, "content",
                 yaml_new_strn(b->data ? b->data : "", b->len));
  }
}

int cloud_config_write(const struct yaml_node *base, const struct plan *plan,
                       const struct plan_node *node, const char *own_key,
                       const struct cloud_file_vec *files, struct buf *out,
                       struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = yaml_copy(base);
  yaml_map_set_str(root, "hostname", node->name);
  yaml_map_set_str(root, "fqdn", node->fqdn);
  add_users(&plan->spec->users, own_key, root);
  add_files(files, root);
  buf_adds(out, "#cloud-config\n");
  return yaml_emit(root, out, err);
}
