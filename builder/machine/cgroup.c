/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/cgroup.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define MOUNTINFO_MAX ((size_t)16 << 20)
#define VALUE_MAX ((size_t)64 << 10)
#define REMOVE_SECONDS 5.0
#define PREFIX "kubeseed-"
#define GROUP_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* ---- Which are there? ---- */

/* Of "rw,xattr,name=systemd" what names the hierarchy; the caller frees. */
static char *tree_options(const char *super) {
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *list = xstrdup(super);
  char *save = NULL;
  for (char *o = strtok_r(list, ",", &save); o;
       o = strtok_r(NULL, ",", &save)) {
    static const char *const others[] = {
        "rw", "ro", "xattr", "noprefix", "relatime", "clone_children"};
    bool names = strncmp(o, "release_agent=", 14) != 0;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
      names = names && strcmp(o, others[i]) != 0;
    if (names && strncmp(o, "name=", 5) == 0)
      buf_addf(&b, "%snone,%s", b.len ? "," : "", o);
    else if (names)
      buf_addf(&b, "%s%s", b.len ? "," : "", o);
  }
  return buf_take(&b);
}

static bool is_known(const struct cgroup_vec *v, const struct cgroup_tree *t) {
  for (size_t i = 0; i < v->n; i++)
    if (v->v[i].unified == t->unified &&
        strcmp(v->v[i].options, t->options) == 0)
      return true;
  return false;
}

static void tree_done(struct cgroup_tree *t) {
  free(t->path);
  free(t->options);
}

/* "31 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu", see proc(5). */
static void parse_line(char *line, struct cgroup_vec *ret) {
  char *field[5], *save = NULL;
  char *rest = strstr(line, " - ");
  if (!rest)
    return;
  *rest = '\0';
  rest += 3;
  char *word = strtok_r(line, " ", &save);
  for (size_t i = 0; i < ARRAY_SIZE(field);
       i++, word = strtok_r(NULL, " ", &save)) {
    if (!word)
      return;
    field[i] = word;
  }
  const char *type = strtok_r(rest, " ", &save);
  const char *source = strtok_r(NULL, " ", &save);
  const char *super = strtok_r(NULL, " ", &save);
  if (!type || !source || !super || strcmp(field[3], "/") != 0 ||
      strncmp(field[4], "/sys/fs/cgroup", strlen("/sys/fs/cgroup")) != 0)
    return;
  bool unified = strcmp(type, "cgroup2") == 0;
  if (!unified && strcmp(type, "cgroup") != 0)
    return;
  struct cgroup_tree t = {.path = xstrdup(field[4]),
                          .options =
                              unified ? xstrdup("") : tree_options(super),
                          .unified = unified};
  if (is_known(ret, &t))
    tree_done(&t);
  else
    *cgroup_vec_add(ret) = t;
}

void cgroup_parse(const char *mountinfo, struct cgroup_vec *ret) {
  _cleanup_free_ char *text = xstrdup(mountinfo);
  char *save = NULL;
  for (char *line = strtok_r(text, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save))
    parse_line(line, ret);
}

int cgroup_find(struct cgroup_vec *ret, struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  if (file_read("/proc/self/mountinfo", MOUNTINFO_MAX, &b, err) < 0)
    return -1;
  cgroup_parse(b.data ? b.data : "", ret);
  if (ret->n == 0)
    return error_missing(err, "no control groups are mounted below "
                              "/sys/fs/cgroup");
  return 0;
}

char *cgroup_name(const struct state *s, const char *node) {
  struct stat st = {0};
  (void)stat(s->dir, &st);
  return xasprintf(PREFIX "%llx-%llx-%s", (unsigned long long)st.st_dev,
                   (unsigned long long)st.st_ino, node);
}

void cgroup_vec_done(struct cgroup_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    tree_done(&v->v[i]);
  free(v->v);
  *v = (struct cgroup_vec){0};
}

/* ---- Making ---- */

/* These files take one write(2), and a rename would not do. */
static int put(const char *path, const char *text, struct error *err) {
  _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
    return error_set(err, errno, "cannot write '%s'", path);
  return 0;
}

/* A new group of cpuset has no processors and takes no process (cpuset(7)). */
static int copy_value(const char *from, const char *to, const char *name,
                      struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *in = xasprintf("%s/%s", from, name);
  _cleanup_free_ char *out = xasprintf("%s/%s", to, name);
  if (file_read(in, VALUE_MAX, &b, err) < 0)
    return -1;
  return put(out, b.data ? b.data : "", err);
}

static bool has_word(const char *list, const char *word) {
  size_t n = strlen(word);
  for (const char *p = list; (p = strstr(p, word)); p += n)
    if ((p == list || strchr(", \n", p[-1])) && strchr(", \n", p[n]))
      return true;
  return false;
}

/* What a node's groups limit must be there for groups below the host's root. */
static int enable_controllers(const char *root, struct error *err) {
  static const char *const wanted[] = {"cpuset", "cpu",     "io",
                                       "memory", "hugetlb", "pids"};
  _cleanup_buf_ struct buf have = {0};
  _cleanup_buf_ struct buf can = {0};
  _cleanup_free_ char *control = xasprintf("%s/cgroup.subtree_control", root);
  _cleanup_free_ char *all = xasprintf("%s/cgroup.controllers", root);
  if (file_read(control, VALUE_MAX, &have, err) < 0 ||
      file_read(all, VALUE_MAX, &can, err) < 0)
    return -1;
  for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
    _cleanup_free_ char *word = xasprintf("+%s", wanted[i]);
    if (can.data && has_word(can.data, wanted[i]) &&
        !(have.data && has_word(have.data, wanted[i])) &&
        put(control, word, err) < 0)
      return -1;
  }
  return 0;
}

static int make(const struct cgroup_tree *t, const char *group,
                struct error *err) {
  if (t->unified && enable_controllers(t->path, err) < 0)
    return -1;
  if (mkdir(group, 0755) < 0 && errno != EEXIST)
    return error_set(err, errno, "cannot make the control group '%s'", group);
  if (has_word(t->options, "cpuset") &&
      (copy_value(t->path, group, "cpuset.cpus", err) < 0 ||
       copy_value(t->path, group, "cpuset.mems", err) < 0))
    return -1;
  return 0;
}

int cgroup_enter(const struct cgroup_vec *trees, const char *name, pid_t pid,
                 struct error *err) {
  _cleanup_free_ char *number = xasprintf("%d", (int)pid);
  for (size_t i = 0; i < trees->n; i++) {
    _cleanup_free_ char *group = xasprintf("%s/%s", trees->v[i].path, name);
    _cleanup_free_ char *procs = xasprintf("%s/cgroup.procs", group);
    if (make(&trees->v[i], group, err) < 0 || put(procs, number, err) < 0)
      return -1;
  }
  return 0;
}

/* ---- Mounting ---- */

int cgroup_mount(const struct cgroup_vec *trees, const char *dir,
                 struct error *err) {
  bool only = trees->n == 1 && trees->v[0].unified;
  if (!only && mount("tmpfs", dir, "tmpfs", GROUP_FLAGS, "mode=0755") < 0)
    return error_set(err, errno, "cannot mount '%s'", dir);
  for (size_t i = 0; i < trees->n; i++) {
    const struct cgroup_tree *t = &trees->v[i];
    const char *name = strrchr(t->path, '/') + 1;
    _cleanup_free_ char *at =
        only ? xstrdup(dir) : xasprintf("%s/%s", dir, name);
    if (mkdir(at, 0755) < 0 && errno != EEXIST)
      return error_set(err, errno, "cannot make '%s'", at);
    const char *type = t->unified ? "cgroup2" : "cgroup";
    if (mount(type, at, type, GROUP_FLAGS, t->unified ? NULL : t->options) < 0)
      return error_set(err, errno, "cannot mount the control groups '%s'", at);
  }
  return 0;
}

/* ---- Removing ---- */

/* Groups hold files as well, which go with them. True when it is gone. */
static bool remove_group(int parent, const char *name) {
  int fd =
      openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *d = fd < 0 ? NULL : fdopendir(fd);
  if (!d)
    return errno == ENOENT;
  for (struct dirent *e; (e = readdir(d));)
    if (e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 &&
        strcmp(e->d_name, "..") != 0)
      (void)remove_group(dirfd(d), e->d_name);
  (void)closedir(d);
  return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

void cgroup_remove(const struct cgroup_vec *trees, const char *name) {
  if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || strchr(name, '/'))
    return; /* never another's groups */
  double deadline = monotonic_seconds() + REMOVE_SECONDS;
  for (size_t i = 0; i < trees->n; i++) {
    _cleanup_free_ char *group = xasprintf("%s/%s", trees->v[i].path, name);
    while (!remove_group(AT_FDCWD, group) && monotonic_seconds() < deadline)
      (void)poll(NULL, 0, 20);
  }
}
