/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/verify.h"

#include "base/json.h"
#include "base/quote.h"
#include "base/utf8.h"
#include <string.h>

/* ---- Telling ---- */

void verify_print(const struct verify_check_vec *checks, FILE *out) {
  for (size_t i = 0; i < checks->n; i++) {
    const struct verify_check *c = &checks->v[i];
    fprintf(out, "%-5s %s", verify_state_name(c->state), c->what);
    _cleanup_free_ char *detail = utf8_printable(c->detail);
    fprintf(out, "%s%s\n", *detail ? ": " : "", detail);
  }
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
                                          json_text(c->detail)));
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
