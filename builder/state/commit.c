/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state/commit.h"

#include "base/file.h"
#include "base/mem.h"
#include "state/layout.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* "NAME LENGTH\n", that many bytes and "\n" for each file, then this. */
#define END "end\n"

#define MAX_BYTES ((size_t)256 << 20)

void commit_add(struct commit *c, const char *name, const void *data,
                size_t len) {
  buf_addf(&c->text, "%s %zu\n", name, len);
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
  const char *data;
  size_t len;
};

/* Reads the entry that begins at *at, and moves *at behind it. */
static int next(const struct buf *text, size_t *at, const char *path,
                struct entry *ret, struct error *err) {
  int head = 0;
  size_t left = text->len - *at;
  if (sscanf(text->data + *at, "%127s %zu%n", ret->name, &ret->len, &head) <
          2 ||
      head <= 0 || (size_t)head + 2 > left ||
      ret->len > left - (size_t)head - 2 ||
      text->data[*at + (size_t)head] != '\n' || !name_ok(ret->name))
    return error_set(err, 0,
                     "'%s' is damaged: it holds keys that a run was about to "
                     "put in place; remove it to go on with those from before",
                     path);
  ret->data = text->data + *at + head + 1;
  *at += (size_t)head + 1 + ret->len + 1;
  return 0;
}

/* Nothing is put in place unless all of it can be read. */
static int check_all(const struct buf *text, const char *path,
                     struct error *err) {
  struct entry e;
  for (size_t at = 0; strcmp(text->data + at, END) != 0;)
    if (next(text, &at, path, &e, err) < 0)
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

int commit_write(const struct commit *c, const char *dir, struct error *err) {
  if (c->text.len == 0)
    return 0;
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_COMMIT, dir);
  _cleanup_buf_ struct buf text = {0};
  buf_add(&text, c->text.data, c->text.len);
  buf_adds(&text, END);
  if (file_write(path, text.data, text.len, 0600, err) < 0 ||
      put_all(&text, dir, path, err) < 0)
    return -1;
  return end(dir, path, err);
}

int commit_finish(const char *dir, struct error *err) {
  _cleanup_free_ char *path = xasprintf("%s/" LAYOUT_COMMIT, dir);
  _cleanup_buf_ struct buf text = {0};
  if (!file_exists(path))
    return 0;
  if (file_read(path, MAX_BYTES, &text, err) < 0 ||
      check_all(&text, path, err) < 0 || put_all(&text, dir, path, err) < 0)
    return -1;
  return end(dir, path, err);
}
