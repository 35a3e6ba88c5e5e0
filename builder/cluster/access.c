/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/access.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/quote.h"
#include "seed/admin.h"
#include <string.h>

/* For the connection and the exchange of keys. Emulated machines need seconds
 * for each when all of them start; a machine elsewhere that is off answers
 * nothing at all. */
#define HERE_CONNECT_SECONDS 120
#define CONNECT_SECONDS 15

/* The file's name as a value of ssh_config. The caller frees. */
static int quote_path(const char *dir, const char *file, char **ret,
                      struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  _cleanup_free_ char *path = xasprintf("%s/%s", dir, file);
  if (!quote_ssh_config(path, &b))
    return state_check_name(dir, err);
  *ret = buf_take(&b);
  return 0;
}

int access_check(const struct state *s, struct error *err) {
  _cleanup_free_ char *config = state_path(s, "ssh_config");
  if (file_exists(config))
    return 0;
  return error_set(
      err, 0,
      "there is no '%s' to reach the nodes by; `kubeseed up %s` "
      "switches them on here and writes it, `kubeseed seed %s` does "
      "for machines of your own",
      config, s->target, s->target);
}

int access_ssh_config(const struct plan *plan, const struct ports *ports,
                      const char *dir, char **ret, struct error *err) {
  _cleanup_free_ char *key = NULL;
  _cleanup_free_ char *known = NULL;
  if (quote_path(dir, "id_ed25519", &key, err) < 0 ||
      quote_path(dir, "known_hosts", &known, err) < 0)
    return -1;
  const struct plan_node *jump = plan_jump(plan);
  _cleanup_buf_ struct buf b = {0};
  buf_adds(&b, "# written by `kubeseed seed` and `kubeseed up`\n");
  for (size_t i = 0; i < plan->nodes.n; i++) {
    const struct plan_node *n = &plan->nodes.v[i];
    char address[NET_TEXT];
    buf_addf(&b, "Host %s %s\n  HostKeyAlias %s\n", n->name, n->fqdn, n->name);
    if (ports->node[i].ssh)
      buf_addf(&b, "  HostName 127.0.0.1\n  Port %d\n  ConnectTimeout %d\n",
               ports->node[i].ssh, HERE_CONNECT_SECONDS);
    else
      buf_addf(&b, "  HostName %s\n  ConnectTimeout %d\n",
               ip_format(n->spec->address, address), CONNECT_SECONDS);
    /* The node's own keys are looked at all the same: what goes through the
     * jump host is encrypted for the node. */
    if (jump && n != jump && !ports->node[i].ssh)
      buf_addf(&b, "  ProxyJump %s\n", jump->name);
  }
  buf_addf(&b,
           "Host *\n"
           "  User %s\n"
           "  IdentityFile %s\n"
           "  IdentitiesOnly yes\n"
           "  UserKnownHostsFile %s\n"
           "  GlobalKnownHostsFile /dev/null\n"
           "  StrictHostKeyChecking yes\n"
           "  CheckHostIP no\n"
           "  BatchMode yes\n"
           "  LogLevel ERROR\n",
           plan->spec->users.v[0].name, key, known);
  *ret = buf_take(&b);
  return 0;
}

int access_write_ssh_config(const struct plan *plan, const struct state *s,
                            struct error *err) {
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_free_ char *text = NULL;
  _cleanup_free_ char *path = state_path(s, "ssh_config");
  if (ports_load(s, plan, &ports, err) < 0 ||
      access_ssh_config(plan, &ports, s->dir, &text, err) < 0)
    return -1;
  return file_refresh(path, text, strlen(text), 0600, err);
}

int access_ssh_args(const char *config, struct strv *args, struct error *err) {
  const char *slash = strrchr(config, '/');
  _cleanup_free_ char *dir =
      slash ? xstrndup(config, (size_t)(slash - config)) : xstrdup(".");
  _cleanup_free_ char *key = NULL;
  _cleanup_free_ char *known = NULL;
  if (quote_path(dir, "id_ed25519", &key, err) < 0 ||
      quote_path(dir, "known_hosts", &known, err) < 0)
    return -1;
  strv_push_all(args, "ssh", "-F", config, "-o", NULL);
  strv_pushf(args, "IdentityFile=%s", key);
  strv_push(args, "-o");
  strv_pushf(args, "UserKnownHostsFile=%s", known);
  return 0;
}

DEFINE_VEC(context_vec, struct kubeconfig_context);

static void contexts_done(struct context_vec *v) {
  for (size_t i = 0; i < v->n; i++)
    free((void *)v->v[i].server);
  free(v->v);
}

int access_write_kubeconfig(const struct plan *plan, const struct pki *pki,
                            const struct ports *ports, const struct state *s,
                            struct error *err) {
  _cleanup_(contexts_done) struct context_vec contexts = {0};
  for (size_t i = 0; i < ports->n; i++)
    if (ports->node[i].api)
      *context_vec_add(&contexts) = (struct kubeconfig_context){
          plan->nodes.v[i].name,
          xasprintf("https://127.0.0.1:%d", ports->node[i].api)};
  if (contexts.n == 0)
    return 0;
  return admin_write_contexts(plan, pki, s, "qemu.conf", contexts.v, contexts.n,
                              err);
}
