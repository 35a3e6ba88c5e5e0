/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"

#include "base/buf.h"
#include "base/utf8.h"

json_t *json_text(const char *s) {
  _cleanup_buf_ struct buf b = {0};
  buf_adds(&b, "");
  while (*s) {
    uint32_t c = 0;
    int n = utf8_next(s, &c);
    buf_add(&b, n ? s : "?", n ? (size_t)n : 1);
    s += n ? n : 1;
  }
  return json_string(b.data);
}
