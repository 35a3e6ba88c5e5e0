/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/commit.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "state/layout.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* "NAME LENGTH WAS\n", that many bytes and "\n" for each file, then this. WAS
 * is the SHA-256 of what it replaces. */
#define END "end\n"
#define NOTHING "-" /* WAS of a file that was not there */
#define HEAD_MAX 255

#define MAX_BYTES ((size_t)256 << 20)

/* Gives NOTHING also of what cannot be read: then something is there that has
 * another digest. */
static void digest_of(const char *dir, const char *name,
                      char ret[static SHA256_HEX]) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  if (!file_exists(path) || sha256_file(path, ret, &ignored) < 0)
    (void)snprintf(ret, SHA256_HEX, NOTHING);
}

void commit_add(struct commit *c, const char *name, const void *data,
                size_t len) {
  char was[SHA256_HEX];
  digest_of(c->dir, name, was);
  buf_addf(&c->text, "%s %zu %s\n", name, len, was);
  buf_add(&c->text, data, len);
  buf_adds(&c->text, "\n");
}

/* A name must be a file of ours: what is written here nobody looks at again. */
static bool name_ok(const char *name) {
  bool temporary = false;
  _cleanup_free_ char *node = NULL;
  _cleanup_free_ char *path = xasprintf("pki/%s", name);
  const struct layout_row *row = layout_find(path, &temporary, &node);
  return row && !row->folder && !temporary;
}

static int put(const char *dir, const char *name, const char *data, size_t len,
               struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
  _cleanup_free_ char *parent =
      xstrndup(path, (size_t)(strrchr(path, '/') - path));
  if (file_mkdirs(parent, 0700, err) < 0)
    return -1;
  return file_refresh(path, data, len, 0600, err);
}

/* One file of what is to be done; data is borrowed. */
struct entry {
  char name[128];
  char was[SHA256_HEX];
  const char *data;
  size_t len;
};

/* Reads the entry that begins at *at, and moves *at behind it. */
static int next(const struct buf *text, size_t *at, const char *path,
                struct entry *ret, struct error *err) {
  const char *from = text->data + *at;
  size_t left = text->len - *at;
  const char *newline = memchr(from, '\n', left < HEAD_MAX ? left : HEAD_MAX);
  size_t head = newline ? (size_t)(newline - from) : 0;
  _cleanup_free_ char *line = xstrndup(from, head);
  int end = 0;
  if (sscanf(line, "%127s %zu %64s%n", ret->name, &ret->len, ret->was, &end) <
          3 ||
      (size_t)end != head || head + 2 > left || ret->len > left - head - 2 ||
      !name_ok(ret->name))
    return error_set(err, 0,
                     "'%s' is damaged: it holds keys that a run was about to "
                     "put in place; remove it to go on with those from before",
                     path);
  ret->data = from + head + 1;
  *at += head + 1 + ret->len + 1;
  return 0;
}

static int check_unchanged(const struct entry *e, const char *dir,
                           const char *path, struct error *err) {
  char now[SHA256_HEX], new[SHA256_HEX];
  digest_of(dir, e->name, now);
  sha256_hex(e->data, e->len, new);
  if (strcmp(now, e->was) == 0 || strcmp(now, new) == 0)
    return 0;
  return error_set(err, 0,
                   "'%s' holds keys that a run was about to put in place when "
                   "it was interrupted, but '%s/%s' is another one since, as "
                   "an older kubeseed or somebody makes it; remove '%s' to go "
                   "on with what is there",
                   path, dir, e->name, path);
}

/* Nothing is put in place unless all of it can be. */
static int check_all(const struct buf *text, const char *dir, const char *path,
                     struct error *err) {
  struct entry e;
  for (size_t at = 0; strcmp(text->data + at, END) != 0;)
    if (next(text, &at, path, &e, err) < 0 ||
        check_unchanged(&e, dir, path, err) < 0)
      return -1;
  return 0;
}

static int put_all(const struct buf *text, const char *dir, const char *path,
                   struct error *err) {
  struct entry e;
  for (size_t at = 0; strcmp(text->data + at, END) != 0;)
    if (next(text, &at, path, &e, err) < 0 ||
        put(dir, e.name, e.data, e.len, err) < 0)
      return -1;
  return 0;
}

/* One sync of the file system for however many files there are. */
static int end(const char *dir, const char *path, struct error *err) {
  _cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || syncfs(fd) < 0)
    return error_set(err, errno, "cannot sync '%s'", dir);
  if (unlink(path) < 0 || fsync(fd) < 0)
    return error_set(err, errno, "cannot remove '%s'", path);
  return 0;
}

int commit_write(const struct commit *c, struct error *err) {
  if (c->text.len == 0)
    return 0;
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_COMMIT, c->dir);
  _cleanup_buf_ struct buf text = {0};
  buf_add(&text, c->text.data, c->text.len);
  buf_adds(&text, END);
  if (file_write(path, text.data, text.len, 0600, err) < 0 ||
      put_all(&text, c->dir, path, err) < 0)
    return -1;
  return end(c->dir, path, err);
}

int commit_finish(const char *dir, struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_COMMIT, dir);
  _cleanup_buf_ struct buf text = {0};
  if (!file_exists(path))
    return 0;
  if (file_read(path, MAX_BYTES, &text, err) < 0 ||
      check_all(&text, dir, path, err) < 0 ||
      put_all(&text, dir, path, err) < 0)
    return -1;
  return end(dir, path, err);
}

int commit_check_done(const char *dir, struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_COMMIT, dir);
  if (!file_exists(path))
    return 0;
  return error_set(
      err, 0,
      "the keys in '%s' are being put in place; if no kubeseed is "
      "at work there, one was interrupted, and `kubeseed seed` with "
      "the spec does the rest",
      dir);
}
