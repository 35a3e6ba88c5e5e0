/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/extras.h"

#include "spec/cloud.h"
#include "spec/patch.h"
#include <stdlib.h>
#include <string.h>

static void add_files(const struct spec_file_vec *from,
                      struct plan_extra_files *to) {
  for (size_t i = 0; i < from->n; i++) {
    size_t at = 0;
    while (at < to->n && strcmp(to->v[at]->path, from->v[i].path) != 0)
      at++;
    if (at == to->n)
      plan_extra_files_add(to);
    to->v[at] = &from->v[i];
  }
}

/* On a worker kubeadm writes nothing but the kubelet's. */
static void add_patches(const struct spec_file_vec *from, enum role role,
                        struct plan_extra_files *to) {
  for (size_t i = 0; i < from->n; i++)
    if (role == ROLE_CONTROL_PLANE ||
        patch_target(from->v[i].source) == PATCH_KUBELET)
      *plan_extra_files_add(to) = &from->v[i];
}

static bool same_name(const char *a, const char *b) {
  size_t n = strcspn(a, "=");
  return n == strcspn(b, "=") && strncmp(a, b, n) == 0;
}

static void add_named(const struct strv *from, struct strv *to) {
  for (size_t i = 0; i < from->n; i++) {
    size_t at = 0;
    while (at < to->n && !same_name(to->v[at], from->v[i]))
      at++;
    if (at == to->n) {
      strv_push(to, from->v[i]);
      continue;
    }
    free(to->v[at]);
    to->v[at] = xstrdup(from->v[i]);
  }
}

static void add_texts(const struct strv *from, struct strv *to, bool once) {
  for (size_t i = 0; i < from->n; i++)
    if (!once || !strv_has(to, from->v[i]))
      strv_push(to, from->v[i]);
}

static void add_disks(const struct spec_disk_vec *from,
                      struct plan_disk_vec *to) {
  for (size_t i = 0; i < from->n; i++) {
    size_t at = 0;
    while (at < to->n && strcmp(to->v[at]->name, from->v[i].name) != 0)
      at++;
    if (at == to->n)
      plan_disk_vec_add(to);
    to->v[at] = &from->v[i];
  }
}

static void add(const struct spec_extras *from, struct plan_extras *to) {
  add_files(&from->files, &to->files);
  add_named(&from->sysctls, &to->sysctls);
  add_named(&from->annotations, &to->annotations);
  add_named(&from->labels, &to->labels);
  if (from->taints.written)
    to->taints = &from->taints;
  add_texts(&from->modules, &to->modules, true);
  add_texts(&from->arguments, &to->arguments, true);
  add_texts(&from->before, &to->before, false);
  add_texts(&from->after, &to->after, false);
  add_disks(&from->disks, &to->disks);
  to->locale = from->locale ? from->locale : to->locale;
  to->keyboard = from->keyboard ? from->keyboard : to->keyboard;
  if (from->cloud_config && !to->cloud_config)
    to->cloud_config = yaml_new_map();
  if (from->cloud_config)
    cloud_merge(to->cloud_config, from->cloud_config);
}

/* Where a role or an entry has some, all that there are. */
static void add_kubelet_args(const struct spec *s,
                             const struct spec_extras *role,
                             const struct spec_extras *entry, struct strv *to) {
  if (!(role && role->kubelet_args.n > 0) && entry->kubelet_args.n == 0)
    return;
  add_named(&s->kubernetes.components[COMPONENT_KUBELET].args, to);
  if (role)
    add_named(&role->kubelet_args, to);
  add_named(&entry->kubelet_args, to);
}

void plan_extras(const struct spec *s, const struct spec_node *n, bool founder,
                 bool has_kubelet, struct plan_extras *ret) {
  *ret = (struct plan_extras){0};
  const struct spec_extras *role = spec_role_extras(s, n->role);
  add(&s->extras, ret);
  if (role)
    add(role, ret);
  add(&s->entry_extras.v[n->entry], ret);
  if (!has_kubelet) { /* what is for all nodes is for those of Kubernetes */
    strv_done(&ret->annotations);
    strv_done(&ret->labels);
  }
  if (has_kubelet)
    add_kubelet_args(s, role, &s->entry_extras.v[n->entry], &ret->kubelet_args);
  if (founder)
    add_files(&s->manifests, &ret->manifests);
  if (n->role == ROLE_CONTROL_PLANE)
    add_files(&s->api_files, &ret->api_files);
  add_files(&s->ca_files, &ret->cas);
  if (has_kubelet)
    add_patches(&s->kubernetes.patches, n->role, &ret->patches);
  if (has_kubelet)
    add_files(&s->registry_files, &ret->registries);
}

void plan_extras_done(struct plan_extras *e) {
  free(e->files.v);
  free(e->manifests.v);
  free(e->registries.v);
  free(e->cas.v);
  free(e->api_files.v);
  free(e->patches.v);
  strv_done(&e->sysctls);
  strv_done(&e->annotations);
  strv_done(&e->labels);
  strv_done(&e->modules);
  strv_done(&e->kubelet_args);
  strv_done(&e->arguments);
  strv_done(&e->before);
  strv_done(&e->after);
  free(e->disks.v);
  yaml_node_free(e->cloud_config);
  *e = (struct plan_extras){0};
}

static const struct spec_file *find(const struct plan_extra_files *l,
                                    const char *path) {
  for (size_t i = 0; i < l->n; i++)
    if (strcmp(l->v[i]->path, path) == 0)
      return l->v[i];
  return NULL;
}

const struct spec_file *plan_extras_file(const struct plan_extras *e,
                                         const char *path) {
  const struct spec_file *own = find(&e->files, path);
  own = own ? own : find(&e->manifests, path);
  own = own ? own : find(&e->registries, path);
  own = own ? own : find(&e->patches, path);
  own = own ? own : find(&e->cas, path);
  return own ? own : find(&e->api_files, path);
}
