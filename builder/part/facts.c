/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "part/facts.h"

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
  answer_done(&f->tutorial);
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
