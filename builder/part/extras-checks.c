/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/extras-checks.h"

#include "part/parts.h"
#include <string.h>

/* One place of extras in the spec: for all nodes, a role's or an entry's. */
struct place {
  const struct spec_extras *e;
  const struct spec_extras *wider[2]; /* those that its nodes have as well */
  const struct yaml_node *around;
  bool kubelet; /* on nodes that have one */
};

/* ---- Files ---- */

/* Folders and files that others on the node write, and why nobody else may. */
static const struct reserved {
  const char *path;
  const char *whose;
} reserved[] = {
    {"/proc", "is the kernel's"},
    {"/sys", "is the kernel's"},
    {"/dev", "is the kernel's"},
    {"/run", "is empty after each boot"},
    {"/tmp", "is emptied at a boot"},
    {"/boot", "belongs to the image"},
    {"/usr/lib/kubeseed", "is kubeseed's"},
    {"/var/lib/kubeseed", "is kubeseed's"},
    {"/etc/kubeseed", "is kubeseed's"},
    {"/etc/cloud", "is cloud-init's"},
    {"/var/lib/cloud", "is cloud-init's"},
    {"/etc/systemd/network", "follows from the spec's network"},
    {"/etc/hostname", "follows from the node's name"},
    {"/etc/machine-id", "is another one on each machine"},
    {"/etc/kubernetes/manifests", "is kubeadm's"},
    {"/etc/kubernetes/pki", "is kubeadm's"},
    {"/etc/kubernetes/admin.conf", "is kubeadm's"},
    {"/etc/kubernetes/super-admin.conf", "is kubeadm's"},
    {"/etc/kubernetes/controller-manager.conf", "is kubeadm's"},
    {"/etc/kubernetes/scheduler.conf", "is kubeadm's"},
    {"/etc/kubernetes/kubelet.conf", "is kubeadm's"},
    {"/etc/kubernetes/bootstrap-kubelet.conf", "is kubeadm's"},
    {"/var/lib/kubelet", "is the kubelet's"},
    {"/var/lib/etcd", "is etcd's"},
    {"/etc/etcd", "is etcd's"},
    {"/etc/passwd", "follows from the spec's users"},
    {"/etc/shadow", "follows from the spec's users"},
    {"/etc/group", "follows from the spec's users"},
    {"/etc/gshadow", "follows from the spec's users"},
    {"/etc/fstab", "belongs to the image"},
    {"/etc/sysctl.d/90-kubeseed.conf", "belongs to the image"},
    {"/etc/modules-load.d/kubeseed.conf", "belongs to the image"},
};

/* Folders of the image in which none of the above is. */
static const char *const folders[] = {
    "/opt",
    "/srv",
    "/mnt",
    "/media",
    "/root",
    "/home",
    "/usr/bin",
    "/usr/sbin",
    "/usr/share",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/var/log",
    "/var/cache",
    "/var/tmp",
    "/var/spool",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/modprobe.d",
    "/etc/profile.d",
    "/etc/sudoers.d",
};

/* Is path the folder, or does it lie below it? */
static bool within(const char *path, const char *folder) {
  size_t n = strlen(folder);
  return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

/* The path behind Debian's own links; the caller frees. */
static char *behind_links(const char *path) {
  static const struct {
    const char *link, *folder;
  } links[] = {{"/bin", "/usr/bin"}, {"/sbin", "/usr/sbin"},
               {"/lib", "/usr/lib"}, {"/lib64", "/usr/lib64"},
               {"/var/run", "/run"}, {"/var/lock", "/run/lock"}};
  for (size_t i = 0; i < ARRAY_SIZE(links); i++)
    if (within(path, links[i].link))
      return xasprintf("%s%s", links[i].folder, path + strlen(links[i].link));
  return xstrdup(path);
}

static const char *reserved_by(const char *path) {
  for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
    if (within(path, reserved[i].path))
      return reserved[i].whose;
  return NULL;
}

/* cloud-init makes users after it has laid down files, and a home that is there
 * already stays root's and gets nothing of /etc/skel. */
static bool in_a_home(const struct checking *c, const char *path) {
  for (size_t i = 0; i < c->spec->users.n; i++) {
    _cleanup_free_ char *home = xasprintf("/home/%s", c->spec->users.v[i].name);
    if (within(path, home))
      return true;
  }
  return false;
}

static bool is_folder(const char *path) {
  for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
    if (within(folders[i], path))
      return true;
  return false;
}

static bool of_a_part(const char *path) {
  for (const struct part *const *part = parts_all(); *part; part++)
    for (const struct part_file *f = (*part)->files; f && f->path; f++)
      if (within(path, f->path))
        return true;
  return false;
}

static const char *own_below(const struct spec_file_vec *l, const char *path) {
  for (size_t i = 0; i < l->n; i++)
    if (within(l->v[i].path, path) && strcmp(l->v[i].path, path) != 0)
      return l->v[i].path;
  return NULL;
}

/* Of those for more nodes, one that the path would lie in. */
static const char *own_above(const struct place *p, const char *path) {
  for (size_t k = 0; k < ARRAY_SIZE(p->wider) && p->wider[k]; k++)
    for (size_t i = 0; i < p->wider[k]->files.n; i++) {
      const char *own = p->wider[k]->files.v[i].path;
      if (within(path, own) && strcmp(path, own) != 0)
        return own;
    }
  return NULL;
}

/* A file or folder that the node has below path; NULL: none is known. */
static const char *known_below(const struct place *p, const char *path) {
  for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
    if (within(reserved[i].path, path))
      return reserved[i].path;
  for (const struct part *const *part = parts_all(); *part; part++)
    for (const struct part_file *f = (*part)->files; f && f->path; f++)
      if (within(f->path, path))
        return f->path;
  const char *own = own_below(&p->e->files, path);
  for (size_t k = 0; !own && k < ARRAY_SIZE(p->wider) && p->wider[k]; k++)
    own = own_below(&p->wider[k]->files, path);
  return own;
}

static void check_path(const struct checking *c, const struct place *p,
                       const char *path, const struct yaml_node *at) {
  _cleanup_free_ char *real = behind_links(path);
  const char *whose = reserved_by(real);
  if (!whose && in_a_home(c, real))
    whose = "is in a home, which is made with its user, after the files; let "
            "commands.before put it there";
  if (!whose && is_folder(real))
    whose = "is a folder of the image";
  const char *below = known_below(p, real), *above = own_above(p, real);
  if (whose)
    yaml_fault(c->err, at, "the file '%s' cannot be one of yours: it %s", path,
               whose);
  else if (of_a_part(real))
    yaml_fault(c->err, at,
               "the file '%s' is one that kubeseed lays down itself; write "
               "another path",
               path);
  else if (below || above)
    yaml_fault(c->err, at, "the file '%s' would have to be a folder, for '%s'",
               below ? path : above, below ? below : path);
}

static void check_file(const struct checking *c, const struct place *p,
                       size_t i, const struct yaml_node *at) {
  const struct spec_file_vec *l = &p->e->files;
  const struct spec_file *f = &l->v[i];
  const struct yaml_node *path = yaml_get(at, "path");
  check_path(c, p, f->path, path);
  if (!f->written == !f->source)
    yaml_fault(c->err, at, "the file '%s' needs either content or source",
               f->path);
  for (size_t k = 0; k < i; k++)
    if (strcmp(l->v[k].path, f->path) == 0) {
      yaml_fault(c->err, path, "two files have the path '%s'", f->path);
      break;
    }
}

/* ---- Settings of the kernel ---- */

/* Without these no pod reaches another one; "default" is for the cards of pods
 * that come later. */
static const char *const needed[] = {"net.ipv4.ip_forward=1",
                                     "net.ipv4.conf.all.forwarding=1",
                                     "net.ipv4.conf.default.forwarding=1",
                                     "net.bridge.bridge-nf-call-iptables=1"};

/* The same of IPv6, in a cluster that has addresses of it. */
static const char *const needed6[] = {"net.ipv6.conf.all.forwarding=1",
                                      "net.ipv6.conf.default.forwarding=1",
                                      "net.bridge.bridge-nf-call-ip6tables=1"};
static const char *const without6[] = {"net.ipv6.conf.all.disable_ipv6=0",
                                       "net.ipv6.conf.default.disable_ipv6=0"};

/* What the kubelet sets at each of its starts: kubernetes' pkg/kubelet/cm/
 * container_manager_linux.go, setupKernelTunables. */
static const char *const of_kubelet[] = {"vm.overcommit_memory=1",
                                         "vm.panic_on_oom=0",
                                         "kernel.panic=10",
                                         "kernel.panic_on_oops=1",
                                         "kernel.keys.root_maxkeys=1000000",
                                         "kernel.keys.root_maxbytes=25000000"};

/* Settings that are there only with a module, which nothing has loaded before
 * the spec's own. */
static const struct {
  const char *begin, *module;
} of_modules[] = {{"net.netfilter.nf_conntrack_", "nf_conntrack"},
                  {"net.nf_conntrack_max=", "nf_conntrack"},
                  {"net.ipv4.vs.", "ip_vs"}};

/* The value that the list has for the name in setting, where setting has
 * another; both are "name=value". */
static const char *other_value(const char *setting, const char *const *list,
                               size_t n) {
  size_t name = strcspn(setting, "=") + 1;
  for (size_t i = 0; i < n; i++)
    if (strncmp(setting, list[i], name) == 0 && strcmp(setting, list[i]) != 0)
      return list[i] + name;
  return NULL;
}

static bool has_module(const struct place *p, const char *module) {
  bool has = strv_has(&p->e->modules, module);
  for (size_t k = 0; k < ARRAY_SIZE(p->wider) && p->wider[k]; k++)
    has |= strv_has(&p->wider[k]->modules, module);
  return has;
}

static void warn_of_module(const struct checking *c, const struct place *p,
                           const char *dotted, const struct yaml_node *at) {
  for (size_t i = 0; i < ARRAY_SIZE(of_modules); i++) {
    const char *module = of_modules[i].module;
    if (strncmp(dotted, of_modules[i].begin, strlen(of_modules[i].begin)) ==
            0 &&
        !has_module(p, module))
      check_warn(c, at,
                 "the setting '%s' is there only with the module %s, and nodes "
                 "wait for it; write modules: [%s]",
                 at->key, module, module);
  }
}

static void check_sysctl6(const struct checking *c, const char *dotted,
                          const struct yaml_node *at) {
  if (!spec_has_ipv6(c->spec))
    return;
  if (other_value(dotted, needed6, ARRAY_SIZE(needed6)))
    yaml_fault(c->err, at,
               "the setting '%s' must stay 1: pods are reached through it",
               at->key);
  if (other_value(dotted, without6, ARRAY_SIZE(without6)))
    yaml_fault(c->err, at,
               "the setting '%s' must stay 0: nodes have addresses of IPv6",
               at->key);
}

static void check_sysctl(const struct checking *c, const struct place *p,
                         const char *setting, const struct yaml_node *at) {
  _cleanup_free_ char *dotted = xstrdup(setting);
  size_t name = strcspn(dotted, "=");
  for (size_t i = 0; i < name; i++)
    if (dotted[i] == '/')
      dotted[i] = '.';
  if (other_value(dotted, needed, ARRAY_SIZE(needed)))
    yaml_fault(c->err, at,
               "the setting '%s' must stay 1: pods are reached through it",
               at->key);
  check_sysctl6(c, dotted, at);
  const char *own = other_value(dotted, of_kubelet, ARRAY_SIZE(of_kubelet));
  if (own && p->kubelet)
    check_warn(
        c, at,
        "the kubelet sets '%s' to %s when it starts, whatever is written "
        "here",
        at->key, own);
  warn_of_module(c, p, dotted, at);
}

/* ---- Annotations ---- */

/* Kubernetes' own, of which it makes something; and the API server's limit for
 * all of an object's: apimachinery's pkg/api/validation, ValidateAnnotations.
 */
static const char *const of_kubernetes[] = {
    "kubeadm.alpha.kubernetes.io/cri-socket",
    "node.alpha.kubernetes.io/ttl",
    "volumes.kubernetes.io/controller-managed-attach-detach",
};

/* Of 256 KiB (apimachinery, TotalAnnotationSizeLimitB); others add theirs. */
#define ANNOTATIONS_MAX ((size_t)128 << 10)

static size_t annotations_size(const struct spec_extras *e) {
  size_t size = 0;
  for (size_t i = 0; i < e->annotations.n; i++)
    size += strlen(e->annotations.v[i]);
  return size;
}

static void check_annotations(const struct checking *c, const struct place *p) {
  const struct yaml_node *map = yaml_get(p->around, "annotations");
  if (p->e->annotations.n == 0)
    return;
  if (!p->kubelet)
    yaml_fault(c->err, map,
               "annotations belong to Kubernetes nodes: workers and control "
               "planes");
  for (size_t i = 0; i < map->n; i++)
    for (size_t k = 0; k < ARRAY_SIZE(of_kubernetes); k++)
      if (strcmp(map->child[i]->key, of_kubernetes[k]) == 0)
        yaml_fault_key(c->err, map->child[i],
                       "Kubernetes sets the annotation '%s' itself; leave it "
                       "out",
                       of_kubernetes[k]);
  size_t size = annotations_size(p->e);
  for (size_t i = 0; i < ARRAY_SIZE(p->wider) && p->wider[i]; i++)
    size += annotations_size(p->wider[i]);
  if (size > ANNOTATIONS_MAX)
    yaml_fault(c->err, map,
               "annotations of more than 128 KiB; an API server takes 256 KiB "
               "of all that a node has");
}

/* ---- Where ---- */

static void check_place_of(const struct checking *c, const struct place *p) {
  const struct yaml_node *files = yaml_get(p->around, "files");
  const struct yaml_node *sysctls = yaml_get(p->around, "sysctls");
  for (size_t i = 0; i < p->e->files.n; i++)
    check_file(c, p, i, files->child[i]);
  for (size_t i = 0; i < p->e->sysctls.n; i++)
    check_sysctl(c, p, p->e->sysctls.v[i], sysctls->child[i]);
  check_annotations(c, p);
}

static void check_own(const struct checking *c) {
  const struct spec_extras *all = &c->spec->extras;
  check_place_of(c, &(struct place){all, {NULL}, c->root, true});
}

static void check_roles(const struct checking *c) {
  const struct spec *s = c->spec;
  const struct yaml_node *list = yaml_get(c->root, "roles");
  for (size_t i = 0; i < s->roles.n; i++) {
    const struct spec_role *r = &s->roles.v[i];
    const struct yaml_node *at = yaml_get(list->child[i], "role");
    bool kubelet = r->role == ROLE_CONTROL_PLANE || r->role == ROLE_WORKER;
    if (spec_role_extras(s, r->role) != &r->extras)
      yaml_fault(c->err, at, "two entries are for the role %s",
                 role_name(r->role));
    else if (spec_count(s, r->role) == 0)
      check_warn(c, at, "no node has the role %s", role_name(r->role));
    check_place_of(
        c, &(struct place){&r->extras, {&s->extras}, list->child[i], kubelet});
  }
}

static enum role role_of(const struct spec *s, size_t entry) {
  for (size_t i = 0; i < s->nodes.n; i++)
    if (s->nodes.v[i].entry == entry)
      return s->nodes.v[i].role;
  return ROLE_LOAD_BALANCER;
}

static void check_entries(const struct checking *c) {
  const struct yaml_node *entries = yaml_get(c->root, "nodes");
  for (size_t i = 0; i < c->spec->entry_extras.n; i++) {
    const struct spec_extras *e = &c->spec->entry_extras.v[i];
    if (e->files.n == 0 && e->sysctls.n == 0 && e->annotations.n == 0)
      continue;
    enum role role = role_of(c->spec, i);
    check_place_of(
        c, &(struct place){e,
                           {&c->spec->extras, spec_role_extras(c->spec, role)},
                           entries->child[i],
                           role == ROLE_CONTROL_PLANE || role == ROLE_WORKER});
  }
}

const struct spec_check extras_checks[] = {
    {check_own,
     {"files", "sysctls", "modules", "annotations", "users.name", "network"}},
    {check_roles,
     {"roles", "files", "modules", "users.name", "nodes.role", "network"}},
    {check_entries,
     {"nodes", "roles", "files", "modules", "users.name", "network"}},
    {0},
};
