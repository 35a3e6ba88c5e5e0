/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the load balancers haproxy and nginx have in common. */
#pragma once

#include "part/part.h"

/* Their check and their step of the first boot, for the begin of files. */
#define PROXY_FILES                                                            \
  {LIB "check-proxy", "scripts/check-proxy", 0755, ROOT, NULL}, {              \
    LIB "steps-proxy.sh", "scripts/steps-proxy.sh", 0644, ROOT, NULL           \
  }

/* The unit that balances on nodes of that role. */
const char *proxy_name(const struct spec *s);

/* Sets proxy, and api_servers to what is behind the balancers. */
void proxy_values(const struct plan *p, struct scope *s);
