/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/ask.h"

#include "base/quote.h"

void ask_set(struct buf *head, const char *name, const char *value) {
  buf_addf(head, "%s=", name);
  quote_sh(value, head);
  buf_adds(head, "\n");
}
