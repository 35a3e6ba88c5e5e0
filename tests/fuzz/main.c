/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for libFuzzer: gives each file named, or each file of a folder
 * named, to the target, so that corpora run as ordinary tests. A target that
 * finds a fault aborts; wrong arguments end with 2.
 */
#include "base/file.h"
#include "base/mem.h"
#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>

#define MAX_FILE_BYTES (16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int run_file(const char *path, struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  if (file_read(path, MAX_FILE_BYTES, &b, err) < 0)
    return -1;
  (void)LLVMFuzzerTestOneInput((const uint8_t *)b.data, b.len);
  return 0;
}

static int run_folder(const char *path, struct error *err) {
  struct dirent **entries = NULL;
  int n = scandir(path, &entries, NULL, alphasort);
  int result = n < 0 ? error_set(err, 0, "cannot list '%s'", path) : 0;
  for (int i = 0; i < n; i++) {
    _cleanup_free_ struct dirent *e = entries[i];
    _cleanup_free_ char *file = xasprintf("%s/%s", path, e->d_name);
    if (e->d_name[0] != '.' && result == 0)
      result = run_file(file, err);
  }
  free(entries);
  return result;
}

int main(int argc, char **argv) {
  _cleanup_error_ struct error err = {0};
  for (int i = 1; i < argc; i++) {
    struct stat st;
    bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
    int r = folder ? run_folder(argv[i], &err) : run_file(argv[i], &err);
    if (r == 0)
      continue;
    error_print(&err, argv[0], stderr);
    return 2;
  }
  return 0;
}
