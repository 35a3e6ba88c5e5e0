/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a template, rendered with a scope that has every kind of value;
 * and any bytes as a value, which the filter yaml must bring through.
 */
#include "base/mem.h"
#include "format/template.h"
#include "format/yaml.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_template(const struct scope *s, const char *text,
                           size_t len) {
  _cleanup_error_ struct error err = {0};
  _cleanup_template_ struct template *t = NULL;
  _cleanup_buf_ struct buf b = {0};
  int r = template_parse("in", text, len, &t, &err);
  if (r == 0)
    r = template_render(t, s, &b, &err);
  if ((r < 0) != (err.n_faults > 0))
    abort();
}

/* Scalar in, the same scalar out of a YAML parser. */
static void check_value(const struct scope *s, const char *value) {
  static const char text[] = "{{ v | yaml }}";
  _cleanup_error_ struct error err = {0};
  _cleanup_template_ struct template *t = NULL;
  _cleanup_buf_ struct buf b = {0};
  if (template_parse("yaml", text, strlen(text), &t, &err) < 0)
    abort();
  if (template_render(t, s, &b, &err) < 0)
    return; /* not UTF-8 */
  _cleanup_yaml_ struct yaml_node *n = NULL;
  if (yaml_parse("out", b.data, b.len, &n, &err) < 0 || !n->quoted ||
      strcmp(n->text, value) != 0)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len > 4096)
    return 0;
  const char *text = len ? (const char *)data : "";
  _cleanup_free_ char *value = xstrndup(text, len);
  _cleanup_scope_ struct scope s = {0};
  scope_set(&s, "v", value);
  scope_set_flag(&s, "t", true);
  scope_set_flag(&s, "f", false);
  scope_set_list(&s, "e");
  for (int i = 0; i < 2; i++)
    scope_setf(scope_add(&s, "l"), "n", "%d", i);
  check_template(&s, text, len);
  check_value(&s, value);
  return 0;
}
