/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a spec: refused with words and places, or a spec whose names and
 * addresses are whole. */
#include "part/parts.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  _cleanup_error_ struct error err = {0};
  _cleanup_spec_ struct spec s = {0};
  int r = parts_read_spec("fuzz.yaml", (const char *)data, size, &s, &err);
  if ((r < 0) != error_is_set(&err))
    abort();
  for (size_t i = 0; i < err.n_faults; i++)
    if (!err.faults[i].where || !*err.faults[i].msg)
      abort();
  for (size_t i = 0; i < s.nodes.n; i++)
    if (!dns_label_ok(s.nodes.v[i].name) || !ip_is_set(s.nodes.v[i].address))
      abort();
  return 0;
}
