/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/token.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "cluster/reach.h"
#include "cluster/remote.h"
#include <string.h>

#define TOKEN_MAX 64
/* kubectl on a slow, busy machine. */
#define TIMEOUT_SECONDS 120

/* As kubeadm writes it: kubernetes.io, "Bootstrap Token Secret Format". The
 * script is stdin there, so no argument shows the secret. */
static void write_script(const char *token, struct buf *out) {
  const char *id = token;
  const char *secret = token + 7;
  buf_addf(
      out,
      "export KUBECONFIG=/etc/kubernetes/admin.conf\n"
      "[ -e $KUBECONFIG ] || {\n"
      "  echo 'it is not yet in a cluster' >&2\n"
      "  exit 1\n"
      "}\n"
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

/* The control plane's nodes; the caller frees. */
static size_t *control_plane(const struct plan *plan, size_t *ret_n) {
  size_t *list = xcalloc(plan->nodes.n, sizeof(*list));
  *ret_n = 0;
  for (size_t i = 0; i < plan->nodes.n; i++)
    if (plan->nodes.v[i].spec->role == ROLE_CONTROL_PLANE)
      list[(*ret_n)++] = i;
  return list;
}

static int ask(const struct log *log, const struct state *state,
               const char *node, struct error *err) {
  _cleanup_free_ char *config = state_path(state, "ssh_config");
  const struct remote remote = {.config = config, .timeout = TIMEOUT_SECONDS};
  _cleanup_buf_ struct buf script = {0};
  _cleanup_buf_ struct buf output = {0};
  if (read_script(state, &script, err) < 0)
    return -1;
  log_info(log, "asking %s to take the seeds' token", node);
  return remote_run(&remote, node, script.data, &output, err);
}

int token_renew(const struct log *log, const struct plan *plan,
                const struct state *state, uint16_t port, bool *ret_renewed,
                struct error *err) {
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_error_ struct error last = {0};
  size_t n = 0;
  _cleanup_free_ size_t *nodes = control_plane(plan, &n);
  *ret_renewed = false;
  if (ports_load(state, plan, &ports, err) < 0)
    return -1;
  _cleanup_free_ struct reach *reach = xcalloc(n, sizeof(*reach));
  if (port)
    log_info(log, "looking for a control plane that runs");
  reach_look(plan, state, &ports, port, nodes, n, reach);
  for (size_t i = 0; i < n && !*ret_renewed; i++) {
    if (!reach[i].answers)
      continue;
    error_done(&last); /* the next one may know more */
    *ret_renewed = ask(log, state, plan->nodes.v[nodes[i]].name, &last) == 0;
  }
  reach_done(reach, n);
  if (*ret_renewed || last.n_faults == 0)
    return 0;
  error_move(err, &last);
  return error_prefix(err, "cannot renew the bootstrap token");
}
