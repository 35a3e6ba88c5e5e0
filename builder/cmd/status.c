/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed status: what runs, how far it is, where it is reached. */
#include "base/json.h"
#include "cmd/cli.h"
#include "machine/follow.h"
#include "machine/ports.h"
#include <getopt.h>

static json_t *string_or_null(const char *s) {
  return s ? json_string(s) : json_null();
}

static json_t *node_json(const struct follow_node *n,
                         const struct node_ports *ports) {
  const struct console *c = &n->console;
  json_t *j =
      json_pack("{s:s, s:s, s:b, s:b, s:s, s:i, s:i}", "name", n->node->name,
                "role", role_name(n->node->spec->role), "running", n->running,
                "ready", follow_node_ready(n), "state",
                n->running ? console_state_name(c->state) : "off", "uptime",
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

static int print_json(const struct cluster *c, const struct follow *f,
                      const struct ports *ports, struct error *err) {
  _cleanup_json_ json_t *j = json_pack("{s:s, s:b}", "cluster", c->spec.name,
                                       "ready", follow_ready(f) == f->n);
  json_t *nodes = json_array();
  for (size_t i = 0; i < f->n; i++)
    json_array_append_new(
        nodes, node_json(&f->v[i], &ports->node[f->v[i].node->index]));
  json_object_set_new(j, "nodes", nodes);
  if (json_dumpf(j, stdout, JSON_INDENT(2)) < 0)
    return error_set(err, 0, "cannot write the JSON");
  putchar('\n');
  return 0;
}

static void print_table(const struct follow *f, const struct ports *ports) {
  struct table t;
  _cleanup_free_ struct table_row *rows = NULL;
  follow_rows(f, &rows);
  table_init(&t, stdout);
  t.live = false; /* drawn once, whole */
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
  for (int c; (c = cli_getopt(argc, argv, ":", options, err)) != -1;) {
    if (c != 'j')
      return -1;
    cli->json = true;
  }
  if (optind == argc)
    return error_usage(err,
                       "status: which spec? (kubeseed status SPEC [NODE...])");
  return 0;
}

int cmd_status(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_follow_ struct follow f = {0};
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_free_ size_t *sel = NULL;
  size_t n = 0;
  if (parse(cli, argc, argv, err) < 0 ||
      cluster_load(cli, argv[optind], &c, err) < 0 ||
      cluster_select(&c, argv + optind + 1, argc - optind - 1, &sel, &n, err) <
          0 ||
      cluster_open_state(cli, &c, false, false, err) < 0 ||
      ports_load(&c.state, &c.plan, &ports, err) < 0)
    return -1;
  follow_init(&f, c.kind, &c.state, &c.plan, sel, n);
  follow_look(&f);
  if (follow_read(&f, err) < 0)
    return -1;
  if (cli->json && print_json(&c, &f, &ports, err) < 0)
    return -1;
  if (!cli->json)
    print_table(&f, &ports);
  if (follow_ready(&f) < n)
    return error_set(err, 0, "%zu of %zu nodes are ready", follow_ready(&f), n);
  return 0;
}
