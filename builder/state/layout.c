/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/layout.h"

#include "base/file.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER true
#define SECRET true

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define COMPARED_BYTES ((size_t)1 << 20)

static const struct layout_row rows[] = {
    /* Those of the state itself go last, in this order: until the marker goes
     * it is a state, and until the lock goes nobody else begins. */
    {LAYOUT_SEALED, LAYOUT_STATE, false, SECRET},
    {"verify.lock", LAYOUT_STATE, false, false},
    {LAYOUT_MARKER, LAYOUT_STATE, false, false},
    {LAYOUT_LOCK, LAYOUT_STATE, false, false},

    {"pki", LAYOUT_KEYS, FOLDER, false},
    {"pki/created", LAYOUT_KEYS, false, false},
    {"pki/members", LAYOUT_KEYS, false, false},
    {"pki/made-with", LAYOUT_KEYS, false, false},
    {"pki/" LAYOUT_COMMIT, LAYOUT_KEYS, false, SECRET},
    {"pki/ca.key", LAYOUT_KEYS, false, SECRET},
    {"pki/ca.crt", LAYOUT_KEYS, false, false},
    {"pki/etcd", LAYOUT_KEYS, FOLDER, false},
    {"pki/etcd/ca.key", LAYOUT_KEYS, false, SECRET},
    {"pki/etcd/ca.crt", LAYOUT_KEYS, false, false},
    {"pki/front-proxy-ca.key", LAYOUT_KEYS, false, SECRET},
    {"pki/front-proxy-ca.crt", LAYOUT_KEYS, false, false},
    {"pki/sa.key", LAYOUT_KEYS, false, SECRET},
    {"pki/sa.pub", LAYOUT_KEYS, false, false},
    {"pki/admin.key", LAYOUT_KEYS, false, SECRET},
    {"pki/admin.crt", LAYOUT_KEYS, false, false},
    {"pki/token", LAYOUT_KEYS, false, SECRET},
    {"pki/vrrp.secret", LAYOUT_KEYS, false, SECRET},
    {"pki/stats.secret", LAYOUT_KEYS, false, SECRET},
    {"pki/corosync.secret", LAYOUT_KEYS, false, SECRET},
    {"pki/ssh-host.secret", LAYOUT_KEYS, false, SECRET},
    {"pki/encryption.secret", LAYOUT_KEYS, false, SECRET},
    {"pki/tokens.secret", LAYOUT_KEYS, false, SECRET},
    {"pki/ssh-user", LAYOUT_KEYS, FOLDER, false},
    {"pki/ssh-user/id_ed25519", LAYOUT_KEYS, false, SECRET},
    {"pki/ssh-user/id_ed25519.pub", LAYOUT_KEYS, false, false},
    {"pki/ssh-ca", LAYOUT_KEYS, FOLDER, false},
    {"pki/ssh-ca/ca", LAYOUT_KEYS, false, SECRET},
    {"pki/ssh-ca/ca.pub", LAYOUT_KEYS, false, false},
    {"pki/nodes", LAYOUT_KEYS, FOLDER, false},
    {"pki/nodes/*", LAYOUT_KEYS, FOLDER, false},
    {"pki/nodes/*/etcd-server.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/etcd-server.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/etcd-peer.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/etcd-peer.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/apiserver-etcd-client.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/apiserver-etcd-client.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/flannel.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/flannel.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/kubelet.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/kubelet.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/kubelet-server.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/kubelet-server.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/kube-proxy.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/kube-proxy.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/apiserver.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/apiserver.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/apiserver-kubelet-client.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/apiserver-kubelet-client.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/front-proxy-client.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/front-proxy-client.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/controller-manager.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/controller-manager.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/scheduler.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/scheduler.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/admin.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/admin.crt", LAYOUT_KEYS, false, false},
    {"pki/nodes/*/super-admin.key", LAYOUT_KEYS, false, SECRET},
    {"pki/nodes/*/super-admin.crt", LAYOUT_KEYS, false, false},
    {"pki/requests", LAYOUT_KEYS, FOLDER, false},
    {"pki/requests/kubernetes", LAYOUT_KEYS, FOLDER, false},
    {"pki/requests/kubernetes/admin.csr", LAYOUT_KEYS, false, false},
    {"pki/requests/kubernetes/admin.crt", LAYOUT_KEYS, false, false},
    {"pki/requests/kubernetes/*.*.csr", LAYOUT_KEYS, false, false},
    {"pki/requests/kubernetes/*.*.crt", LAYOUT_KEYS, false, false},
    {"pki/requests/etcd", LAYOUT_KEYS, FOLDER, false},
    {"pki/requests/etcd/*.*.csr", LAYOUT_KEYS, false, false},
    {"pki/requests/etcd/*.*.crt", LAYOUT_KEYS, false, false},
    {"pki/requests/front-proxy", LAYOUT_KEYS, FOLDER, false},
    {"pki/requests/front-proxy/*.*.csr", LAYOUT_KEYS, false, false},
    {"pki/requests/front-proxy/*.*.crt", LAYOUT_KEYS, false, false},

    {"admin.conf", LAYOUT_SEEDS, false, SECRET},
    {"id_ed25519", LAYOUT_SEEDS, false, SECRET},
    {"known_hosts", LAYOUT_SEEDS, false, false},
    {"seeds.lock", LAYOUT_SEEDS, false, false},
    {"seeds", LAYOUT_SEEDS, FOLDER, false},
    {"seeds/*.iso", LAYOUT_SEEDS, false, SECRET},
    {"seeds/*.img", LAYOUT_SEEDS, false, SECRET},
    {"seeds/*.tar", LAYOUT_SEEDS, false, SECRET},
    {"seeds/*", LAYOUT_SEEDS, FOLDER, false},
    {"seeds/*/meta-data", LAYOUT_SEEDS, false, SECRET},
    {"seeds/*/network-config", LAYOUT_SEEDS, false, SECRET},
    {"seeds/*/user-data", LAYOUT_SEEDS, false, SECRET},

    {"export", LAYOUT_EXPORT, FOLDER, false},
    {"export/image.raw", LAYOUT_EXPORT, false, false},
    {"export/image.raw.zst", LAYOUT_EXPORT, false, false},
    {"export/image.qcow2", LAYOUT_EXPORT, false, false},
    {"export/image.vdi", LAYOUT_EXPORT, false, false},
    {"export/image.vmdk", LAYOUT_EXPORT, false, false},
    {"export/virtualbox.sh", LAYOUT_EXPORT, false, false},
    {"export/network.xml", LAYOUT_EXPORT, false, false},
    {"export/network-1.xml", LAYOUT_EXPORT, false, false},
    {"export/network-2.xml", LAYOUT_EXPORT, false, false},
    {"export/network-3.xml", LAYOUT_EXPORT, false, false},
    {"export/network-4.xml", LAYOUT_EXPORT, false, false},
    {"export/network-5.xml", LAYOUT_EXPORT, false, false},
    {"export/network-6.xml", LAYOUT_EXPORT, false, false},
    {"export/network-7.xml", LAYOUT_EXPORT, false, false},
    {"export/*.domain.xml", LAYOUT_EXPORT, false, false},
    {"export/*.iso", LAYOUT_EXPORT, false, SECRET},
    {"export/*.img", LAYOUT_EXPORT, false, SECRET},
    {"export/*.ova", LAYOUT_EXPORT, false, SECRET},

    {"ssh_config", LAYOUT_MACHINE, false, false},
    {"qemu.conf", LAYOUT_MACHINE, false, SECRET},
    {"disks", LAYOUT_MACHINE, FOLDER, false},
    {"disks/*.qcow2", LAYOUT_MACHINE, false, SECRET},
    {"disks/*.qcow2.new", LAYOUT_MACHINE, false, SECRET},
    {"disks/*.raw", LAYOUT_MACHINE, false, SECRET},
    {"disks/*.raw.new", LAYOUT_MACHINE, false, SECRET},
    {"disks/*.base", LAYOUT_MACHINE, false, false},
    {"disks/*", LAYOUT_MACHINE, FOLDER, false},
    {"disks/*/*.raw", LAYOUT_MACHINE, false, SECRET},
    {"disks/*/*.raw.new", LAYOUT_MACHINE, false, SECRET},
    {"logs", LAYOUT_MACHINE, FOLDER, false},
    {"logs/*.console", LAYOUT_MACHINE, false, false},
    {"logs/*.qemu", LAYOUT_MACHINE, false, false},
    {"logs/*.container", LAYOUT_MACHINE, false, false},
    {"machines", LAYOUT_MACHINE, false, false},
    {"run", LAYOUT_MACHINE, FOLDER, false},
    {"run/ports.json", LAYOUT_MACHINE, false, false},
    {"run/*.pid", LAYOUT_MACHINE, false, false},
    {"run/*.begun", LAYOUT_MACHINE, false, false},
    {"run/*.qmp", LAYOUT_MACHINE, false, false},
    {"run/*.console", LAYOUT_MACHINE, false, false},
};

/* ---- Which row? ---- */

/* A node's name is a DNS label, so it ends where the row goes on. */
static size_t name_length(const char *s) {
  return strspn(s, LETTERS DIGITS "-");
}

/* Whether the first len bytes of path are the row's, whose first '*' is a
 * node's name and a second one any other. */
static bool is_row(const struct layout_row *row, const char *path, size_t len,
                   char **ret_node) {
  const char *node = NULL, *end = path + len;
  size_t node_len = 0;
  for (const char *r = row->path; *r; r++) {
    if (*r != '*') {
      if (path == end || *path++ != *r)
        return false;
      continue;
    }
    size_t n = name_length(path);
    n = n < (size_t)(end - path) ? n : (size_t)(end - path);
    if (n == 0)
      return false;
    node_len = node ? node_len : n;
    node = node ? node : path;
    path += n;
  }
  if (path != end)
    return false;
  if (node)
    *ret_node = xstrndup(node, node_len);
  return true;
}

/* How long the path is without mark and random characters behind it. */
static size_t final_length(const char *path, const char *mark) {
  size_t len = strlen(path), n = strlen(mark);
  if (len <= n + FILE_RANDOM ||
      strspn(path + len - FILE_RANDOM, LETTERS CAPITALS DIGITS) !=
          FILE_RANDOM ||
      memcmp(path + len - FILE_RANDOM - n, mark, n) != 0)
    return len;
  return len - FILE_RANDOM - n;
}

const struct layout_row *layout_find(const char *path, bool *ret_temporary,
                                     char **ret_node) {
  size_t len = final_length(path, FILE_TEMPORARY);
  *ret_temporary = path[len] != '\0';
  *ret_node = NULL;
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    if (is_row(&rows[i], path, len, ret_node))
      return &rows[i];
  *ret_temporary = false;
  return NULL;
}

/* ---- Walking ---- */

struct walk {
  unsigned parts;
  layout_fn *fn;
  void *arg;
};

static int walk_folder(const struct walk *w, int fd, const char *prefix,
                       struct error *err);

static void cleanup_closedir(DIR **d) {
  if (*d)
    (void)closedir(*d);
}

static int walk_entry(const struct walk *w, int dir, const char *prefix,
                      const char *name, struct error *err) {
  bool temporary = false;
  _cleanup_free_ char *node = NULL;
  _cleanup_free_ char *path = xasprintf("%s%s", prefix, name);
  const struct layout_row *row = layout_find(path, &temporary, &node);
  if (row && row->folder && !temporary && (row->part & w->parts)) {
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    _cleanup_free_ char *below = xasprintf("%s/", path);
    if (fd < 0 && errno != ENOTDIR && errno != ELOOP && errno != ENOENT)
      return error_set(err, errno, "cannot open '%s'", path);
    if (fd >= 0 && walk_folder(w, fd, below, err) < 0)
      return -1;
  }
  const struct layout_item item = {.path = path,
                                   .row = row,
                                   .node = node,
                                   .temporary = temporary,
                                   .dir = dir,
                                   .name = name};
  return w->fn(&item, w->arg, err);
}

/* Takes fd over. */
static int walk_folder(const struct walk *w, int fd, const char *prefix,
                       struct error *err) {
  _cleanup_(cleanup_closedir) DIR *d = fdopendir(fd);
  if (!d) {
    (void)close(fd);
    return error_set(err, errno, "cannot read '%s'", prefix);
  }
  errno = 0;
  for (struct dirent *e; (e = readdir(d)); errno = 0) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
      continue;
    if (walk_entry(w, dirfd(d), prefix, e->d_name, err) < 0)
      return -1;
  }
  return errno ? error_set(err, errno, "cannot read '%s'", prefix) : 0;
}

int layout_walk(const char *dir, unsigned parts, layout_fn *fn, void *arg,
                struct error *err) {
  const struct walk w = {.parts = parts, .fn = fn, .arg = arg};
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", dir);
  return walk_folder(&w, fd, "", err) < 0 ? error_prefix(err, "%s", dir) : 0;
}

/* ---- Removing ---- */

/* A temporary may be a folder, with what a program was to make of it. */
static int remove_folder_at(int dir, const char *name) {
  int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  _cleanup_(cleanup_closedir) DIR *d = fd < 0 ? NULL : fdopendir(fd);
  if (!d)
    return -1;
  for (struct dirent *e; (e = readdir(d));) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
      continue;
    if (unlinkat(dirfd(d), e->d_name, 0) < 0 &&
        (errno != EISDIR || remove_folder_at(dirfd(d), e->d_name) < 0))
      return -1;
  }
  return unlinkat(dir, name, AT_REMOVEDIR);
}

/* Leaves alone what is not what it should be: then it is not ours. */
static int remove_at(int dir, const char *name, const struct layout_row *row,
                     bool temporary) {
  if (row->folder && !temporary) {
    int r = unlinkat(dir, name, AT_REMOVEDIR);
    bool kept = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
    return r < 0 && kept ? 0 : r;
  }
  int r = unlinkat(dir, name, 0);
  if (r < 0 && errno == EISDIR)
    return temporary ? remove_folder_at(dir, name) : 0;
  return r;
}

struct removal {
  unsigned parts;
  const char *only; /* this path, unless NULL */
  const char *node; /* what is of this one, unless NULL */
  bool keep_secrets;
};

static int remove_item(const struct layout_item *item, void *arg,
                       struct error *err) {
  const struct removal *r = arg;
  const struct layout_row *row = item->row;
  if (!row || !(row->part & r->parts) || (row->secret && r->keep_secrets) ||
      (r->only && strcmp(r->only, item->path) != 0) ||
      (r->node && (!item->node || strcmp(r->node, item->node) != 0)))
    return 0;
  if (remove_at(item->dir, item->name, row, item->temporary) < 0 &&
      errno != ENOENT)
    return error_set(err, errno, "cannot delete '%s'", item->path);
  return 0;
}

/* What tells `seed` that there were keys goes first, then public halves: of a
 * private one alone the rest can be made again. */
static int remove_keys(const char *dir, struct error *err) {
  const struct removal order[] = {
      {.parts = LAYOUT_KEYS, .only = "pki/created"},
      {.parts = LAYOUT_KEYS, .only = "pki/ssh-ca/ca.pub"},
      {.parts = LAYOUT_KEYS, .only = "pki/ssh-ca/ca"},
      {.parts = LAYOUT_KEYS, .keep_secrets = true},
      {.parts = LAYOUT_KEYS},
  };
  for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
    struct removal r = order[i];
    if (layout_walk(dir, r.parts, remove_item, &r, err) < 0)
      return -1;
  }
  return 0;
}

static int remove_state(const char *dir, struct error *err) {
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *path = xasprintf("%s/%s", dir, rows[i].path);
    if (rows[i].part == LAYOUT_STATE &&
        remove_at(AT_FDCWD, path, &rows[i], false) < 0 && errno != ENOENT)
      return error_set(err, errno, "cannot delete '%s'", path);
  }
  return 0;
}

int layout_remove(const char *dir, unsigned parts, struct error *err) {
  struct removal r = {
      .parts = parts & ~(unsigned)(LAYOUT_STATE | LAYOUT_KEYS),
  };
  if ((r.parts && layout_walk(dir, r.parts, remove_item, &r, err) < 0) ||
      (parts & LAYOUT_KEYS && remove_keys(dir, err) < 0))
    return -1;
  return parts & LAYOUT_STATE ? remove_state(dir, err) : 0;
}

int layout_remove_node(const char *dir, unsigned parts, const char *node,
                       struct error *err) {
  struct removal r = {.parts = parts, .node = node};
  return layout_walk(dir, parts, remove_item, &r, err);
}

/* ---- Temporaries ---- */

enum { DIGIT, SMALL, CAPITAL };

static int kind_of(char c) {
  return strchr(DIGITS, c) ? DIGIT : strchr(LETTERS, c) ? SMALL : CAPITAL;
}

/* "backup", "Backup", "BACKUP", "240131" and "old001" do not. */
static bool looks_random(const char *s) {
  size_t changes = 0;
  for (size_t i = 1; s[i]; i++) {
    int before = kind_of(s[i - 1]), now = kind_of(s[i]);
    if (now == before)
      continue;
    changes++;
    if (now == CAPITAL || (now == SMALL && before == CAPITAL && i > 1))
      return true;
  }
  return changes >= 2;
}

static bool same_content(int dir, const char *a, const char *b) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf x = {0}, y = {0};
  _cleanup_free_ char *pa = xasprintf("/proc/self/fd/%d/%s", dir, a);
  _cleanup_free_ char *pb = xasprintf("/proc/self/fd/%d/%s", dir, b);
  return file_read(pa, COMPARED_BYTES, &x, &ignored) == 0 &&
         file_read(pb, COMPARED_BYTES, &y, &ignored) == 0 && x.len == y.len &&
         memcmp(x.data, y.data, x.len) == 0;
}

/* Whether an older kubeseed may have left this: it has the name of a file of
 * ours with six characters behind. */
static bool may_be_old_temporary(const struct layout_item *item) {
  size_t len = final_length(item->path, ".");
  bool temporary;
  _cleanup_free_ char *node = NULL;
  _cleanup_free_ char *path = xstrndup(item->path, len);
  const struct layout_row *row = layout_find(path, &temporary, &node);
  struct stat st;
  if (item->row || !item->path[len] || !row || row->folder || temporary ||
      fstatat(item->dir, item->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    return false;
  /* genisoimage worked in a folder. */
  if (S_ISDIR(st.st_mode))
    return row->part == LAYOUT_SEEDS && node && (st.st_mode & 07777) == 0700;
  return S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0600;
}

/* And nobody else can have made it: no copy has such a name. */
static bool is_old_temporary(const struct layout_item *item) {
  size_t len = final_length(item->name, ".");
  _cleanup_free_ char *name = xstrndup(item->name, len);
  return may_be_old_temporary(item) && looks_random(item->name + len + 1) &&
         !same_content(item->dir, item->name, name);
}

static int sweep_item(const struct layout_item *item, void *arg,
                      struct error *err) {
  (void)arg;
  if (!item->temporary && !is_old_temporary(item))
    return 0;
  int r = unlinkat(item->dir, item->name, 0);
  if (r < 0 && errno == EISDIR)
    r = remove_folder_at(item->dir, item->name);
  if (r < 0 && errno != ENOENT)
    return error_set(err, errno, "cannot delete '%s'", item->path);
  return 0;
}

int layout_sweep(const char *dir, struct error *err) {
  return layout_walk(dir, LAYOUT_ALL, sweep_item, NULL, err);
}

/* ---- Who is here? ---- */

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct strv *l) {
  if (l->n > 1)
    qsort(l->v, l->n, sizeof(*l->v), compare);
}

static int add_node(const struct layout_item *item, void *arg,
                    struct error *err) {
  (void)err;
  if (item->node && !item->temporary)
    strv_push(arg, item->node);
  return 0;
}

int layout_nodes(const char *dir, struct strv *ret, struct error *err) {
  _cleanup_strv_ struct strv all = {0};
  if (layout_walk(dir, LAYOUT_ALL, add_node, &all, err) < 0)
    return -1;
  sort(&all);
  for (size_t i = 0; i < all.n; i++)
    if (i == 0 || strcmp(all.v[i], all.v[i - 1]) != 0)
      strv_push(ret, all.v[i]);
  return 0;
}

struct foreign {
  struct strv *names;
  bool only_certain;
};

static int add_foreign(const struct layout_item *item, void *arg,
                       struct error *err) {
  (void)err;
  struct foreign *f = arg;
  if (!item->row && !(f->only_certain && may_be_old_temporary(item)))
    strv_push(f->names, item->path);
  return 0;
}

int layout_foreign(const char *dir, bool only_certain, struct strv *ret,
                   struct error *err) {
  struct foreign f = {.names = ret, .only_certain = only_certain};
  if (layout_walk(dir, LAYOUT_ALL, add_foreign, &f, err) < 0)
    return -1;
  sort(ret);
  return 0;
}
