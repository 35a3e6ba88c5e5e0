/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/verify.h"

#include "base/quote.h"
#include "base/utf8.h"
#include <string.h>

/* ---- Facts ---- */

void verify_facts_init(struct verify_facts *f, const struct plan *plan,
                       time_t now) {
  *f = (struct verify_facts){.n = plan->nodes.n, .now = now};
  f->node = xcalloc(f->n, sizeof(*f->node));
}

static void answer_done(struct verify_answer *a) {
  free(a->text);
  free(a->error);
  free(a->skipped);
}

void verify_facts_done(struct verify_facts *f) {
  for (size_t i = 0; i < f->n; i++)
    answer_done(&f->node[i]);
  free(f->node);
  answer_done(&f->cluster);
  answer_done(&f->pods);
  *f = (struct verify_facts){0};
}

#define SECTION "@section "

/* Where the line after "@section NAME" begins, or NULL. */
static const char *find_section(const char *text, const char *name) {
  size_t n = strlen(name);
  for (const char *p = text; p; p = strchr(p, '\n')) {
    p += *p == '\n';
    if (strncmp(p, SECTION, strlen(SECTION)) == 0 &&
        strncmp(p + strlen(SECTION), name, n) == 0 &&
        p[strlen(SECTION) + n] == '\n')
      return p + strlen(SECTION) + n + 1;
  }
  return NULL;
}

/* A section's text from begin, up to the next one, without outer newlines. */
static char *copy_section(const char *begin, const char **ret_end) {
  const char *end = strncmp(begin, SECTION, strlen(SECTION)) == 0
                        ? begin
                        : strstr(begin, "\n" SECTION);
  if (!end)
    end = begin + strlen(begin);
  *ret_end = end;
  while (begin < end && *begin == '\n')
    begin++;
  while (end > begin && end[-1] == '\n')
    end--;
  return xstrndup(begin, (size_t)(end - begin));
}

char *verify_section(const struct verify_answer *a, const char *name) {
  const char *begin = a->text ? find_section(a->text, name) : NULL;
  const char *end;
  return begin ? copy_section(begin, &end) : NULL;
}

bool verify_next_section(const char **at, char **ret_name, char **ret_text) {
  const char *p = *at;
  if (strncmp(p, SECTION, strlen(SECTION)) != 0) {
    p = strstr(p, "\n" SECTION);
    if (!p)
      return false;
    p++;
  }
  p += strlen(SECTION);
  const char *line_end = strchr(p, '\n');
  if (!line_end)
    return false;
  *ret_name = xstrndup(p, (size_t)(line_end - p));
  *ret_text = copy_section(line_end + 1, at);
  return true;
}

/* ---- Checks ---- */

const char *verify_state_name(enum verify_state s) {
  static const char *const names[] = {
      [VERIFY_OK] = "ok",
      [VERIFY_WARN] = "warn",
      [VERIFY_FAIL] = "FAIL",
      [VERIFY_SKIP] = "skip",
  };
  return names[s];
}

size_t verify_count(const struct verify_check_vec *checks,
                    enum verify_state state) {
  size_t n = 0;
  for (size_t i = 0; i < checks->n; i++)
    n += checks->v[i].state == state;
  return n;
}

void verify_checks_done(struct verify_check_vec *checks) {
  for (size_t i = 0; i < checks->n; i++)
    free(checks->v[i].detail);
  free(checks->v);
  *checks = (struct verify_check_vec){0};
}

/* ---- Telling ---- */

void verify_print(const struct verify_check_vec *checks, FILE *out) {
  for (size_t i = 0; i < checks->n; i++) {
    const struct verify_check *c = &checks->v[i];
    fprintf(out, "%-5s %s", verify_state_name(c->state), c->what);
    _cleanup_free_ char *detail = utf8_printable(c->detail);
    fprintf(out, "%s%s\n", *detail ? ": " : "", detail);
  }
}

/* json_string takes UTF-8 only; what a node said may be anything. */
static json_t *text_json(const char *s) {
  _cleanup_buf_ struct buf b = {0};
  while (*s) {
    uint32_t c = 0;
    int n = utf8_next(s, &c);
    buf_add(&b, n ? s : "?", n ? (size_t)n : 1);
    s += n ? n : 1;
  }
  return json_string(b.data ? b.data : "");
}

json_t *verify_json(const struct verify_check_vec *checks,
                    const char *cluster) {
  json_t *list = json_array();
  for (size_t i = 0; i < checks->n; i++) {
    const struct verify_check *c = &checks->v[i];
    json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s, s:o}", "id",
                                          c->id, "what", c->what, "ok",
                                          c->state != VERIFY_FAIL, "state",
                                          verify_state_name(c->state), "detail",
                                          text_json(c->detail)));
  }
  size_t failed = verify_count(checks, VERIFY_FAIL);
  return json_pack(
      "{s:s, s:b, s:{s:I, s:I, s:I, s:I, s:I}, s:o}", "cluster", cluster, "ok",
      failed == 0, "summary", "checks", (json_int_t)checks->n, "ok",
      (json_int_t)verify_count(checks, VERIFY_OK), "warned",
      (json_int_t)verify_count(checks, VERIFY_WARN), "failed",
      (json_int_t)failed, "skipped",
      (json_int_t)verify_count(checks, VERIFY_SKIP), "checks", list);
}

static void junit_case(const struct verify_check *c, const char *cluster,
                       struct buf *out) {
  static const char *const tags[] = {
      [VERIFY_OK] = NULL,
      [VERIFY_WARN] = NULL,
      [VERIFY_FAIL] = "failure",
      [VERIFY_SKIP] = "skipped",
  };
  buf_adds(out, "    <testcase classname=\"kubeseed.");
  quote_xml(cluster, out);
  buf_adds(out, "\" name=\"");
  quote_xml(c->id, out);
  buf_adds(out, ": ");
  quote_xml(c->what, out);
  buf_adds(out, "\">\n");
  if (tags[c->state]) {
    buf_addf(out, "      <%s message=\"", tags[c->state]);
    quote_xml(c->detail, out);
    buf_adds(out, "\"/>\n");
  } else {
    buf_addf(out, "      <system-out>%s: ", verify_state_name(c->state));
    quote_xml(c->detail, out);
    buf_adds(out, "</system-out>\n");
  }
  buf_adds(out, "    </testcase>\n");
}

void verify_junit(const struct verify_check_vec *checks, const char *cluster,
                  double seconds, struct buf *out) {
  buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<testsuites>\n  <testsuite name=\"kubeseed verify ");
  quote_xml(cluster, out);
  buf_addf(out,
           "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" "
           "time=\"%.3f\">\n",
           checks->n, verify_count(checks, VERIFY_FAIL),
           verify_count(checks, VERIFY_SKIP), seconds);
  for (size_t i = 0; i < checks->n; i++)
    junit_case(&checks->v[i], cluster, out);
  buf_adds(out, "  </testsuite>\n</testsuites>\n");
}
