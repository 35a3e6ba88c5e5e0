/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source-folder.h"

#include "base/mem.h"
#include "image/given.h"

int source_folder_identity(const struct spec *spec, char **ret,
                           struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  if (given_open(spec, &p, err) < 0)
    return -1;
  *ret = xasprintf("folder %s", p.sha256);
  return 0;
}

int source_folder_ensure(const struct log *log, const struct spec *spec,
                         const struct source_options *opt, struct payload *ret,
                         struct error *err) {
  (void)log;
  (void)opt;
  if (given_open(spec, ret, err) < 0)
    return -1;
  return payload_verify(ret, err);
}
