/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the spec's author adds: files, settings and modules of the kernel,
 * commands before and after the node joins. */
#include "part/parts.h"
#include "spec/table.h"
#include <string.h>

#define COMMANDS_BEFORE LIB "commands-before"
#define COMMANDS_AFTER LIB "commands-after"

static bool has_sysctls(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.sysctls.n > 0;
}

static bool has_modules(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.modules.n > 0;
}

static bool has_settings(const struct plan *p, const struct plan_node *n) {
  return has_sysctls(p, n) || has_modules(p, n);
}

static bool has_before(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.before.n > 0;
}

static bool has_after(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.after.n > 0;
}

static bool has_steps(const struct plan *p, const struct plan_node *n) {
  return has_settings(p, n) || has_before(p, n) || has_after(p, n);
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  return n->extras.files.n > 0 || has_steps(p, n) ? "the spec adds to the node"
                                                  : NULL;
}

/* The kernel's settings come behind the image's own, 90-kubeseed.conf. */
static const struct part_file files[] = {
    {"/etc/sysctl.d/95-spec.conf", "user-data/sysctl.conf", 0644, ROOT,
     has_sysctls},
    {"/etc/modules-load.d/spec.conf", "user-data/modules.conf", 0644, ROOT,
     has_modules},
    {COMMANDS_BEFORE, "user-data/commands-before", 0600, ROOT, has_before},
    {COMMANDS_AFTER, "user-data/commands-after", 0600, ROOT, has_after},
    {LIB "steps-extras.sh", "scripts/steps-extras.sh", 0644, ROOT, has_steps},
    {0},
};

static void more_files(const struct plan_node *n, struct plan_file_vec *ret) {
  for (size_t i = 0; i < n->extras.files.n; i++) {
    const struct spec_file *f = n->extras.files.v[i];
    *plan_file_vec_add(ret) =
        (struct plan_file){f->path, "spec:files", f->mode, f->owner};
  }
}

static const struct part_step steps[] = {{"settings", has_settings},
                                         {"commands-before", has_before},
                                         {"commands-after", has_after},
                                         {0}};

static void set_lines(struct scope *s, const char *name,
                      const struct strv *lines) {
  _cleanup_free_ char *text = strv_join(lines, "\n");
  scope_set(s, name, text);
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (has_sysctls(p, n))
    set_lines(s, "sysctls", &n->extras.sysctls);
  if (has_modules(p, n))
    set_lines(s, "modules", &n->extras.modules);
  if (has_before(p, n))
    set_lines(s, "commands_before", &n->extras.before);
  if (has_after(p, n))
    set_lines(s, "commands_after", &n->extras.after);
}

/* ---- What would break kubeseed's own part ---- */

/* Folders and files that others on the node write, and why nobody else may. */
static const struct reserved {
  const char *path; /* a folder ends with '/' */
  const char *whose;
} reserved[] = {
    {"/proc/", "is the kernel's"},
    {"/sys/", "is the kernel's"},
    {"/dev/", "is the kernel's"},
    {"/run/", "is empty after each boot"},
    {"/tmp/", "is emptied at a boot"},
    {"/boot/", "belongs to the image"},
    {"/usr/lib/kubeseed/", "is kubeseed's"},
    {"/var/lib/kubeseed/", "is kubeseed's"},
    {"/etc/kubeseed/", "is kubeseed's"},
    {"/etc/cloud/", "is cloud-init's"},
    {"/var/lib/cloud/", "is cloud-init's"},
    {"/etc/systemd/network/", "follows from the spec's network"},
    {"/etc/kubernetes/manifests/", "is kubeadm's"},
    {"/etc/kubernetes/pki/", "is kubeadm's"},
    {"/etc/kubernetes/admin.conf", "is kubeadm's"},
    {"/etc/kubernetes/super-admin.conf", "is kubeadm's"},
    {"/etc/kubernetes/controller-manager.conf", "is kubeadm's"},
    {"/etc/kubernetes/scheduler.conf", "is kubeadm's"},
    {"/etc/kubernetes/kubelet.conf", "is kubeadm's"},
    {"/etc/kubernetes/bootstrap-kubelet.conf", "is kubeadm's"},
    {"/var/lib/kubelet/", "is the kubelet's"},
    {"/var/lib/etcd/", "is etcd's"},
    {"/etc/etcd/", "is etcd's"},
    {"/etc/passwd", "follows from the spec's users"},
    {"/etc/shadow", "follows from the spec's users"},
    {"/etc/group", "follows from the spec's users"},
    {"/etc/fstab", "belongs to the image"},
    {"/etc/sysctl.d/90-kubeseed.conf", "belongs to the image"},
    {"/etc/modules-load.d/kubeseed.conf", "belongs to the image"},
};

/* Whether name is of something in the folder, or the folder with a '/'. */
static bool below(const char *name, const char *folder) {
  size_t n = strlen(folder);
  return strncmp(name, folder, n) == 0 && name[n] == '/';
}

/* What Debian's links make of a path; the caller frees. */
static char *linked(const char *path) {
  static const struct {
    const char *link, *to;
  } links[] = {{"/bin", "/usr/bin"}, {"/sbin", "/usr/sbin"},
               {"/lib", "/usr/lib"}, {"/lib64", "/usr/lib64"},
               {"/var/run", "/run"}, {"/var/lock", "/run/lock"}};
  for (size_t i = 0; i < ARRAY_SIZE(links); i++)
    if (below(path, links[i].link))
      return xasprintf("%s%s", links[i].to, path + strlen(links[i].link));
  return xstrdup(path);
}

static const char *reserved_by(const char *path) {
  for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
    const char *r = reserved[i].path;
    size_t n = strlen(r);
    if (r[n - 1] == '/' ? strncmp(path, r, n) == 0 : strcmp(path, r) == 0)
      return reserved[i].whose;
    if (below(r, path))
      return "is a folder of the image";
  }
  return NULL;
}

/* A part's file, or a folder that has one; NULL when it is neither. */
static const char *of_a_part(const char *path) {
  for (const struct part *const *part = parts_all(); *part; part++)
    for (const struct part_file *f = (*part)->files; f && f->path; f++)
      if (strcmp(f->path, path) == 0 || below(f->path, path))
        return f->path;
  return NULL;
}

/* False after a fault: the place is not the author's. */
static bool check_place_of(const struct checking *c, const struct spec_file *f,
                           const struct yaml_node *path) {
  _cleanup_free_ char *place = linked(f->path);
  const char *whose = reserved_by(place), *own = of_a_part(place);
  if (!whose && own && strcmp(own, place) != 0)
    whose = "is a folder of the image";
  if (whose)
    yaml_fault(c->err, path, "the file '%s' cannot be one of yours: it %s",
               f->path, whose);
  else if (own)
    yaml_fault(c->err, path,
               "the file '%s' is one that kubeseed lays down itself; write "
               "another path",
               f->path);
  return !whose && !own;
}

/* f, and one of the n first of l: of the same node, or of all. */
static void check_beside(const struct checking *c,
                         const struct spec_file_vec *l, size_t n,
                         const struct spec_file *f,
                         const struct yaml_node *path) {
  for (size_t k = 0; k < n; k++) {
    const char *other = l->v[k].path;
    if (!below(f->path, other) && !below(other, f->path))
      continue;
    yaml_fault(c->err, path,
               "the file '%s' cannot be beside the file '%s': one of them "
               "would have to be a folder",
               f->path, other);
    return;
  }
}

static void check_file(const struct checking *c, const struct spec_file_vec *l,
                       size_t i, const struct yaml_node *at) {
  const struct spec_file_vec *all = &c->spec->extras.files;
  const struct spec_file *f = &l->v[i];
  const struct yaml_node *path = yaml_get(at, "path");
  if (check_place_of(c, f, path)) {
    check_beside(c, l, i, f, path);
    if (l != all)
      check_beside(c, all, all->n, f, path);
  }
  if (!f->written == !f->source)
    yaml_fault(c->err, at, "the file '%s' needs either content or source",
               f->path);
  for (size_t k = 0; k < i; k++)
    if (strcmp(l->v[k].path, f->path) == 0) {
      yaml_fault(c->err, path, "two files have the path '%s'", f->path);
      break;
    }
}

/* Without these no pod reaches another one. */
static const char *const needed[] = {"net.ipv4.ip_forward=1",
                                     "net.ipv4.conf.all.forwarding=1",
                                     "net.bridge.bridge-nf-call-iptables=1"};

static void check_sysctl(const struct checking *c, const char *setting,
                         const struct yaml_node *at) {
  _cleanup_free_ char *dotted = xstrdup(setting);
  size_t name = strcspn(dotted, "=");
  for (size_t i = 0; i < name; i++)
    if (dotted[i] == '/')
      dotted[i] = '.';
  for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
    if (strncmp(dotted, needed[i], name + 1) == 0 &&
        strcmp(dotted, needed[i]) != 0)
      yaml_fault(c->err, at,
                 "the setting '%.*s' must stay 1: pods are reached through it",
                 (int)name, setting);
}

static void check_extras(const struct checking *c, const struct spec_extras *e,
                         const struct yaml_node *around) {
  const struct yaml_node *files_at = yaml_get(around, "files");
  const struct yaml_node *sysctls_at = yaml_get(around, "sysctls");
  for (size_t i = 0; i < e->files.n; i++)
    check_file(c, &e->files, i, files_at->child[i]);
  for (size_t i = 0; i < e->sysctls.n; i++)
    check_sysctl(c, e->sysctls.v[i], sysctls_at->child[i]);
}

static void check_own(const struct checking *c) {
  check_extras(c, &c->spec->extras, c->root);
}

static void check_entries(const struct checking *c) {
  const struct yaml_node *entries = yaml_get(c->root, "nodes");
  for (size_t i = 0; i < c->spec->entry_extras.n; i++)
    check_extras(c, &c->spec->entry_extras.v[i], entries->child[i]);
}

static const struct spec_check checks[] = {
    {check_own, {"files", "sysctls"}},
    {check_entries, {"nodes", "files"}},
    {0},
};

const struct part part_extras = {
    .name = "extras",
    .why = why,
    .checks = checks,
    .files = files,
    .more_files = more_files,
    .steps = steps,
    .node_values = node_values,
};
