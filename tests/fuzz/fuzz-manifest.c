/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a payload's manifest.json: an error, or files that all lie below
 * the payload's folder.
 */
#include "image/payload.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* No way out of the folder, not even "a/../b". */
static bool is_below(const char *path) {
  if (!*path || *path == '/')
    return false;
  for (const char *p = path; p; p = strchr(p, '/')) {
    p += *p == '/';
    size_t n = strcspn(p, "/");
    if (n == 0 || (n == 1 && p[0] == '.') ||
        (n == 2 && p[0] == '.' && p[1] == '.'))
      return false;
  }
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  _cleanup_payload_ struct payload p = {0};
  _cleanup_error_ struct error err = {0};
  if (payload_parse((const char *)data, len, &p, &err) < 0) {
    if (err.n_faults == 0)
      abort();
    return 0;
  }
  for (size_t i = 0; i < p.files.n; i++)
    if (!is_below(p.files.v[i].path) || !payload_lists(&p, p.files.v[i].path) ||
        strlen(p.files.v[i].sha256) != SHA256_HEX - 1)
      abort();
  for (size_t i = 0; i < p.images.n; i++)
    if (!payload_lists(&p, p.images.v[i].file))
      abort();
  if (payload_is_packed(&p) && p.files.n == 0)
    abort();
  return 0;
}
