/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/certificates.h"

#include "base/embedded.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cluster/reach.h"
#include "part/judge-certificates.h"
#include <string.h>

/* As a kubeconfig has it, for certificates_add. */
#define BASE64_KEY "client-certificate-data: "

static void add_answer(const char *node, const char *answer,
                       struct certificate_vec *ret, struct strv *unasked) {
  const struct verify_answer a = {.text = (char *)answer};
  _cleanup_free_ char *section = verify_section(&a, "certificates");
  char *rest = section, *pem;
  if (!section)
    strv_pushf(unasked, "%s: its answer is cut short", node);
  for (char *path; section && (path = judge_next_certificate(&rest, &pem));) {
    _cleanup_free_ char *place = xasprintf("%s:%s", node, path);
    _cleanup_free_ char *where = utf8_printable(place);
    _cleanup_free_ char *text =
        xasprintf("%s%s", *pem == '-' ? "" : BASE64_KEY, pem);
    size_t before = ret->n;
    certificates_add(where, text, strlen(text), ret);
    if (ret->n == before)
      strv_pushf(unasked, "%s cannot be read", where);
  }
}

static int take_call(struct remote_call *c, struct certificate_vec *ret,
                     struct strv *unasked, struct error *err) {
  if (c->err.kind == ERROR_MISSING) {
    error_move(err, &c->err);
    return -1;
  }
  if (error_is_set(&c->err))
    strv_push(unasked, c->err.faults[0].msg);
  else
    add_answer(c->node, c->output.data ? c->output.data : "", ret, unasked);
  return 0;
}

static void write_script(struct buf *out) {
  const struct embedded *e = embedded_find("scripts/verify-node");
  buf_adds(out, "ONLY=certificates\n");
  if (e)
    buf_add(out, e->data, e->len);
}

int live_certificates(const struct plan *plan, const struct state *state,
                      const struct remote *r, const size_t *nodes, size_t n,
                      struct certificate_vec *ret, struct strv *unasked,
                      struct error *err) {
  _cleanup_ports_ struct ports ports = {0};
  _cleanup_buf_ struct buf script = {0};
  if (ports_load(state, plan, &ports, err) < 0)
    return -1;
  _cleanup_free_ struct reach *reach = xcalloc(n, sizeof(*reach));
  _cleanup_free_ struct remote_call *calls = xcalloc(n, sizeof(*calls));
  size_t asked = 0;
  write_script(&script);
  reach_look(plan, state, &ports, REACH_SSH_PORT, nodes, n, reach);
  for (size_t i = 0; i < n; i++)
    if (reach[i].answers)
      calls[asked++] = (struct remote_call){
          .node = plan->nodes.v[nodes[i]].name, .script = script.data};
    else
      strv_push(unasked, reach[i].why);
  reach_done(reach, n);
  remote_run_all(r, calls, asked);
  int result = 0;
  for (size_t i = 0; i < asked; i++) {
    if (result == 0)
      result = take_call(&calls[i], ret, unasked, err);
    remote_call_done(&calls[i]);
  }
  return result;
}
