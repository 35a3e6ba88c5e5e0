/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/tutorial.h"

#include "base/json.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

/* ---- Steps ---- */

/* What verify has asked by other ways than the command. */
#define NO_STATUS (-1)

/* A command and what came of it. */
struct step {
  char *rows; /* "A3.3 D10"; "" for what goes before */
  char *node; /* where it ran */
  char *command;
  char *output; /* lines, without the last newline */
  int status;
};
DEFINE_VEC(step_vec, struct step);

static void steps_done(struct step_vec *v) {
  for (size_t i = 0; i < v->n; i++) {
    free(v->v[i].rows);
    free(v->v[i].node);
    free(v->v[i].command);
    free(v->v[i].output);
  }
  free(v->v);
}

#define _cleanup_steps_ _cleanup_(steps_done)

/* Takes command and output. */
static void add(struct step_vec *v, const char *rows, const char *node,
                char *command, char *output) {
  *step_vec_add(v) = (struct step){.rows = xstrdup(rows),
                                   .node = xstrdup(node),
                                   .command = command,
                                   .output = output,
                                   .status = NO_STATUS};
}

/* "ROWS|COMMAND" and the lines behind it, as scripts/verify-tutorial tells.
 * What was cut short has no status. */
static void add_told(struct step_vec *v, const char *node, char *name,
                     char *text) {
  char *command = strchr(name, '|');
  if (!command)
    return;
  *command++ = '\0';
  _cleanup_buf_ struct buf lines = {0};
  int status = NO_STATUS;
  char *save = NULL;
  for (char *line = strtok_r(text, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save)) {
    if (*line == ' ')
      buf_addf(&lines, "%s%s", lines.len ? "\n" : "", line + 1);
    else
      (void)sscanf(line, "status %d", &status);
  }
  add(v, name, node, xstrdup(command),
      lines.data ? buf_take(&lines) : xstrdup(""));
  v->v[v->n - 1].status = status;
}

static void steps_of_script(const struct verify_answer *a, const char *node,
                            struct step_vec *v) {
  for (const char *at = a->text; at;) {
    _cleanup_free_ char *name = NULL;
    _cleanup_free_ char *text = NULL;
    if (!verify_next_section(&at, &name, &text))
      return;
    add_told(v, node, name, text);
  }
}

/* haproxy's statistics have some eighty columns; these are the ones that its
 * page shows at the edge. */
static char *three_columns(const char *csv) {
  static const unsigned columns[] = {0, 1, 17}; /* proxy, server, status */
  _cleanup_buf_ struct buf b = {0};
  for (const char *line = csv; line && *line;) {
    const char *end = strchr(line, '\n');
    const char *p = line;
    buf_adds(&b, b.len ? "\n" : "");
    for (unsigned i = 0, k = 0; k < ARRAY_SIZE(columns); i++) {
      size_t n = strcspn(p, ",\n");
      if (i == columns[k])
        buf_addf(&b, "%s%.*s", k++ ? "," : "", (int)n, p);
      if (p[n] != ',')
        break;
      p += n + 1;
    }
    line = end ? end + 1 : NULL;
  }
  return b.data ? buf_take(&b) : xstrdup("");
}

static void steps_of_nodes(const struct plan *plan,
                           const struct verify_facts *f, struct step_vec *v) {
  for (size_t i = 0; i < plan->balancers.n; i++) {
    const struct plan_node *n = plan->balancers.v[i];
    _cleanup_free_ char *csv = verify_section(&f->node[n->index], "haproxy");
    if (csv)
      add(v, "A3.5 A4.8", n->name,
          xasprintf("curl -sS -u admin 'http://127.0.0.1:%d/;csv' | "
                    "cut -d, -f1,2,18",
                    plan->spec->endpoint.stats_port),
          three_columns(csv));
  }
  for (size_t i = 0; i < plan->control_planes.n; i++) {
    const struct plan_node *n = plan->control_planes.v[i];
    char *said = verify_section(&f->node[n->index], "health");
    if (said)
      add(v, "C12", n->name,
          xasprintf("curl -H 'Host: kubernetes.default.svc.cluster.local' -i "
                    "http://127.0.0.1:%d/healthz",
                    plan->spec->endpoint.health_port),
          said);
  }
  for (size_t i = 0; i < plan->holders.n; i++) {
    const struct plan_node *n = plan->holders.v[i];
    char *addresses = verify_section(&f->node[n->index], "addresses");
    if (addresses)
      add(v, "A4.10", n->name,
          xstrdup("ip -4 -o addr show | awk '{ print $4 }'"), addresses);
  }
}

/* The lines "NAME,NODE,PHASE,ADDRESS,..." in columns; cuts text up. */
static char *pods_table(char *text) {
  _cleanup_buf_ struct buf b = {0};
  char *save = NULL;
  buf_addf(&b, "%-24s %-18s %-9s %s", "NAME", "NODE", "STATUS", "IP");
  for (char *line = strtok_r(text, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save)) {
    const char *field[4];
    for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
      const char *next = strsep(&line, ",");
      field[i] = next ? next : "";
    }
    buf_addf(&b, "\n%-24s %-18s %-9s %s", field[0], field[1], field[2],
             field[3]);
  }
  return buf_take(&b);
}

/* In the place of a sample application: the pods that verify starts. */
static void steps_of_pods(const struct verify_facts *f, const char *node,
                          struct step_vec *v) {
  static const char reach[] = "reach ";
  _cleanup_free_ char *pods = verify_section(&f->pods, "pods");
  if (pods)
    add(v, "E13", node,
        xstrdup("kubectl -n kubeseed-verify get pods -o custom-columns="
                "NAME:.metadata.name,NODE:.spec.nodeName,STATUS:.status.phase,"
                "IP:.status.podIP"),
        pods_table(pods));
  for (const char *at = f->pods.text; at;) {
    _cleanup_free_ char *name = NULL;
    _cleanup_free_ char *text = NULL;
    if (!verify_next_section(&at, &name, &text))
      return;
    if (strncmp(name, reach, strlen(reach)) == 0)
      add(v, "E13", node,
          xasprintf("kubectl -n kubeseed-verify exec %s -- etcdctl -w json "
                    "endpoint health",
                    name + strlen(reach)),
          TAKE_PTR(text));
  }
}

static void steps_make(const struct plan *plan, const struct verify_facts *f,
                       struct step_vec *v) {
  _cleanup_free_ char *node = verify_section(&f->tutorial, "node");
  const char *where = node ? node : "?";
  steps_of_script(&f->tutorial, where, v);
  steps_of_nodes(plan, f, v);
  steps_of_pods(f, where, v);
}

/* ---- Telling ---- */

/* Which check looks at what a row looks at. */
static const struct {
  const char *row, *check;
} judged[] = {
    {"A3.3", "nodes.ready"},
    {"A3.3", "nodes.version"},
    {"A3.3", "nodes.address"},
    {"A3.4", "pods.system"},
    {"A3.4", "pods.kube-proxy"},
    {"B16", "pods.kube-apiserver"},
    {"B16", "pods.kube-controller-manager"},
    {"B16", "pods.kube-scheduler"},
    {"A3.1", "etcd.health"},
    {"A3.2", "etcd.members"},
    {"A3.2", "etcd.leader"},
    {"C4", "etcd.encryption"},
    {"C10", "units"},
    {"A3.5", "endpoint.backends"},
    {"C14", "endpoint.readyz"},
    {"C12", "endpoint.health"},
    {"A4.10", "endpoint.holder"},
    {"E13", "pods.reach"},
};

static bool has_row(const char *rows, const char *row) {
  size_t n = strlen(row);
  for (const char *p = strstr(rows, row); p; p = strstr(p + 1, row))
    if ((p == rows || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
      return true;
  return false;
}

static void print_check(const struct verify_check *c, FILE *out) {
  _cleanup_free_ char *detail = utf8_printable(c->detail);
  fprintf(out, "%-5s %s%s%s\n", verify_state_name(c->state), c->what,
          *detail ? ": " : "", detail);
}

/* What comes next in the vector has the same rows: the verdict is for both. */
static bool goes_on(const struct step_vec *v, size_t i) {
  return i + 1 < v->n && strcmp(v->v[i].rows, v->v[i + 1].rows) == 0;
}

static void print_rows(const struct step *s, FILE *out) {
  _cleanup_free_ char *rows = utf8_printable(s->rows);
  fprintf(out, "-- %s\n", rows);
}

static void print_step(const struct step *s, FILE *out) {
  _cleanup_free_ char *node = utf8_printable(s->node);
  _cleanup_free_ char *command = utf8_printable(s->command);
  fprintf(out, "%s# %s\n", node, command);
  for (const char *p = s->output; *p;) {
    size_t n = strcspn(p, "\n");
    size_t end = n > 0 && p[n - 1] == '\r' ? n - 1 : n; /* HTTP's */
    _cleanup_free_ char *line = xstrndup(p, end);
    _cleanup_free_ char *text = utf8_printable(line);
    fprintf(out, "%s\n", text);
    p += n + (p[n] == '\n');
  }
  if (s->status > 0)
    fprintf(out, "(exit status %d)\n", s->status);
}

void tutorial_print(const struct plan *plan, const struct verify_facts *f,
                    const struct verify_check_vec *checks, FILE *out) {
  _cleanup_steps_ struct step_vec steps = {0};
  _cleanup_free_ bool *told = xcalloc(checks->n + 1, sizeof(*told));
  steps_make(plan, f, &steps);
  for (size_t i = 0; i < steps.n; i++) {
    const struct step *s = &steps.v[i];
    if (*s->rows && (i == 0 || !goes_on(&steps, i - 1)))
      print_rows(s, out);
    print_step(s, out);
    for (size_t k = 0; k < ARRAY_SIZE(judged) && !goes_on(&steps, i); k++)
      for (size_t c = 0; c < checks->n; c++)
        if (!told[c] && has_row(s->rows, judged[k].row) &&
            strcmp(checks->v[c].id, judged[k].check) == 0) {
          print_check(&checks->v[c], out);
          told[c] = true;
        }
    fputs(goes_on(&steps, i) ? "" : "\n", out);
  }
  _cleanup_free_ char *why =
      f->tutorial.error ? utf8_lines(f->tutorial.error) : NULL;
  if (why)
    fprintf(out, "The commands of tutorials could not be run: %s\n\n", why);
  fputs("-- what verify looks at besides\n", out);
  for (size_t c = 0; c < checks->n; c++)
    if (!told[c])
      print_check(&checks->v[c], out);
}

static json_t *words(const char *text, const char *separators) {
  _cleanup_free_ char *copy = xstrdup(text);
  char *save = NULL;
  json_t *list = json_array();
  for (char *word = strtok_r(copy, separators, &save); word;
       word = strtok_r(NULL, separators, &save))
    json_array_append_new(list, json_text(word));
  return list;
}

json_t *tutorial_json(const struct plan *plan, const struct verify_facts *f) {
  _cleanup_steps_ struct step_vec steps = {0};
  json_t *list = json_array();
  steps_make(plan, f, &steps);
  for (size_t i = 0; i < steps.n; i++) {
    const struct step *s = &steps.v[i];
    json_array_append_new(
        list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "rows",
                        words(s->rows, " "), "node", json_text(s->node),
                        "command", json_text(s->command), "status",
                        s->status == NO_STATUS ? json_null()
                                               : json_integer(s->status),
                        "output", words(s->output, "\r\n")));
  }
  return list;
}
