/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the load balancers haproxy and nginx have in common. */
#pragma once

#include "part/judge.h"
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

/* How a load balancer tells of the API servers behind it. */
struct proxy {
  const char *section;
  const char *head; /* what an answer begins with that is one */
  char *(*status)(const char *text, const char *server);
  const char *up; /* what status begins with for one that is well; haproxy's
                   * "UP 1/3" still serves */
};

/* Checks what each balancer tells. */
void proxy_verify(struct judge *j, const struct proxy *b);

/* Checks the number of balancers when the spec's provider is this one. */
void proxy_check(const struct checking *c, enum provider provider);

/* Nodes of the role load-balancer must have something to run. */
void proxy_check_unused(const struct checking *c);

/* Only a load balancer can be at another port than the API servers'. */
void proxy_check_port(const struct checking *c);
