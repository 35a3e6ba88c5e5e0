/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spec's further disks: which they are, what makes file systems on those
 * that are empty, and who waits for them to be mounted at a boot. */
#include "part/part.h"
#include "plan/identity.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.disks.n > 0 ? "the spec has further disks for it" : NULL;
}

static bool has_kubelet(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_kubelet;
}

static bool runs_etcd(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->runs_etcd;
}

#define UNITS "/etc/systemd/system/"
#define WAITS "user-data/disks.conf"
static const struct part_file files[] = {
    {LIB "disks", "user-data/disks", 0644, ROOT, NULL},
    {LIB "steps-disks.sh", "scripts/steps-disks.sh", 0644, ROOT, NULL},
    {UNITS "containerd.service.d/kubeseed-disks.conf", WAITS, 0644, ROOT,
     has_kubelet},
    {UNITS "kubelet.service.d/kubeseed-disks.conf", WAITS, 0644, ROOT,
     has_kubelet},
    {UNITS "etcd.service.d/kubeseed-disks.conf", WAITS, 0644, ROOT, runs_etcd},
    {0},
};

static const struct part_step steps[] = {{"disks", NULL}, {0}};

/* The file system's UUID follows from the node, so that it is known before
 * there is one. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  const struct plan_disk_vec *disks = &n->extras.disks;
  if (disks->n == 0)
    return;
  scope_set_list(s, "disks");
  for (size_t i = 0; i < disks->n; i++) {
    const struct spec_disk *d = disks->v[i];
    struct scope *one = scope_add(s, "disks");
    char uuid[PLAN_UUID];
    _cleanup_free_ char *of = xasprintf("%s/disk/%s", n->name, d->name);
    _cleanup_free_ char *by_id =
        xasprintf("/dev/disk/by-id/virtio-%s", d->name);
    plan_uuid(p->spec, of, uuid);
    scope_set(one, "disk_name", d->name);
    scope_set(one, "disk_device", d->device ? d->device : by_id);
    scope_set(one, "disk_mount", d->mount);
    scope_set(one, "disk_uuid", uuid);
  }
}

/* ---- What a spec may say ---- */

/* What virtio's configuration has room for (VIRTIO, "Block Device"). */
#define SERIAL_MAX 20

/* Is path the folder, or does it lie below it? */
static bool within(const char *path, const char *folder) {
  size_t n = strlen(folder);
  return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

/* Places at which no disk of an author's can be: what is in them is used before
 * one is mounted, or is not on a disk at all. */
static const char *const taken[] = {
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/lost+found",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/tmp",
    "/usr",
    "/var/lib/apt",
    "/var/lib/cloud",
    "/var/lib/dbus",
    "/var/lib/dpkg",
    "/var/lib/kubeseed",
    "/var/lib/private",
    "/var/lib/systemd",
    "/var/lock",
    "/var/log",
    "/var/run",
    "/var/tmp",
};

/* Folders of programs that may be a disk, but have none within. */
static const char *const whole[] = {"/var/lib/containerd", "/var/lib/etcd",
                                    "/var/lib/kubelet"};

static bool may_be_mounted(const char *path) {
  if (strcmp(path, "/var") == 0 || strcmp(path, "/var/lib") == 0)
    return false;
  for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
    if (within(path, taken[i]))
      return false;
  for (size_t i = 0; i < ARRAY_SIZE(whole); i++)
    if (within(path, whole[i]) && strcmp(path, whole[i]) != 0)
      return false;
  return true;
}

static void check_disk(const struct checking *c, const struct spec_disk *d,
                       const struct yaml_node *at) {
  if (strlen(d->name) > SERIAL_MAX)
    yaml_fault(c->err, yaml_get(at, "name"),
               "the disk's name '%s' is longer than %d letters", d->name,
               SERIAL_MAX);
  if (!may_be_mounted(d->mount))
    yaml_fault(c->err, yaml_get(at, "mount"),
               "no disk can be mounted at '%s', which nodes need before it "
               "is; write a folder like /var/lib/etcd, /var/lib/containerd or "
               "/srv",
               d->mount);
  if (d->device && !within(d->device, "/dev/disk"))
    yaml_fault(c->err, yaml_get(at, "device"),
               "'%s' may be another disk after a boot; write a name below "
               "/dev/disk, such as /dev/disk/by-id/...",
               d->device);
}

static void check_place_of(const struct checking *c,
                           const struct spec_extras *e,
                           const struct yaml_node *around) {
  const struct yaml_node *list = yaml_get(around, "disks");
  for (size_t i = 0; i < e->disks.n; i++) {
    check_disk(c, &e->disks.v[i], list->child[i]);
    for (size_t k = 0; k < i; k++)
      if (strcmp(e->disks.v[k].name, e->disks.v[i].name) == 0) {
        yaml_fault(c->err, yaml_get(list->child[i], "name"),
                   "two disks have the name '%s'", e->disks.v[i].name);
        break;
      }
  }
}

static void check_all(const struct checking *c) {
  check_each_extras(c, check_place_of);
}

static void add_disks(const struct spec_extras *e, struct plan_disk_vec *to) {
  for (size_t i = 0; e && i < e->disks.n; i++) {
    size_t at = 0;
    while (at < to->n && strcmp(to->v[at]->name, e->disks.v[i].name) != 0)
      at++;
    if (at == to->n)
      plan_disk_vec_add(to);
    to->v[at] = &e->disks.v[i];
  }
}

static const char *clash(const struct spec_disk *a, const struct spec_disk *b) {
  if (within(a->mount, b->mount) || within(b->mount, a->mount))
    return "are mounted within one another";
  return a->device && b->device && strcmp(a->device, b->device) == 0
             ? "are one device"
             : NULL;
}

/* All that a node has together. */
static bool check_node(const struct checking *c, const struct spec_node *n) {
  const struct spec *s = c->spec;
  struct plan_disk_vec all = {0};
  const char *what = NULL;
  add_disks(&s->extras, &all);
  add_disks(spec_role_extras(s, n->role), &all);
  add_disks(&s->entry_extras.v[n->entry], &all);
  for (size_t i = 0; i < all.n && !what; i++)
    for (size_t k = 0; k < i && !what; k++)
      if ((what = clash(all.v[i], all.v[k])))
        yaml_fault(c->err, check_node_place(c, n, "disks"),
                   "the disks '%s' and '%s' of '%s' %s", all.v[k]->name,
                   all.v[i]->name, n->name, what);
  free(all.v);
  return !what;
}

static void check_nodes(const struct checking *c) {
  check_each_node(c, check_node);
}

static const struct spec_check checks[] = {
    {check_all, {"disks", "roles", "nodes"}},
    {check_nodes, {"disks", "roles", "nodes"}},
    {0},
};

const struct part part_disks = {
    .name = "disks",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
    .node_values = node_values,
};
