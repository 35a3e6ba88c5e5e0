/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes: a tree or faults. A tree comes back the same from its own text;
 * the bytes as a string stay that string wherever they stand.
 */
#include "base/mem.h"
#include "format/yaml.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_round_trip(const struct yaml_node *root) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  _cleanup_yaml_ struct yaml_node *back = NULL;
  if (yaml_emit(root, &b, &err) < 0)
    abort();
  if (yaml_parse("back", b.data, b.len, &back, &err) < 0 ||
      !yaml_equal(root, back)) {
    error_print(&err, "fuzz-yaml", stderr);
    fprintf(stderr, "%s", b.data);
    abort();
  }
}

static void check_tree(const char *text, size_t len) {
  _cleanup_error_ struct error err = {0};
  _cleanup_yaml_ struct yaml_node *root = NULL;
  if (yaml_parse("in", text, len, &root, &err) < 0) {
    if (err.n_faults == 0)
      abort();
    return;
  }
  if (yaml_check("in", text, len, &err) < 0)
    abort();
  check_round_trip(root);
}

/* Bytes that are not UTF-8 are refused by the emitter, which is fine. */
static void check_string(const char *text, size_t len) {
  _cleanup_free_ char *s = xstrndup(text, len);
  _cleanup_yaml_ struct yaml_node *root = yaml_new_map();
  yaml_map_set_str(root, "value", s);
  struct yaml_node *list = yaml_map_set_seq(root, "list");
  list->flow = true;
  yaml_seq_add_str(list, s);
  yaml_map_set_str(yaml_map_set(root, "map", yaml_new_map()), s, s);
  yaml_seq_add_str(yaml_seq_add(yaml_map_set_seq(root, "seq"), yaml_new_seq()),
                   s);
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  if (yaml_emit(root, &b, &err) == 0)
    check_round_trip(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len == 0)
    return 0;
  check_tree((const char *)data, len);
  check_string((const char *)data, len);
  return 0;
}
