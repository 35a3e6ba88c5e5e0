/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/proc.h"

#include "base/file.h"
#include "base/mem.h"
#include <string.h>
#include <sys/stat.h>

#define CMDLINE_MAX ((size_t)1 << 20)

bool proc_runs_in(pid_t pid, const char *dir) {
  struct stat a, b;
  _cleanup_free_ char *cwd = xasprintf("/proc/%d/cwd", (int)pid);
  return stat(cwd, &a) == 0 && stat(dir, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

void proc_arguments(pid_t pid, struct strv *ret) {
  _cleanup_error_ struct error ignored = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = xasprintf("/proc/%d/cmdline", (int)pid);
  if (file_read(path, CMDLINE_MAX, &b, &ignored) < 0)
    return;
  for (size_t i = 0; i < b.len; i += strlen(b.data + i) + 1)
    strv_push(ret, b.data + i);
}
