/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/whole.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX ((size_t)1 << 20)

/* The qcow2 specification: the first four bytes. */
static int check_magic(const char *path, struct error *err) {
  static const char magic[] = {'Q', 'F', 'I', '\xfb'};
  char head[sizeof(magic)];
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return error_set(err, 0, "'%s': %s", path, strerror(errno));
  if (read(fd, head, sizeof(head)) != sizeof(head) ||
      memcmp(head, magic, sizeof(magic)) != 0)
    return error_set(err, 0, "'%s' is no qcow2 image", path);
  return 0;
}

bool image_is_qcow2(const char *path) {
  _cleanup_error_ struct error none = {0};
  return check_magic(path, &none) == 0;
}

int image_whole(const char *path, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_buf_ struct buf out = {0};
  int status;
  if (check_magic(path, err) < 0)
    return -1;
  strv_push_all(&argv, "qemu-img", "check", "-U", "--output=json", "-f",
                "qcow2", NULL);
  strv_push_file(&argv, path);
  const struct process p = {.argv = &argv,
                            .package = "qemu-utils",
                            .output = &out,
                            .output_max = ANSWER_MAX};
  if (process_status(&p, &status, err) < 0)
    return -1;
  _cleanup_json_ json_t *j =
      json_loadb(out.data ? out.data : "", out.len, 0, NULL);
  /* Clusters that nobody uses any more, status 3, are no fault. */
  if (j && !json_integer_value(json_object_get(j, "corruptions")) &&
      !json_integer_value(json_object_get(j, "check-errors")))
    return 0;
  return error_set(err, 0,
                   "'%s' is damaged, or not all of it is there: copy "
                   "it again",
                   path);
}
