/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/marker.h"

#include "base/file.h"
#include "base/mem.h"
#include "format/yaml.h"
#include "state/layout.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a state whose machines are told apart by the cluster's name, and by its
 * subnet as well. */
#define BY_NAME "1"
#define BY_SUBNET "2"
#define MAX_BYTES 4096

/* The comment of the SSH CA's public key, before the cluster's name. */
#define CA_COMMENT " kubeseed-ca@"

/* The folder may be anybody's yet: opening a pipe that was put there would wait
 * for ever. */
static bool is_file(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* ---- The marker ---- */

static const char *text_of(const struct yaml_node *root, const char *key) {
  const struct yaml_node *n = yaml_get(root, key);
  return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

static bool is_format(const char *text) {
  return strcmp(text, BY_NAME) == 0 || strcmp(text, BY_SUBNET) == 0;
}

static int check_cluster(const char *dir, const char *found, const char *wanted,
                         struct error *err) {
  if (strcmp(found, wanted) == 0)
    return 0;
  return error_usage(err,
                     "'%s' is the state of the cluster '%s', not of '%s'; name "
                     "another folder with -C, each cluster needs its own (or, "
                     "if only the spec's name has changed, call it '%s' again)",
                     dir, found, wanted, found);
}

static int check_marker(const char *dir, const char *path, const char *cluster,
                        struct error *err) {
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_error_ struct error why = {0};
  _cleanup_buf_ struct buf text = {0};
  if (!is_file(path))
    return error_set(err, 0,
                     "'%s' is not a regular file, as kubeseed makes it; name "
                     "another folder with -C",
                     path);
  if (file_read(path, MAX_BYTES, &text, err) < 0)
    return -1;
  const char *format = NULL, *found = NULL;
  if (yaml_parse(path, text.data, text.len, &root, &why) == 0) {
    format = text_of(root, "format");
    found = text_of(root, "cluster");
  }
  if (!format || !found)
    return error_set(err, 0,
                     "'%s' is damaged: it must hold 'format: " BY_SUBNET
                     "' and 'cluster: NAME'",
                     path);
  if (!is_format(format))
    return error_usage(err,
                       "'%s' is of the format %s, which another kubeseed "
                       "writes; this one knows " BY_NAME " and " BY_SUBNET,
                       dir, format);
  return check_cluster(dir, found, cluster, err);
}

static char *text_for(const char *format, const char *cluster, time_t made) {
  return xasprintf("# The keys and seeds of one cluster. `kubeseed destroy "
                   "--all` removes them.\n"
                   "format: %s\n"
                   "cluster: %s\n"
                   "made: %lld\n",
                   format, cluster, (long long)made);
}

int marker_write_lock(int lock_fd, const char *cluster, time_t made) {
  /* Whoever finds it makes a new state. */
  _cleanup_free_ char *text = text_for(BY_SUBNET, cluster, made);
  return ftruncate(lock_fd, 0) < 0 || lseek(lock_fd, 0, SEEK_SET) < 0
             ? -1
             : file_write_all(lock_fd, text, strlen(text));
}

/* ---- Without one ---- */

/* The cluster of a state of which nothing but the lock is left, as
 * marker_write_lock has written it; NULL for any other lock. The caller frees.
 */
static char *ending_cluster(const char *dir) {
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_LOCK, dir);
  _cleanup_error_ struct error ignored = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_buf_ struct buf text = {0};
  if (!is_file(path) || file_read(path, MAX_BYTES, &text, &ignored) < 0 ||
      yaml_parse(path, text.data, text.len, &root, &ignored) < 0)
    return NULL;
  const char *format = text_of(root, "format");
  const char *cluster = text_of(root, "cluster");
  return format && is_format(format) ? xstrdup(cluster) : NULL;
}

/*
 * The cluster of a state that an older kubeseed made, or NULL when it is not
 * one: these two files are there once a run has made all keys, and the comment
 * of the second is nobody else's. The caller frees.
 */
static char *old_cluster(const char *dir) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf created = {0}, ca = {0};
  _cleanup_free_ char *created_path = xasprintf("%s/pki/created", dir);
  _cleanup_free_ char *ca_path = xasprintf("%s/pki/ssh-ca/ca.pub", dir);
  if (!is_file(created_path) || !is_file(ca_path) ||
      file_read(created_path, MAX_BYTES, &created, &ignored) < 0 ||
      file_read(ca_path, MAX_BYTES, &ca, &ignored) < 0)
    return NULL;
  size_t digits = strspn(created.data, "0123456789");
  if (digits == 0 || strcmp(created.data + digits, "\n") != 0)
    return NULL;
  const char *comment = strstr(ca.data, CA_COMMENT);
  if (!comment)
    return NULL;
  comment += strlen(CA_COMMENT);
  return xstrndup(comment, strcspn(comment, "\n"));
}

int marker_write(const char *dir, const char *cluster, time_t made,
                 struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_MARKER, dir);
  _cleanup_free_ char *old = old_cluster(dir);
  _cleanup_free_ char *text =
      text_for(old ? BY_NAME : BY_SUBNET, cluster, made);
  return file_write(path, text, strlen(text), 0600, err);
}

bool marker_by_subnet(const char *dir) {
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_MARKER, dir);
  _cleanup_error_ struct error ignored = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  _cleanup_buf_ struct buf text = {0};
  if (!file_exists(path)) {
    _cleanup_free_ char *old = old_cluster(dir);
    return !old;
  }
  if (!is_file(path) || file_read(path, MAX_BYTES, &text, &ignored) < 0 ||
      yaml_parse(path, text.data, text.len, &root, &ignored) < 0)
    return true;
  const char *format = text_of(root, "format");
  return !format || strcmp(format, BY_NAME) != 0;
}

static int check_contents(const char *dir, const char *cluster,
                          struct error *err) {
  _cleanup_strv_ struct strv foreign = {0};
  if (layout_foreign(dir, true, &foreign, err) < 0)
    return -1;
  if (foreign.n == 0)
    return 0;
  _cleanup_free_ char *own = xasprintf("/%s.cluster", cluster);
  if (strcmp(strrchr(dir, '/'), own) == 0)
    return error_usage(err,
                       "'%s' is neither empty nor a state folder of kubeseed: "
                       "'%s' is in it; move that elsewhere, or name a new "
                       "folder with -C",
                       dir, foreign.v[0]);
  return error_usage(err,
                     "'%s' is neither empty nor a state folder of kubeseed: "
                     "'%s' is in it; name a new folder with -C, or none for "
                     "'%s.cluster' beside the spec",
                     dir, foreign.v[0], cluster);
}

int marker_check(const char *dir, const char *cluster, bool *ret_marked,
                 struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_MARKER, dir);
  *ret_marked = file_exists(path);
  if (*ret_marked)
    return check_marker(dir, path, cluster, err);
  _cleanup_free_ char *found = ending_cluster(dir);
  if (!found)
    found = old_cluster(dir);
  if (found)
    return check_cluster(dir, found, cluster, err);
  return check_contents(dir, cluster, err);
}
