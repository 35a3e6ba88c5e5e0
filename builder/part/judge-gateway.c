/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-gateway.h"

#include "part/ask.h"
#include <string.h>

/* As dnsmasq has them (user-data/dnsmasq.conf): the nodes', then the
 * endpoint's. The address is absent behind the last one. */
static struct ip name_at(const struct plan *p, size_t i, const char **ret) {
  const struct spec *s = p->spec;
  *ret = i < p->nodes.n ? p->nodes.v[i].fqdn : s->endpoint.name;
  if (i < p->nodes.n)
    return p->nodes.v[i].spec->address;
  return i == p->nodes.n ? s->endpoint.address : (struct ip){0};
}

void judge_gateway_ask(const struct plan *p, struct buf *head) {
  _cleanup_buf_ struct buf names = {0};
  const char *name;
  for (size_t i = 0; ip_is_set(name_at(p, i, &name)); i++)
    buf_addf(&names, "%s%s", i ? " " : "", name);
  ask_set(head, "NAMES", names.data ? names.data : "");
}

/* One line "NAME ADDRESS" for each; what follows another line is not known. */
static size_t judge_names(const struct plan *p, char *text, struct wrong *w) {
  const char *name;
  struct ip address;
  char a[NET_TEXT];
  size_t i = 0;
  for (char *line = text; ip_is_set(address = name_at(p, i, &name)); i++) {
    char *end = line ? strchr(line, '\n') : NULL;
    size_t len = strlen(name);
    if (end)
      *end = '\0';
    if (!line || strncmp(line, name, len) != 0 || line[len] != ' ') {
      wrong_add(w, "%s: %.*s", name, QUOTE_MAX,
                line && *line ? line : "no answer");
      return i;
    }
    if (strcmp(line + len + 1, ip_format(address, a)) != 0)
      wrong_add(w, "%s: %s, not %s", name, line + len + 1, a);
    line = end ? end + 1 : NULL;
  }
  return i;
}

/* The kernel's word, then the rules as nft(8) prints them. */
static void judge_forward(const struct spec *s, const char *text,
                          struct wrong *w) {
  if (strncmp(text, "1\n", 2) != 0)
    wrong_add(w, "net.ipv4.ip_forward: %.*s", (int)strcspn(text, "\n"), text);
  if (!strstr(text, "hook forward priority filter; policy drop;")) {
    const char *rules = strchr(text, '\n');
    wrong_add(w, "its rules are not there: %.*s", QUOTE_MAX,
              rules ? rules + 1 : "nothing");
    return;
  }
  _cleanup_free_ char *out = xasprintf("oifname \"%s\" masquerade",
                                       s->gateway.wan ? s->gateway.wan : "");
  if (s->gateway.wan && !strstr(text, out))
    wrong_add(w, "who goes out by %s keeps an address that nobody knows there",
              s->gateway.wan);
}

void judge_gateway(struct judge *j) {
  struct wrong forward = {0}, names = {0};
  const struct spec *s = j->plan->spec;
  const struct plan_node *n = NULL;
  size_t told = 0;
  for (size_t i = 0; i < j->plan->nodes.n && !n; i++)
    if (j->plan->nodes.v[i].spec->role == ROLE_GATEWAY)
      n = &j->plan->nodes.v[i];
  if (!n)
    return;
  _cleanup_free_ char *rules = judge_section(j, n, "forward", &forward);
  _cleanup_free_ char *text = judge_section(j, n, "names", &names);
  if (rules)
    judge_forward(s, rules, &forward);
  if (text)
    told = judge_names(j->plan, text, &names);
  judge_end(j, "gateway.forward",
            "the gateway leads from one network to another", &forward, "%s",
            s->gateway.wan ? "and out, under its own address" : "not out");
  judge_end_count(j, "gateway.names", "the gateway tells every node's name",
                  &names, told, "name");
}
