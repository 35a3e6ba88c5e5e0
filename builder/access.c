/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access.h"

#include "base/buf.h"
#include <string.h>

/* In ssh_config a value in double quotes may have spaces but no quote, and in
 * file names % begins a token. */
static int quote_path(const char *dir, const char *file, char **ret,
                      struct error *err) {
  _cleanup_buf_ struct buf b = {0};
  for (const char *p = dir; *p; p++) {
    if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ')
      return error_set(err, 0,
                       "the folder '%s' has a character in its name that "
                       "ssh_config cannot hold",
                       dir);
    buf_add(&b, *p == '%' ? "%%" : p, *p == '%' ? 2 : 1);
  }
  buf_addf(&b, "/%s", file);
  *ret = buf_take(&b);
  return 0;
}

int access_ssh_config(const struct plan *plan, const struct vm_ports *ports,
                      const char *dir, char **ret, struct error *err) {
  _cleanup_free_ char *key = NULL;
  _cleanup_free_ char *known = NULL;
  if (quote_path(dir, "id_ed25519", &key, err) < 0 ||
      quote_path(dir, "known_hosts", &known, err) < 0)
    return -1;
  _cleanup_buf_ struct buf b = {0};
  buf_adds(&b, "# written by `kubeseed up`\n");
  for (size_t i = 0; i < plan->nodes.n; i++) {
    const struct plan_node *n = &plan->nodes.v[i];
    if (!ports->node[i].ssh)
      continue;
    buf_addf(&b, "Host %s %s\n  Port %d\n  HostKeyAlias %s\n", n->name, n->fqdn,
             ports->node[i].ssh, n->name);
  }
  buf_addf(&b,
           "Host *\n"
           "  HostName 127.0.0.1\n"
           "  User %s\n"
           "  IdentityFile \"%s\"\n"
           "  IdentitiesOnly yes\n"
           "  UserKnownHostsFile \"%s\"\n"
           "  GlobalKnownHostsFile /dev/null\n"
           "  StrictHostKeyChecking yes\n"
           "  CheckHostIP no\n"
           "  BatchMode yes\n"
           "  LogLevel ERROR\n",
           plan->spec->users.v[0].name, key, known);
  *ret = buf_take(&b);
  return 0;
}
