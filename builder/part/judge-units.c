/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/judge-units.h"

#include <string.h>

/* One unit of `systemctl show`. */
struct unit {
  const char *id, *type, *load, *active, *sub, *result;
};

static void unit_property(struct unit *u, char *line) {
  char *value = strchr(line, '=');
  if (!value)
    return;
  *value++ = '\0';
  if (strcmp(line, "Id") == 0)
    u->id = value;
  else if (strcmp(line, "Type") == 0)
    u->type = value;
  else if (strcmp(line, "LoadState") == 0)
    u->load = value;
  else if (strcmp(line, "ActiveState") == 0)
    u->active = value;
  else if (strcmp(line, "SubState") == 0)
    u->sub = value;
  else if (strcmp(line, "Result") == 0)
    u->result = value;
}

/* Reads the unit of that name out of text, which it cuts up. */
static bool unit_find(char *text, const char *name, struct unit *ret) {
  struct unit u = {0};
  bool found = false;
  for (char *line = text; line && !found;) {
    char *end = strchr(line, '\n');
    if (end)
      *end = '\0';
    unit_property(&u, line);
    /* An empty line ends a unit, and so does the end. */
    if (!*line || !end) {
      found = u.id && u.active && strcmp(u.id, name) == 0;
      if (found)
        *ret = u;
      u = (struct unit){0};
    }
    line = end ? end + 1 : NULL;
  }
  return found;
}

/* First boot's program ends when it is done. One that only sets something up,
 * nftables, stays active afterwards (RemainAfterExit). */
static bool unit_may_end(const struct unit *u) {
  return strcmp(u->id, "kubeseed-bootstrap.service") == 0;
}

static void judge_unit(const char *node, const char *name, const char *text,
                       struct wrong *w) {
  _cleanup_free_ char *copy = xstrdup(text);
  struct unit u = {0};
  if (!unit_find(copy, name, &u)) {
    wrong_add(w, "%s: nothing known of %s", node, name);
    return;
  }
  if (u.load && strcmp(u.load, "loaded") != 0)
    wrong_add(w, "%s: %s is %s", node, name, u.load);
  else if (strcmp(u.active, "failed") == 0)
    wrong_add(w, "%s: %s has failed (%s)", node, name,
              u.result ? u.result : "no reason known");
  else if (strcmp(u.active, "active") != 0 && !unit_may_end(&u))
    wrong_add(w, "%s: %s should run and is %s (%s)", node, name, u.active,
              u.sub ? u.sub : "?");
}

void judge_units(struct judge *j) {
  struct wrong w = {0};
  size_t units = 0;
  for (size_t i = 0; i < j->plan->nodes.n; i++) {
    const struct plan_node *n = &j->plan->nodes.v[i];
    _cleanup_free_ char *text = judge_section(j, n, "units", &w);
    for (size_t k = 0; text && k < n->units.n; k++, units++)
      judge_unit(n->name, n->units.v[k], text, &w);
  }
  judge_end_count(j, "units", "the plan's systemd units are well", &w, units,
                  "unit");
}
