/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed ssh: into a node, wherever it runs. */
#include "base/file.h"
#include "base/process.h"
#include "cluster/access.h"
#include "cluster/reach.h"
#include "cmd/words.h"
#include "machine/ports.h"
#include <getopt.h>
#include <string.h>

/* A machine elsewhere that is off would be waited for. */
static int check_answers(const struct cluster *c, const struct ports *ports,
                         const struct plan_node *node, struct error *err) {
  struct reach reach;
  reach_look(&c->plan, &c->state, ports, REACH_SSH_PORT, &node->index, 1,
             &reach);
  _cleanup_free_ char *why = reach.why;
  return why ? error_set(err, 0, "%s", why) : 0;
}

/* One of ours that is off, or nothing to reach a machine of the user's by. */
static int check_reachable(const struct cli *cli, const struct cluster *c,
                           const struct plan_node *node, const char *config,
                           struct error *err) {
  _cleanup_ports_ struct ports ports = {0};
  if (ports_load(&c->state, &c->plan, &ports, err) < 0)
    return -1;
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  bool here = reach_is_here(node, &c->state, &ports);
  if (here && !c->kind->running(&c->state, node->name, NULL))
    return error_set(err, 0, "%s is off; `kubeseed up %s` switches it on",
                     node->name, target);
  if (!file_exists(config))
    return error_set(err, 0,
                     "there is no '%s' to reach %s by; `kubeseed seed %s` "
                     "writes it",
                     config, node->name, target);
  return here ? 0 : check_answers(c, &ports, node, err);
}

int cmd_ssh(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option options[] = {{0}};
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_free_ size_t *sel = NULL;
  _cleanup_strv_ struct strv args = {0};
  size_t n = 0;
  /* "+": what follows the node is the node's business, options included */
  if (cli_getopt(argc, argv, "+", options, err) != -1)
    return -1;
  if (words_take(cli, argc, argv, 1, WORDS_ANY, "one spec and one node", err) <
          0 ||
      cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_select(&c, cli->names, 1, &sel, &n, err) < 0 ||
      cluster_open_state(cli, &c, false, false, err) < 0)
    return -1;
  const struct plan_node *node = &c.plan.nodes.v[sel[0]];
  _cleanup_free_ char *config = state_path(&c.state, "ssh_config");
  if (check_reachable(cli, &c, node, config, err) < 0 ||
      access_ssh_args(config, &args, err) < 0)
    return -1;
  strv_push(&args, node->name);
  int i = 1;
  if (i < cli->n_names && strcmp(cli->names[i], "--") == 0)
    i++;
  for (; i < cli->n_names; i++)
    strv_push(&args, cli->names[i]);
  struct process p = {.argv = &args, .package = "openssh-client"};
  return process_exec(&p, err);
}
