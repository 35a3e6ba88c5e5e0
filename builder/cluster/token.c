/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/token.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "cluster/access.h"
#include "cluster/remote.h"
#include "machine/kind.h"
#include <string.h>

#define TOKEN_MAX 64
/* kubectl on a slow, busy machine. */
#define TIMEOUT_SECONDS 120
/* For a connection to a machine that is most likely on the next table. */
#define CONNECT_MS 500

/* Whether the node can be asked: it runs here, or elsewhere and listens. */
static bool is_there(const struct plan *plan, const struct plan_node *n,
                     const struct state *state, const struct ports *ports,
                     uint16_t port) {
  if (machine_kind_of(plan)->running(state, n->name, NULL))
    return true;
  return port && !ports->node[n->index].ssh &&
         access_listens(n->spec->address, port, CONNECT_MS);
}

/* As kubeadm writes it: kubernetes.io, "Bootstrap Token Secret Format". The
 * script is stdin there, so no argument shows the secret. */
static void write_script(const char *token, struct buf *out) {
  const char *id = token;
  const char *secret = token + 7;
  buf_addf(
      out,
      "export KUBECONFIG=/etc/kubernetes/admin.conf\n"
      /* The first one has no end and stays. That none is there is an answer,
       * and no answer is a failure. */
      "ends=$(kubectl -n kube-system get secret bootstrap-token-%.6s "
      "--ignore-not-found "
      "-o 'jsonpath={.kind}{.data.expiration}')\n"
      "[ \"$ends\" != Secret ] || exit 0\n"
      "kubectl apply --validate=false -f - <<SECRET\n"
      "apiVersion: v1\n"
      "kind: Secret\n"
      "metadata: {name: bootstrap-token-%.6s, namespace: kube-system}\n"
      "type: bootstrap.kubernetes.io/token\n"
      "stringData:\n"
      "  token-id: \"%.6s\"\n"
      "  token-secret: \"%.16s\"\n"
      "  expiration: \"$(date -u -d '+1 day' +%%Y-%%m-%%dT%%H:%%M:%%SZ)\"\n"
      "  usage-bootstrap-authentication: \"true\"\n"
      "  usage-bootstrap-signing: \"true\"\n"
      "  auth-extra-groups: "
      "system:bootstrappers:kubeadm:default-node-token\n"
      "SECRET\n",
      id, id, id, secret);
}

static int read_script(const struct state *state, struct buf *ret,
                       struct error *err) {
  _cleanup_free_ char *path = state_path(state, "pki/token");
  _cleanup_buf_ struct buf token = {0};
  if (file_read(path, TOKEN_MAX, &token, err) < 0)
    return -1;
  if (token.len < 23)
    return error_set(err, 0, "'%s' is damaged", path);
  write_script(token.data, ret);
  return 0;
}

int token_renew(const struct plan *plan, const struct state *state,
                uint16_t port, bool *ret_renewed, struct error *err) {
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_free_ char *config = state_path(state, "ssh_config");
  const struct remote remote = {.config = config, .timeout = TIMEOUT_SECONDS};
  _cleanup_error_ struct error last = {0};
  *ret_renewed = false;
  if (ports_load(state, plan, &ports, err) < 0)
    return -1;
  for (size_t i = 0; i < plan->nodes.n && !*ret_renewed; i++) {
    const struct plan_node *n = &plan->nodes.v[i];
    _cleanup_buf_ struct buf script = {0};
    _cleanup_buf_ struct buf output = {0};
    if (n->spec->role != ROLE_CONTROL_PLANE ||
        !is_there(plan, n, state, &ports, port))
      continue;
    if (read_script(state, &script, err) < 0)
      return -1;
    error_done(&last); /* the next one may know more */
    *ret_renewed =
        remote_run(&remote, n->name, script.data, &output, &last) == 0;
  }
  if (*ret_renewed || last.n_faults == 0)
    return 0;
  error_move(err, &last);
  return error_prefix(err, "cannot renew the bootstrap token");
}
