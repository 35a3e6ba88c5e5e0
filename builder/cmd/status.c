/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed status: what runs, how far it is, where it is reached. */
#include "base/json.h"
#include "cluster/reach.h"
#include "cmd/words.h"
#include "machine/follow.h"
#include "machine/ports.h"
#include <getopt.h>

/* Machines of the user's own are not off: nothing is known of them. */
#define NOT_HERE "not here"

/* Whether any machine of the cluster was ever switched on here. */
static bool runs_here(const struct cluster *c, const struct ports *ports) {
  for (size_t i = 0; i < c->plan.nodes.n; i++)
    if (reach_is_here(&c->plan.nodes.v[i], &c->state, ports))
      return true;
  return false;
}

static json_t *string_or_null(const char *s) {
  return s ? json_string(s) : json_null();
}

static json_t *node_json(const struct follow_node *n,
                         const struct node_ports *ports, const char *off) {
  const struct console *c = &n->console;
  json_t *j =
      json_pack("{s:s, s:s, s:b, s:b, s:s, s:i, s:i}", "name", n->node->name,
                "role", role_name(n->node->spec->role), "running", n->running,
                "ready", follow_node_ready(n), "state",
                n->running ? console_state_name(c->state) : off, "uptime",
                (int)c->uptime, "boots", (int)c->boots);
  json_object_set_new(j, "step", string_or_null(c->step));
  json_object_set_new(j, "message", string_or_null(c->message));
  json_object_set_new(j, "pid",
                      n->running ? json_integer(n->pid) : json_null());
  json_object_set_new(j, "sshPort",
                      ports->ssh ? json_integer(ports->ssh) : json_null());
  json_object_set_new(j, "apiPort",
                      ports->api ? json_integer(ports->api) : json_null());
  return j;
}

static void print_json(const struct cluster *c, const struct follow *f,
                       const struct ports *ports, bool here) {
  _cleanup_json_ json_t *j = json_pack("{s:s, s:b}", "cluster", c->spec.name,
                                       "ready", follow_ready(f) == f->n);
  json_t *nodes = json_array();
  for (size_t i = 0; i < f->n; i++)
    json_array_append_new(nodes,
                          node_json(&f->v[i], &ports->node[f->v[i].node->index],
                                    here ? "off" : NOT_HERE));
  json_object_set_new(j, "nodes", nodes);
  (void)json_dumpf(j, stdout, JSON_INDENT(2));
  putchar('\n');
}

static void print_table(const struct follow *f, const struct ports *ports,
                        bool here) {
  struct table t;
  _cleanup_free_ struct table_row *rows = NULL;
  follow_rows(f, &rows);
  for (size_t i = 0; i < f->n && !here; i++)
    rows[i].state = NOT_HERE;
  table_init(&t, stdout);
  t.live = false; /* drawn once, whole: a line may wrap */
  t.width = 0;
  table_draw(&t, rows, f->n);
  for (size_t i = 0; i < f->n; i++) {
    const struct follow_node *n = &f->v[i];
    const struct node_ports *p = &ports->node[n->node->index];
    if (!n->running)
      continue;
    printf("%s: process %d, ssh on 127.0.0.1:%d", n->node->name, (int)n->pid,
           p->ssh);
    if (p->api)
      printf(", API on 127.0.0.1:%d", p->api);
    putchar('\n');
  }
}

static int parse(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                          {0}};
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (c != 'j')
      return -1;
    cli->json = true;
  }
  return words_take(cli, argc, argv, 0, WORDS_ANY, "a spec", err);
}

int cmd_status(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_follow_ struct follow f = {0};
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_free_ size_t *sel = NULL;
  size_t n = 0;
  if (parse(cli, argc, argv, err) < 0 ||
      cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_select(&c, cli->names, cli->n_names, &sel, &n, err) < 0 ||
      cluster_open_state(cli, &c, false, false, err) < 0 ||
      ports_load(&c.state, &c.plan, &ports, err) < 0)
    return -1;
  follow_init(&f, c.kind, &c.state, &c.plan, sel, n);
  follow_look(&f);
  if (follow_read(&f, err) < 0)
    return -1;
  bool here = runs_here(&c, &ports);
  if (cli->json)
    print_json(&c, &f, &ports, here);
  else
    print_table(&f, &ports, here);
  _cleanup_free_ char *target = cli_target(cli, c.spec.file);
  if (!here)
    return error_set(err, 0,
                     "no machine of '%s' was ever switched on here; `kubeseed "
                     "verify %s` asks machines of your own, `kubeseed up %s` "
                     "switches machines on here",
                     c.spec.name, target, target);
  if (follow_ready(&f) < n)
    return error_set(err, 0, "%zu of %zu nodes are ready", follow_ready(&f), n);
  return 0;
}
