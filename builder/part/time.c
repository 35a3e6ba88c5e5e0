/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time servers of the spec. The image's systemd-timesyncd asks them;
 * without this part it asks Debian's. */
#include "part/part.h"

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)n;
  return p->spec->network.ntp.n > 0 ? "the spec names time servers" : NULL;
}

static const struct part_file files[] = {
    {"/etc/systemd/timesyncd.conf.d/kubeseed.conf", "user-data/timesyncd.conf",
     0644, ROOT, NULL},
    {0},
};

static void values(const struct part_input *in, struct scope *s) {
  const struct strv *servers = &in->plan->spec->network.ntp;
  scope_set_list(s, "time_servers");
  for (size_t i = 0; i < servers->n; i++)
    scope_set(scope_add(s, "time_servers"), "address", servers->v[i]);
}

const struct part part_time = {
    .name = "time",
    .why = why,
    .files = files,
    .values = values,
};
