/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed kubeconfig: where the administrator's kubeconfig is; and one for
 * somebody else. */
#include "base/file.h"
#include "base/mem.h"
#include "cluster/access.h"
#include "cluster/reach.h"
#include "cluster/remote.h"
#include "cmd/person.h"
#include "cmd/words.h"
#include "machine/ports.h"
#include "seed/admin.h"
#include "seed/conf-file.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define CONF_MAX_BYTES ((size_t)1024 * 1024)
#define FETCH_TIMEOUT 180

struct options {
  const char *out; /* -o FILE; "-": standard output */
  bool qemu;       /* through the ports on 127.0.0.1 */
  bool merge;      /* FILE keeps what is in it */
  bool force;      /* it is overwritten; with merge: what has our names */
  struct person_options person; /* of --user */
};

static void options_done(struct options *o) {
  strv_done(&o->person.groups);
}

static bool to_file(const struct options *o) {
  return o->out && strcmp(o->out, "-") != 0;
}

static enum conf_how how_of(const struct options *o) {
  if (o->merge)
    return o->force ? CONF_MERGE_ANY : CONF_MERGE;
  return o->force ? CONF_OVERWRITE : CONF_NEW;
}

/* Several files with ':' between them, which kubectl would never find as one.
 */
static bool is_list(const char *out) {
  const char *list = getenv("KUBECONFIG");
  return list && strchr(list, ':') && strcmp(list, out) == 0;
}

static int parse(struct cli *cli, int argc, char **argv, struct options *o,
                 struct error *err) {
  enum { QEMU = 0x100, FORCE, MERGE, PERSON };
  static const struct option options[] = {
      {"qemu", no_argument, NULL, QEMU},
      {"output", required_argument, NULL, 'o'},
      {"force", no_argument, NULL, FORCE},
      {"merge", no_argument, NULL, MERGE},
      PERSON_OPTIONS(PERSON),
      {0}};
  for (int c; (c = cli_getopt(argc, argv, "o:", options, err)) != -1;) {
    if (c == QEMU)
      o->qemu = true;
    else if (c == 'o')
      o->out = optarg;
    else if (c == FORCE)
      o->force = true;
    else if (c == MERGE)
      o->merge = true;
    else if (c < PERSON ||
             person_option(c - PERSON, optarg, &o->person, err) < 0)
      return -1;
  }
  if (words_take(cli, argc, argv, 0, 0, "one spec", err) < 0 ||
      person_check(&o->person, o->out && !o->qemu, err) < 0)
    return -1;
  if ((o->force || o->merge) && !to_file(o))
    return error_usage(err, "--%s is for -o FILE",
                       o->force ? "force" : "merge");
  if (to_file(o) && is_list(o->out))
    return error_usage(err,
                       "'%s' is a list of files, as $KUBECONFIG may be one; "
                       "name the file to write",
                       o->out);
  return to_file(o) ? conf_file_check(o->out, how_of(o), err) : 0;
}

static int fetch_from(const struct remote *r, const struct plan_node *node,
                      struct pki *ret, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (remote_run(r, node->name, "cat /etc/kubernetes/admin.conf\n", &text,
                 err) < 0)
    return -1;
  if (admin_read(text.data ? text.data : "", text.len, time(NULL), ret, err) <
      0)
    return error_prefix(err, "/etc/kubernetes/admin.conf of %s", node->name);
  return 0;
}

static int store(struct cluster *c, const struct pki *pki, struct error *err) {
  _cleanup_ports_ struct ports ports = {0};
  if (state_lock(&c->state, err) < 0 ||
      ports_load(&c->state, &c->plan, &ports, err) < 0 ||
      admin_write(&c->plan, pki, &c->state, err) < 0)
    return -1;
  return access_write_kubeconfig(&c->plan, pki, &ports, &c->state, err);
}

/* From a control-plane node that answers. One that is off, or says what is no
 * kubeconfig, is passed over for the next; whys has one word for each. */
static int fetch_any(const struct cli *cli, struct cluster *c,
                     const struct remote *r, const struct ports *ports,
                     struct buf *whys, struct pki *ret, struct error *err) {
  for (size_t i = 0; i < c->plan.nodes.n; i++) {
    const struct plan_node *node = &c->plan.nodes.v[i];
    _cleanup_error_ struct error own = {0};
    struct reach reach;
    if (node->spec->role != ROLE_CONTROL_PLANE)
      continue;
    log_info(&cli->log, "asking %s", node->name);
    reach_look(&c->plan, &c->state, ports, REACH_SSH_PORT, &i, 1, &reach);
    _cleanup_free_ char *why = reach.why;
    if (reach.answers && fetch_from(r, node, ret, &own) == 0) {
      log_info(&cli->log, "fetched from %s", node->name);
      return 0;
    }
    if (own.kind == ERROR_MISSING) {
      error_move(err, &own);
      return -1;
    }
    buf_addf(whys, "%s%s", whys->len ? "; " : "",
             why ? why : own.faults[0].msg);
  }
  return error_set(err, 0, "no control-plane node has given its kubeconfig: %s",
                   whys->data);
}

/* pki.mode copied: the first node has made it, and the others have it too. */
static int fetch(const struct cli *cli, struct cluster *c, struct error *err) {
  _cleanup_free_ char *config = state_path(&c->state, "ssh_config");
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_buf_ struct buf whys = {0};
  _cleanup_pki_ struct pki pki = {0};
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  if (!file_exists(config))
    return error_set(err, 0,
                     "with pki.mode copied the first node makes it, and there "
                     "is no '%s' to reach that by; `kubeseed up %s` or "
                     "`kubeseed seed %s` comes first",
                     config, target, target);
  const struct remote r = {.config = config, .timeout = FETCH_TIMEOUT};
  if (ports_load(&c->state, &c->plan, &ports, err) < 0 ||
      fetch_any(cli, c, &r, &ports, &whys, &pki, err) < 0)
    return -1;
  return store(c, &pki, err);
}

static int deliver(const struct cli *cli, const struct cluster *c,
                   const struct options *o, const char *path,
                   struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (!o->out) {
    printf("%s\n", path);
    return 0;
  }
  if (file_read(path, CONF_MAX_BYTES, &text, err) < 0)
    return -1;
  if (!to_file(o)) {
    (void)fwrite(text.data, 1, text.len, stdout);
    return 0;
  }
  if (conf_file_write(o->out, how_of(o), &text, &cli->log, err) < 0)
    return -1;
  log_info(&cli->log, "'%s' has the context '%s', which is the current one",
           o->out, c->spec.name);
  return 0;
}

/* To somebody else: nothing of it stays here. */
static int give(const struct cli *cli, const struct cluster *c,
                const struct options *o, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (person_conf(cli, c, &o->person, o->force, &text, err) < 0)
    return -1;
  if (to_file(o))
    return conf_file_write(o->out, how_of(o), &text, &cli->log, err);
  (void)fwrite(text.data, 1, text.len, stdout);
  return 0;
}

int cmd_kubeconfig(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_(options_done) struct options o = {0};
  if (parse(cli, argc, argv, &o, err) < 0 ||
      cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_open_state(cli, &c, false, false, err) < 0)
    return -1;
  if (o.person.name)
    return give(cli, &c, &o, err);
  if (c.spec.pki.mode == PKI_COPIED && fetch(cli, &c, err) < 0)
    return -1;
  _cleanup_free_ char *path =
      state_path(&c.state, o.qemu ? "qemu.conf" : "admin.conf");
  _cleanup_free_ char *target = cli_target(cli, c.spec.file);
  if (!file_exists(path))
    return error_set(err, 0, "there is no '%s' yet; `kubeseed %s %s` makes it",
                     path, o.qemu ? "up" : "seed", target);
  return deliver(cli, &c, &o, path, err);
}
