/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/cloud-config.h"
#include "spec/sources.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void ok(int r, const struct error *err) {
  error_print(err, "test", stderr);
  assert_int_equal(r, 0);
}

static const struct plan_file planned[] = {
    {"/a", "scripts/a", 0644, "root:root"},
    {"/b", "scripts/b", 0755, "root:root"},
    {"/c", "scripts/c", 0600, "etcd:etcd"},
    {"/d", "scripts/d", 0644, "root:root"},
};

/* What an item could be cut at, or not be followed by, when it is taken for
 * the document's structure. */
static const char *const contents[] = {
    "- path: /x\n- path: /y\n",
    "ends with empty lines\n\n\n",
    "\n- begins with one\n...\n",
    "",
    "one line",
    "...\n",
};

static void write_document(unsigned shared, const char *const text[],
                           struct buf *out) {
  static const struct spec spec;
  static const struct plan plan = {.spec = &spec};
  struct plan_node node = {.name = "m1", .fqdn = (char[]){"m1.demo"}};
  _cleanup_error_ struct error err = {0};
  _cleanup_yaml_ struct yaml_node *base = yaml_new_map();
  struct buf items[ARRAY_SIZE(planned)] = {0};
  struct cloud_file_vec files = {0};
  for (size_t i = 0; i < ARRAY_SIZE(planned); i++) {
    struct cloud_file *f = cloud_file_vec_add(&files);
    f->planned = &planned[i];
    buf_adds(&f->content, text[i]);
    if (!(shared >> i & 1))
      continue;
    ok(cloud_config_item(&planned[i], &f->content, &items[i], &err), &err);
    f->item = &items[i];
  }
  ok(cloud_config_write(base, &plan, &node, NULL, &files, out, &err), &err);
  for (size_t i = 0; i < files.n; i++) {
    buf_done(&files.v[i].content);
    buf_done(&items[i]);
  }
  free(files.v);
}

static void check_files(const struct buf *document, const char *const text[]) {
  _cleanup_error_ struct error err = {0};
  struct yaml_node *parsed = NULL;
  ok(yaml_parse("user-data", document->data, document->len, &parsed, &err),
     &err);
  _cleanup_yaml_ struct yaml_node *root = parsed;
  const struct yaml_node *list = yaml_get(root, "write_files");
  assert_int_equal(list->n, ARRAY_SIZE(planned));
  for (size_t i = 0; i < list->n; i++) {
    const struct yaml_node *file = list->child[i];
    assert_string_equal(yaml_get(file, "path")->text, planned[i].path);
    assert_string_equal(yaml_get(file, "owner")->text, planned[i].owner);
    assert_string_equal(yaml_get(file, "content")->text, text[i]);
  }
}

/* Whichever items were made before, the document is the same one. */
static void test_shared_items(void **state) {
  (void)state;
  for (size_t first = 0; first < ARRAY_SIZE(contents); first++) {
    const char *text[ARRAY_SIZE(planned)];
    for (size_t i = 0; i < ARRAY_SIZE(planned); i++)
      text[i] = contents[(first + i) % ARRAY_SIZE(contents)];
    _cleanup_buf_ struct buf none = {0};
    write_document(0, text, &none);
    check_files(&none, text);
    for (unsigned shared = 1; shared < 1u << ARRAY_SIZE(planned); shared++) {
      _cleanup_buf_ struct buf some = {0};
      write_document(shared, text, &some);
      assert_string_equal(some.data, none.data);
    }
  }
}

/* Whatever is in it: as text, in quotes with each byte as four, or in base64.
 */
static void test_large_file(void **state) {
  (void)state;
  static const char bytes[] = {'a', '\x01', '\xff'};
  for (size_t i = 0; i < sizeof(bytes); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_buf_ struct buf content = {0}, item = {0};
    memset(buf_extend(&content, SOURCE_MAX_BYTES), bytes[i], SOURCE_MAX_BYTES);
    ok(cloud_config_item(&planned[0], &content, &item, &err), &err);
    assert_true(item.len > SOURCE_MAX_BYTES);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shared_items),
      cmocka_unit_test(test_large_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
