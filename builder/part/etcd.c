/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is so for every member of etcd, of whatever etcd.mode. */
#include "base/json.h"
#include "part/ask.h"
#include "part/components.h"
#include "part/judge.h"
#include "part/nodes.h"
#include "part/part.h"
#include <ctype.h>
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->has_member ? "a member of etcd, which tells when its disk is empty"
                       : NULL;
}

/* A control-plane node has the script already, as etcd's client. */
static bool alone(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->spec->role != ROLE_CONTROL_PLANE;
}

static const struct part_file files[] = {
    {"/etc/systemd/system/etcd-empty.service", "user-data/etcd-empty.service",
     0644, ROOT, NULL},
    {LIB "etcd-empty", "scripts/etcd-empty", 0755, ROOT, NULL},
    {LIB "steps-etcd.sh", "scripts/steps-etcd.sh", 0644, ROOT, alone},
    {0},
};

/* As a static pod of kubeadm's has them, and as variables of the unit: etcd's
 * documentation, "Configuration options". */
static void set_args(const struct strv *args, struct scope *s) {
  scope_set_list(s, "etcd_args");
  scope_set_list(s, "etcd_variables");
  for (size_t i = 0; i < args->n; i++) {
    _cleanup_free_ char *pair = xstrdup(args->v[i]);
    scope_setf(component_add_pair(s, "etcd_args", pair), "argument", "--%s",
               pair);
    for (char *c = pair; *c && *c != '='; c++)
      *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    component_add_pair(s, "etcd_variables", pair);
  }
}

static void values(const struct part_input *in, struct scope *s) {
  const struct plan *p = in->plan;
  scope_set(s, "etcd_mode", etcd_mode_name(p->spec->etcd.mode));
  scope_setf(s, "etcd_heartbeat", "%d", p->spec->etcd.heartbeat_ms);
  scope_setf(s, "etcd_election", "%d", p->spec->etcd.election_ms);
  set_args(&p->spec->etcd.args, s);
  scope_set_flag(s, "etcd_own", false);
  nodes_set(s, "etcd_members", &p->members, NULL, ", ", nodes_name);
  nodes_set(s, "etcd_peers", &p->members, NULL, ",", nodes_etcd);
  scope_set(s, "etcd_earlier", in->earlier ? in->earlier : "");
  /* Who is no member asks whoever answers. */
  nodes_set(s, "etcd_ask", &p->members, NULL, ",", nodes_etcd);
  scope_set(s, "etcd_cert", ETCD_PKI "server");
  scope_set(s, "etcd_ca", ETCD_PKI "ca.crt");
}

/* The other members, and whom to ask: a member itself, where it is a unit. */
static void set_peers(const struct plan *p, const struct plan_node *n,
                      struct scope *s) {
  char a[NET_TEXT];
  nodes_set(s, "etcd_peers", &p->members, n, ",", nodes_etcd);
  if (n->runs_etcd)
    scope_setf(s, "etcd_ask", "https://%s:2379",
               ip_format(n->spec->address, a));
  else
    nodes_set(s, "etcd_ask", &p->members, n, ",", nodes_etcd);
}

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (n->runs_etcd)
    scope_set_flag(s, "etcd_own", true);
  if (n->has_member)
    set_peers(p, n, s);
  /* What the node shows to etcd when it asks something. */
  if (n->spec->role == ROLE_CONTROL_PLANE) {
    scope_set(s, "etcd_cert",
              p->spec->etcd.mode == ETCD_STACKED
                  ? KUBE_PKI "etcd/healthcheck-client"
                  : KUBE_PKI "apiserver-etcd-client");
    scope_set(s, "etcd_ca", KUBE_PKI "etcd/ca.crt");
  }
}

/*
 * ---- verify ----
 *
 * Members answer JSON by grpc-gateway (etcd.io/docs, "gRPC gateway"), where
 * numbers of 64 bits are strings and what is false or 0 is left out.
 */

/* A member's answer; NULL after noting in w what is wrong with it. */
static json_t *member_json(const struct judge *j, const struct plan_node *n,
                           const char *section, struct wrong *w) {
  _cleanup_free_ char *text = judge_section(j, n, section, w);
  if (!text)
    return NULL;
  json_t *o = json_loads(text, 0, NULL);
  if (json_is_object(o))
    return o;
  json_decref(o);
  wrong_add(w, "%s: %.*s", n->name, QUOTE_MAX, *text ? text : "no answer");
  return NULL;
}

static void judge_health(struct judge *j) {
  struct wrong w = {0};
  for (size_t i = 0; i < j->plan->members.n; i++) {
    const struct plan_node *n = j->plan->members.v[i];
    _cleanup_json_ json_t *o = member_json(j, n, "etcd-health", &w);
    if (o && strcmp(judge_text(o, "health"), "true") != 0)
      wrong_add(&w, "%s is not healthy %s", n->name, judge_text(o, "reason"));
  }
  judge_end_count(j, "etcd.health", "every etcd member is healthy", &w,
                  j->plan->members.n, "member");
}

/* The member of that name in an answer of /v3/cluster/member/list. */
static const json_t *find_member(const json_t *list, const char *name) {
  size_t i;
  const json_t *m;
  json_array_foreach(list, i,
                     m) if (strcmp(judge_text(m, "name"), name) == 0) return m;
  return NULL;
}

/* Expects urls to be one: https://ADDRESS:port. */
static void judge_url(const json_t *m, const char *key,
                      const struct plan_node *n, int port, struct wrong *w) {
  char a[NET_TEXT];
  _cleanup_free_ char *expected =
      xasprintf("https://%s:%d", ip_format(n->spec->address, a), port);
  const json_t *urls = json_object_get(m, key);
  const char *found = json_string_value(json_array_get(urls, 0));
  if (json_array_size(urls) != 1 || !found || strcmp(found, expected) != 0)
    wrong_add(w, "%s of %s: expected %s, found %s%s", key, n->name, expected,
              found ? found : "none",
              json_array_size(urls) > 1 ? " and more" : "");
}

/* Whether one member's list is the plan's. */
static void compare_members(const struct judge *j, const json_t *list,
                            struct wrong *w) {
  size_t i;
  const json_t *m;
  for (i = 0; i < j->plan->members.n; i++) {
    const struct plan_node *n = j->plan->members.v[i];
    m = find_member(list, n->name);
    if (!m) {
      wrong_add(w, "%s is no member, or was added and never started", n->name);
      continue;
    }
    judge_url(m, "peerURLs", n, 2380, w);
    judge_url(m, "clientURLs", n, 2379, w);
    if (json_is_true(json_object_get(m, "isLearner")))
      wrong_add(w, "%s is a learner and does not vote", n->name);
  }
  json_array_foreach(list, i, m) {
    const char *name = judge_text(m, "name");
    const struct plan_node *n = plan_find(j->plan, name);
    const char *peer =
        json_string_value(json_array_get(json_object_get(m, "peerURLs"), 0));
    if (!n || !n->has_member)
      wrong_add(w, "the member %s (%s) is not planned",
                *name ? name : "without a name", peer ? peer : "no URL");
  }
}

/* All members should see the same; what several see is told once. */
static void judge_members(struct judge *j) {
  struct wrong w = {0};
  _cleanup_strv_ struct strv seen = {0};
  for (size_t i = 0; i < j->plan->members.n; i++) {
    const struct plan_node *n = j->plan->members.v[i];
    struct wrong own = {0};
    _cleanup_json_ json_t *o = member_json(j, n, "etcd-members", &w);
    if (o)
      compare_members(j, json_object_get(o, "members"), &own);
    if (own.n && !strv_has(&seen, own.text.data)) {
      strv_push(&seen, own.text.data);
      wrong_add(&w, "as %s sees it: %s", n->name, own.text.data);
    }
    buf_done(&own.text);
  }
  judge_end(j, "etcd.members", "etcd has the planned members", &w,
            "%zu member%s, started and voting", j->plan->members.n,
            j->plan->members.n == 1 ? "" : "s");
}

/* Exactly one member is the leader, and all follow it. */
static void judge_leader(struct judge *j) {
  struct wrong w = {0};
  _cleanup_free_ char *common = NULL; /* the leader's ID, as the first says */
  _cleanup_buf_ struct buf leaders = {0};
  size_t n_leaders = 0;
  for (size_t i = 0; i < j->plan->members.n; i++) {
    const struct plan_node *n = j->plan->members.v[i];
    _cleanup_json_ json_t *o = member_json(j, n, "etcd-status", &w);
    if (!o)
      continue;
    const char *leader = judge_text(o, "leader");
    const char *self = judge_text(json_object_get(o, "header"), "member_id");
    if (!*leader || strcmp(leader, "0") == 0)
      wrong_add(&w, "%s knows no leader", n->name);
    else if (strcmp(leader, self) == 0)
      buf_addf(&leaders, "%s%s", n_leaders++ ? ", " : "", n->name);
    if (*leader && common && strcmp(common, leader) != 0)
      wrong_add(&w, "%s follows another leader than the others", n->name);
    if (!common && *leader)
      common = xstrdup(leader);
  }
  if (n_leaders > 1 || (n_leaders == 0 && w.unasked == 0))
    wrong_add(&w, "expected 1 leader, found %zu%s%s", n_leaders,
              n_leaders ? ": " : "", n_leaders ? leaders.data : "");
  judge_end(j, "etcd.leader", "etcd has one leader", &w, "%s",
            leaders.data ? leaders.data : "");
}

static void ask(const struct part_input *in, const struct plan_node *n,
                struct buf *head) {
  (void)in;
  const char *kind = n->runs_etcd ? "unit" : "static";
  ask_set(head, "ETCD", n->has_member ? kind : "");
}

static void verify(struct judge *j) {
  judge_members(j);
  judge_health(j);
  judge_leader(j);
}

/* More members than this only make writes slower (etcd FAQ). */
#define MAX_MEMBERS 5

/* The number of etcd members must be odd: an even one tolerates no more
 * failures than the next smaller odd one and has more ways to fail. */
static void check_members(const struct checking *c, size_t n,
                          const char *what) {
  const struct yaml_node *at = check_place(c, "nodes", NULL);
  if (n > MAX_MEMBERS)
    yaml_fault(c->err, at,
               "%zu %s, but at most %d make sense: each write "
               "waits for a majority of them",
               n, what, MAX_MEMBERS);
  else if (n > 0 && n % 2 == 0)
    yaml_fault(
        c->err, at,
        "%zu %s: %zu etcd members survive no more failures than %zu do (%zu), "
        "and lose their quorum more easily; use %zu or %zu",
        n, what, n, n - 1, n / 2 - 1, n - 1, n + 1);
}

/* Whether the key says something that the node's role can have. */
static bool check_beside(const struct checking *c, const struct spec_node *n) {
  const char *why = n->role == ROLE_ETCD            ? "it has one by its role"
                    : n->role == ROLE_LOAD_BALANCER ? "it answers for others"
                    : c->spec->etcd.mode != ETCD_EXTERNAL
                        ? "that is for etcd.mode external"
                        : NULL;
  if (n->etcd != MEMBER_TOO || !why)
    return true;
  yaml_fault(c->err, check_node_place(c, n, "etcd"),
             "the node '%s' cannot have a member of etcd besides: %s", n->name,
             why);
  return false;
}

static void check_besides(const struct checking *c) {
  check_each_node(c, check_beside);
}

static void check_count(const struct checking *c) {
  const struct spec *s = c->spec;
  size_t n = 0;
  for (size_t i = 0; i < s->nodes.n; i++)
    n += spec_is_etcd(&s->nodes.v[i]);
  if (s->etcd.mode != ETCD_EXTERNAL) {
    if (spec_count(s, ROLE_ETCD))
      yaml_fault(c->err, check_place(c, "nodes", NULL),
                 "nodes of role etcd need etcd.mode external; with '%s' etcd "
                 "runs on the control-plane nodes",
                 etcd_mode_name(s->etcd.mode));
    check_members(c, spec_count(s, ROLE_CONTROL_PLANE), "control-plane nodes");
    return;
  }
  if (n == 0)
    yaml_fault(c->err, check_place(c, "etcd", "mode"),
               "etcd.mode is external, but no node has the role etcd");
  check_members(c, n,
                n > spec_count(s, ROLE_ETCD) ? "nodes with etcd"
                                             : "nodes of role etcd");
  if (n == 1)
    check_warn(c, check_place(c, "nodes", NULL),
               "one node of role etcd is not highly available; three are");
}

static void check_times(const struct checking *c) {
  if (c->spec->etcd.election_ms < 5 * c->spec->etcd.heartbeat_ms)
    yaml_fault(c->err, check_place(c, "etcd", "electionMs"),
               "electionMs must be at least five times heartbeatMs (etcd "
               "refuses less)");
}

static void check_args(const struct checking *c) {
  const struct yaml_node *args =
      yaml_get(yaml_get(c->root, "etcd"), "extraArgs");
  for (size_t i = 0; args && i < args->n; i++) {
    const struct yaml_node *arg = args->child[i];
    const char *why = argument_reserved(COMPONENT_ETCD, arg->key);
    if (why)
      yaml_fault_key(c->err, arg,
                     "the argument '%s' cannot be one of yours: it %s",
                     arg->key, why);
    /* Else systemd would end the text of the variable there. */
    else if (strchr(arg->text, '\''))
      yaml_fault(c->err, arg, "the argument '%s' must be without a '",
                 arg->key);
  }
}

static const struct spec_check checks[] = {
    {check_args, {"etcd.extraArgs"}},
    {check_besides, {"nodes.name", "nodes.role", "nodes.etcd", "etcd.mode"}},
    {check_count, {"nodes.name", "nodes.role", "nodes.etcd", "etcd.mode"}},
    {check_times, {"etcd"}},
    {0},
};

const struct part part_etcd = {
    .name = "etcd",
    .why = why,
    .checks = checks,
    .files = files,
    .values = values,
    .node_values = node_values,
    .ask = ask,
    .verify = verify,
};
