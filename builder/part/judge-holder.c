/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-holder.h"

#include <string.h>

/* The node has the address: a line "ADDRESS/n", whatever the length n. */
static bool holds(const char *addresses, struct ip address) {
  char a[NET_TEXT];
  size_t n = strlen(ip_format(address, a));
  for (const char *p = addresses; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, a, n) == 0 && p[n] == '/')
      return true;
  }
  return false;
}

void judge_holder(struct judge *j, part_when *may) {
  const struct spec *s = j->plan->spec;
  struct wrong w = {0};
  _cleanup_buf_ struct buf holders = {0};
  size_t n_holders = 0;
  char a[NET_TEXT];
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "addresses", &w);
    if (!text || !holds(text, s->endpoint.address))
      continue;
    buf_addf(&holders, "%s%s", n_holders++ ? ", " : "", n->name);
    if (!may(j->plan, n))
      wrong_add(&w, "%s holds it and must not", n->name);
  }
  ip_format(s->endpoint.address, a);
  if (n_holders == 0 && w.unasked == 0)
    wrong_add(&w, "no node holds %s", a);
  else if (n_holders > 1)
    wrong_add(&w, "%zu nodes hold %s: %s", n_holders, a, holders.data);
  judge_end(j, HOLDER_ID, HOLDER_WHAT, &w, "%s, %s", a, holders.data);
}
