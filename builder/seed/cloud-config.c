/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/cloud-config.h"

#include "base/codec.h"
#include "base/embedded.h"
#include "base/utf8.h"
#include "spec/cloud.h"
#include <string.h>

#define CLOUD_CFG "images/debian/tree/etc/cloud/cloud.cfg"

static void add_user(const struct spec_user *u, const char *own_key,
                     struct yaml_node *user) {
  yaml_map_set_str(user, "name", u->name);
  yaml_map_set_str(user, "shell", word_of(shell_words, (int)u->shell));
  if (u->sudo != SUDO_NONE)
    yaml_map_set_str(user, "sudo",
                     u->sudo == SUDO_PASSWORD ? "ALL=(ALL) ALL"
                                              : "ALL=(ALL) NOPASSWD:ALL");
  yaml_map_set_bool(user, "lock_passwd", !u->password);
  /* Not passwd, which is for a user that is not there yet: a power cut may have
   * come in between. */
  if (u->password)
    yaml_map_set_str(user, "hashed_passwd", u->password);
  if (u->groups.n > 0) {
    struct yaml_node *groups = yaml_map_set_seq(user, "groups");
    for (size_t i = 0; i < u->groups.n; i++)
      yaml_seq_add_str(groups, u->groups.v[i]);
  }
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

/* What YAML cannot hold as a text: an author's file may be anything. */
static bool is_binary(const struct buf *content) {
  return content->len > 0 &&
         (strlen(content->data) != content->len || !utf8_ok(content->data));
}

static void add_file(const struct plan_file *planned, const struct buf *content,
                     struct yaml_node *list) {
  struct yaml_node *file = yaml_seq_add_map(list);
  _cleanup_buf_ struct buf encoded = {0};
  bool binary = is_binary(content);
  if (binary)
    base64_encode(content->data, content->len, 0, &encoded);
  const struct buf *text = binary ? &encoded : content;
  yaml_map_set_str(file, "path", planned->path);
  yaml_map_set_str(file, "owner", planned->owner);
  yaml_map_set_strf(file, "permissions", "%04o", planned->mode);
  if (binary)
    yaml_map_set_str(file, "encoding", "base64");
  yaml_map_set(file, "content",
               yaml_new_strn(text->data ? text->data : "", text->len));
}

/* Adds the tree's text to out once it has been read back. */
static int write_checked(const struct yaml_node *root, struct buf *out,
                         struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (yaml_emit(root, &text, err) < 0 ||
      yaml_check("user-data", text.data, text.len, err) < 0)
    return -1;
  /* libyaml ends a document so whose last text ends with an empty line; here
   * more follows. */
  static const char end[] = "\n...\n";
  if (text.len >= strlen(end) &&
      strcmp(text.data + text.len - strlen(end), end) == 0)
    text.len -= strlen(end) - 1;
  buf_add(out, text.data, text.len);
  return 0;
}

int cloud_config_item(const struct plan_file *planned,
                      const struct buf *content, struct buf *out,
                      struct error *err) {
  _cleanup_yaml_ struct yaml_node *list = yaml_new_seq();
  add_file(planned, content, list);
  return write_checked(list, out, err);
}

/* The first of a list's items in *text, which moves behind it. Only an item
 * begins at the first column with a dash: all that is in it is indented. */
static void take_item(const char **text, struct buf *out) {
  const char *next = strstr(*text, "\n- ");
  size_t len = next ? (size_t)(next - *text) + 1 : strlen(*text);
  buf_add(out, *text, len);
  *text += len;
}

static int write_files(const struct cloud_file_vec *files, struct buf *out,
                       struct error *err) {
  _cleanup_yaml_ struct yaml_node *list = yaml_new_seq();
  _cleanup_buf_ struct buf own = {0};
  for (size_t i = 0; i < files->n; i++)
    if (!files->v[i].item)
      add_file(files->v[i].planned, &files->v[i].content, list);
  if (write_checked(list, &own, err) < 0)
    return -1;
  const char *rest = own.data;
  buf_adds(out, "write_files:\n");
  for (size_t i = 0; i < files->n; i++) {
    const struct buf *item = files->v[i].item;
    if (item)
      buf_add(out, item->data, item->len);
    else
      take_item(&rest, out);
  }
  return 0;
}

/* Those of the author's keys that the image's cloud-init has no use of. */
static int add_modules(const struct yaml_node *fragment, struct yaml_node *root,
                       struct error *err) {
  _cleanup_yaml_ struct yaml_node *image = NULL;
  const struct embedded *e = embedded_find(CLOUD_CFG);
  if (!e)
    return error_set(err, 0, "there is no " CLOUD_CFG);
  if (yaml_parse(e->name, (const char *)e->data, e->len, &image, err) < 0)
    return -1;
  cloud_add_modules(fragment, image, root);
  return 0;
}

int cloud_config_write(const struct yaml_node *base, const struct plan *plan,
                       const struct plan_node *node, const char *own_key,
                       const struct cloud_file_vec *files, struct buf *out,
                       struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = yaml_copy(base);
  yaml_map_set_str(root, "hostname", node->name);
  yaml_map_set_str(root, "fqdn", node->fqdn);
  add_users(&plan->spec->users, own_key, root);
  if (node->extras.cloud_config) {
    cloud_merge(root, node->extras.cloud_config);
    if (add_modules(node->extras.cloud_config, root, err) < 0)
      return -1;
  }
  buf_adds(out, "#cloud-config\n");
  if (write_checked(root, out, err) < 0)
    return -1;
  return files->n ? write_files(files, out, err) : 0;
}
