/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store of images: names, who uses what, what is removed; nothing baked. */
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/store.h"
#include "image/users.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"

struct fixture {
  char *top; /* the cache; top/images is the store */
  char *images;
  struct spec spec;
  struct plan plan;
  char key[IMAGE_KEY];
  struct log log;
  struct error err;
};

/* Every file system is as one of FUSE that has no id. */
static bool without_id;

/* Instead of libc's. */
int statfs(const char *path, struct statfs *ret) {
  int r = (int)syscall(SYS_statfs, path, ret);
  if (without_id)
    memset(&ret->f_fsid, 0, sizeof(ret->f_fsid));
  return r;
}

static void check_ok(int r, struct error *err) {
  if (r < 0)
    fail_msg("%s", err->faults[0].msg);
}

static void check_error(int r, struct error *err, const char *part) {
  assert_int_equal(r, -1);
  if (!strstr(err->faults[0].msg, part))
    fail_msg("'%s' is not in: %s", part, err->faults[0].msg);
  error_done(err);
}

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  char *top = new_folder();
  assert_int_equal(setenv("XDG_CACHE_HOME", top, 1), 0);
  f->top = top;
  f->images = xasprintf("%s/kubeseed/images", top);
  f->log = (struct log){.out = stderr, .quiet = true};
  f->spec = (struct spec){.file = xstrdup("a lab.yaml"),
                          .kubernetes = {.payload = xstrdup("debian"),
                                         .version_text = xstrdup("1.20.2")},
                          .image = {.debian = 12, .disk = (uint64_t)8 << 30}};
  f->plan.spec = &f->spec;
  check_ok(image_key(&f->spec, f->key, &f->err), &f->err);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  check_ok(file_remove_tree(f->top, &f->err), &f->err);
  error_done(&f->err);
  spec_done(&f->spec);
  free(f->images);
  free(f->top);
  free(f);
  return 0;
}

static void write_file(struct fixture *f, const char *path, const char *text) {
  check_ok(file_write(path, text, strlen(text), 0644, &f->err), &f->err);
}

static bool is_there(const struct fixture *f, const char *name,
                     const char *end) {
  _cleanup_free_ char *path = xasprintf("%s/%s%s", f->images, name, end);
  return file_exists(path);
}

/* An image with this text in it; its path. The caller frees both. */
static char *put_image(struct fixture *f, const char *text, bool current,
                       char **ret_name) {
  char hex[SHA256_HEX];
  check_ok(file_mkdirs(f->images, 0755, &f->err), &f->err);
  sha256_hex(text, strlen(text), hex);
  char *name = xasprintf("%s-%.16s", f->key, hex);
  char *path = xasprintf("%s/%s.qcow2", f->images, name);
  _cleanup_free_ char *manifest = xasprintf("%s/%s.json", f->images, name);
  _cleanup_free_ char *pointer = xasprintf("%s/%s.current", f->images, f->key);
  _cleanup_free_ char *json =
      xasprintf("{\"size\": %zu, \"sha256\": \"%s\"}", strlen(text), hex);
  write_file(f, path, text);
  write_file(f, manifest, json);
  if (current)
    write_file(f, pointer, name);
  *ret_name = name;
  return path;
}

/* An overlay as far as it matters here: qcow2's header and its base's name. */
static char *put_overlay(struct fixture *f, const char *name,
                         const char *image) {
  unsigned char head[64] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
  char *path = xasprintf("%s/%s", f->top, name);
  _cleanup_buf_ struct buf b = {0};
  head[15] = sizeof(head);
  head[18] = (unsigned char)(strlen(image) >> 8);
  head[19] = (unsigned char)strlen(image);
  buf_add(&b, head, sizeof(head));
  buf_add(&b, image, strlen(image));
  check_ok(file_write(path, b.data, b.len, 0600, &f->err), &f->err);
  return path;
}

static void note(struct fixture *f, const char *image, const char *overlay) {
  _cleanup_close_ int fd = -1;
  check_ok(image_users_lock(image, &fd, &f->err), &f->err);
  check_ok(image_users_add(image, overlay, &f->err), &f->err);
}

static void prune(struct fixture *f, const char *name) {
  _cleanup_strv_ struct strv names = {0};
  if (name)
    strv_push(&names, name);
  check_ok(image_prune(&f->log, &names, &f->err), &f->err);
}

static void test_names(void **state) {
  (void)state;
  char key[IMAGE_KEY];
  assert_true(image_name_parse("0123456789abcdef-0123456789abcdef", key));
  assert_string_equal(key, "0123456789abcdef");
  assert_true(image_name_parse("0123456789abcdef", key));
  static const char *const bad[] = {"",
                                    "0123456789abcde",
                                    "0123456789abcdeg",
                                    "0123456789abcdef0",
                                    "0123456789abcdef-0123456789abcde",
                                    "0123456789abcdef_0123456789abcdef",
                                    "0123456789abcdef-0123456789abcdefg",
                                    "my-own"};
  for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
    assert_false(image_name_parse(bad[i], key));
}

static void test_verify(void **state) {
  struct fixture *f = *state;
  const struct image_options verify = {.verify = true};
  _cleanup_free_ char *name = NULL, *got = NULL;
  check_error(image_ensure(&f->log, &f->plan, &verify, &got, &f->err), &f->err,
              "there is no image yet; `kubeseed image 'a lab.yaml'` bakes it");
  assert_false(file_exists(f->images)); /* nothing is written */
  _cleanup_free_ char *image = put_image(f, "image", true, &name);
  check_ok(image_ensure(&f->log, &f->plan, &verify, &got, &f->err), &f->err);
  assert_string_equal(got, image);
  write_file(f, image, "imago");
  check_error(image_ensure(&f->log, &f->plan, &verify, &got, &f->err), &f->err,
              "is damaged: its SHA-256");
  write_file(f, image, "short");
  assert_int_equal(truncate(image, 3), 0);
  check_error(image_ensure(&f->log, &f->plan, &verify, &got, &f->err), &f->err,
              "is damaged: its manifest is missing, or of another size");
}

/* The pointer says which of a key's images is the current one. */
static void test_current(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *a = NULL, *b = NULL, *got = NULL, *again = NULL;
  free(put_image(f, "first", true, &a));
  free(put_image(f, "second", true, &b));
  check_ok(image_ensure(&f->log, &f->plan, NULL, &got, &f->err), &f->err);
  assert_non_null(strstr(got, b));
  assert_true(is_there(f, a, ".qcow2"));
  _cleanup_free_ char *pointer = xasprintf("%s/%s.current", f->images, f->key);
  write_file(f, pointer, "../../etc/passwd\n");
  assert_null(image_current(f->images, f->key));
}

static void await_text(const struct fixture *f, const char *path,
                       const char *text) {
  for (int i = 0; i < 3000; i++) {
    _cleanup_error_ struct error ignored = {0};
    _cleanup_buf_ struct buf b = {0};
    if (file_read(path, 4096, &b, &ignored) == 0 && strstr(b.data, text))
      return;
    (void)poll(NULL, 0, 10);
  }
  fail_msg("%s: nobody waits for %s", f->top, path);
}

/* Another one bakes it, and this one waits, says so and uses it. */
static void test_waits(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *lock = xasprintf("%s/%s.lock", f->images, f->key);
  _cleanup_free_ char *said = xasprintf("%s/said", f->top);
  _cleanup_free_ char *name = NULL;
  _cleanup_close_ int fd = -1;
  check_ok(file_mkdirs(f->images, 0755, &f->err), &f->err);
  check_ok(file_lock(lock, &fd, &f->err), &f->err);
  pid_t pid = fork();
  if (pid == 0) {
    _cleanup_free_ char *got = NULL;
    (void)close(fd); /* the parent's lock is not ours */
    /* One that does not wait, or does not look again, fails to bake. */
    (void)setenv("PATH", "/nonexistent", 1);
    f->log = (struct log){.out = fopen(said, "w")};
    setvbuf(f->log.out, NULL, _IONBF, 0);
    int r = image_ensure(&f->log, &f->plan, NULL, &got, &f->err);
    error_print(&f->err, "test", f->log.out);
    (void)fclose(f->log.out);
    _exit(r < 0 || !file_exists(got));
  }
  await_text(f, said, "another kubeseed makes the image");
  free(put_image(f, "image", true, &name));
  assert_int_equal(close(take_fd(&fd)), 0);
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

/* One that the first version baked is still the spec's image. */
static void test_old(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *name = NULL, *got = NULL;
  _cleanup_free_ char *image = put_image(f, "image", false, &name);
  _cleanup_free_ char *old = xasprintf("%s/%s.qcow2", f->images, f->key);
  _cleanup_free_ char *json = xasprintf("%s/%s.json", f->images, name);
  _cleanup_free_ char *old_json = xasprintf("%s/%s.json", f->images, f->key);
  assert_int_equal(rename(image, old), 0);
  assert_int_equal(rename(json, old_json), 0);
  check_ok(image_ensure(&f->log, &f->plan, NULL, &got, &f->err), &f->err);
  assert_string_equal(got, old);
  /* Nobody knows who uses it, so it goes only by name. */
  prune(f, NULL);
  assert_true(is_there(f, f->key, ".qcow2"));
  prune(f, f->key);
  assert_false(is_there(f, f->key, ".qcow2"));
  assert_false(is_there(f, f->key, ".json"));
}

static void test_users(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *a = NULL, *b = NULL;
  _cleanup_free_ char *first = put_image(f, "first", false, &a);
  _cleanup_free_ char *second = put_image(f, "second", true, &b);
  _cleanup_free_ char *gone = xasprintf("%s/gone", f->top);
  _cleanup_free_ char *used = put_overlay(f, "used", first);
  _cleanup_free_ char *moved = put_overlay(f, "moved", second);
  _cleanup_free_ char *odd = xasprintf("%s/odd", f->top);
  write_file(f, odd, "no qcow2");
  const char *const overlays[] = {gone, used, moved, odd};
  for (size_t i = 0; i < 2 * ARRAY_SIZE(overlays); i++)
    note(f, first, overlays[i % ARRAY_SIZE(overlays)]);
  /* On a file system that is not there: its id is another one's. */
  _cleanup_free_ char *list = xasprintf("%s/%s.users", f->images, a);
  FILE *file = fopen(list, "a");
  assert_non_null(file);
  assert_int_equal(fprintf(file, "123 %s/away/m1.qcow2\n", f->top) < 0, 0);
  assert_int_equal(fclose(file), 0);
  _cleanup_(image_users_done) struct image_user_vec users = {0};
  check_ok(image_users_read(first, &users, &f->err), &f->err);
  static const enum image_user_state states[] = {
      IMAGE_MISSED, IMAGE_USED, IMAGE_LEFT, IMAGE_USED, IMAGE_AWAY};
  assert_int_equal(users.n, ARRAY_SIZE(states));
  for (size_t i = 0; i < users.n; i++)
    assert_int_equal(users.v[i].state, states[i]);
  _cleanup_close_ int fd = -1;
  assert_int_equal(unlink(second), 0);
  check_error(image_users_add(second, used, &f->err), &f->err,
              "was removed meanwhile");
}

static void write_list(struct fixture *f, const char *name, const char *id,
                       const char *overlay) {
  _cleanup_free_ char *path = xasprintf("%s/%s.users", f->images, name);
  _cleanup_free_ char *line = xasprintf("%s %s\n", id, overlay);
  write_file(f, path, line);
}

static enum image_user_state only_user(struct fixture *f, const char *image) {
  _cleanup_(image_users_done) struct image_user_vec users = {0};
  check_ok(image_users_read(image, &users, &f->err), &f->err);
  assert_int_equal(users.n, 1);
  return users.v[0].state;
}

/* The file system of a note is that of its last time. */
static void test_file_system(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *name = NULL;
  _cleanup_free_ char *image = put_image(f, "image", false, &name);
  _cleanup_free_ char *disk = xasprintf("%s/disk", f->top);
  write_list(f, name, "123", disk);
  assert_int_equal(only_user(f, image), IMAGE_AWAY);
  note(f, image, disk);
  assert_int_equal(only_user(f, image), IMAGE_MISSED);
  /* No id is no other's. */
  without_id = true;
  write_list(f, name, "0", disk);
  assert_int_equal(only_user(f, image), IMAGE_AWAY);
  without_id = false;
}

static void test_prune(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;
  _cleanup_free_ char *first = put_image(f, "first", false, &a);
  _cleanup_free_ char *second = put_image(f, "second", true, &b);
  _cleanup_free_ char *third = put_image(f, "third", false, &c);
  _cleanup_free_ char *mine = xasprintf("%s/mine.qcow2", f->images);
  _cleanup_free_ char *disk = put_overlay(f, "disk", first);
  write_file(f, mine, "not of the store");
  note(f, first, disk);
  _cleanup_strv_ struct strv names = {0};
  strv_push_all(&names, c, a, NULL);
  check_error(image_prune(&f->log, &names, &f->err), &f->err, "is in use");
  free(names.v[--names.n]);
  names.v[0][0] = 'x';
  check_error(image_prune(&f->log, &names, &f->err), &f->err,
              "there is no image");
  assert_true(file_exists(third));
  prune(f, c);
  assert_false(is_there(f, c, ".qcow2"));
  assert_true(file_exists(second));
  prune(f, NULL);
  assert_false(is_there(f, b, ".qcow2"));
  assert_false(is_there(f, b, ".json"));
  assert_false(is_there(f, f->key, ".current"));
  assert_true(file_exists(first));
  assert_true(is_there(f, a, ".json"));
  assert_true(file_exists(mine));
  /* It may only have been moved. */
  assert_int_equal(unlink(disk), 0);
  prune(f, NULL);
  assert_true(file_exists(first));
  /* The machine is destroyed: now nothing uses the image. */
  check_ok(image_users_remove(first, disk, &f->err), &f->err);
  prune(f, NULL);
  assert_false(is_there(f, a, ".qcow2"));
  assert_false(is_there(f, a, ".users"));
}

/* What is baked meanwhile stays. */
static void test_prune_busy(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *name = NULL;
  _cleanup_free_ char *image = put_image(f, "image", true, &name);
  _cleanup_free_ char *lock = xasprintf("%s/%s.lock", f->images, f->key);
  _cleanup_close_ int fd = -1;
  check_ok(file_lock(lock, &fd, &f->err), &f->err);
  prune(f, NULL);
  assert_true(file_exists(image));
}

/* Until somebody has the lock; each look has it for a moment. */
static void await_lock(const struct fixture *f, const char *path) {
  for (int i = 0; i < 3000; i++) {
    _cleanup_error_ struct error ignored = {0};
    _cleanup_close_ int fd = -1;
    if (file_lock(path, &fd, &ignored) < 0)
      return;
    cleanup_close(&fd);
    fd = -1;
    (void)poll(NULL, 0, 10);
  }
  fail_msg("%s: nobody locks %s", f->top, path);
}

/* A bake that ends while the images before it are removed: its image stays the
 * current one. The list is made before the key is locked, and the image goes
 * once those who use images are known. */
static void test_prune_beside_bake(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *lock = xasprintf("%s/%s.lock", f->images, f->key);
  _cleanup_free_ char *old = NULL, *new = NULL;
  _cleanup_free_ char *path = put_image(f, "old", true, &old);
  _cleanup_close_ int fd = -1;
  check_ok(image_users_lock(path, &fd, &f->err), &f->err);
  pid_t pid = fork();
  if (pid == 0) {
    (void)close(fd);
    const struct strv names = {.v = &old, .n = 1};
    /* It does not wait for a key that is locked, as await_lock's look does. */
    int r = -1;
    for (int i = 0; r < 0 && i < 3000; i++) {
      _cleanup_error_ struct error err = {0};
      r = image_prune(&f->log, &names, &err);
      if (r < 0)
        (void)poll(NULL, 0, 7);
    }
    _exit(r == 0 ? 0 : 1);
  }
  await_lock(f, lock);
  free(put_image(f, "new", true, &new));
  assert_int_equal(close(take_fd(&fd)), 0);
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
  assert_false(file_exists(path));
  _cleanup_free_ char *current = image_current(f->images, f->key);
  assert_string_equal(current, new);
}

/* What killed bakes left goes, but for that of a bake that runs. */
static void test_sweep(void **state) {
  struct fixture *f = *state;
  static const char *const folders[] = {
      "0123456789abcdef.tmp", "0123456789abcdef.tmp.Xy1z2Z",
      "1123456789abcdef.tmp.Xy1z2Z", "0123456789abcdef.tmpx", "x.tmp"};
  for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
    _cleanup_free_ char *path = xasprintf("%s/%s/in", f->images, folders[i]);
    check_ok(file_mkdirs(path, 0755, &f->err), &f->err);
  }
  _cleanup_close_ int fd = -1;
  _cleanup_free_ char *lock = xasprintf("%s/1123456789abcdef.lock", f->images);
  check_ok(file_lock(lock, &fd, &f->err), &f->err);
  prune(f, NULL);
  for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
    assert_int_equal(is_there(f, folders[i], ""), i >= 2);
}

static void put_beside(struct fixture *f, const char *stem, const char *end) {
  _cleanup_free_ char *path = xasprintf("%s/%s%s", f->images, stem, end);
  write_file(f, path, "x");
}

/* A prune that is killed after any of its steps is ended by the next one. */
static void test_prune_killed(void **state) {
  struct fixture *f = *state;
  enum { STEPS = 6 };
  for (size_t done = 1; done <= STEPS; done++) {
    _cleanup_free_ char *name = NULL;
    _cleanup_free_ char *image = put_image(f, "image", true, &name);
    _cleanup_free_ char *missing = xasprintf("%s/missing", f->top);
    note(f, image, missing);
    put_beside(f, f->key, ".log");
    put_beside(f, name, ".raw");
    const char *const order[][2] = {{name, ".qcow2"}, {name, ".json"},
                                    {name, ".raw"},   {name, ".users"},
                                    {f->key, ".log"}, {f->key, ".current"}};
    for (size_t i = 0; i < done; i++) {
      _cleanup_free_ char *path =
          xasprintf("%s/%s%s", f->images, order[i][0], order[i][1]);
      assert_int_equal(unlink(path), 0);
    }
    prune(f, NULL);
    for (size_t i = 0; i < STEPS; i++)
      assert_false(is_there(f, order[i][0], order[i][1]));
  }
}

/* What has lost its image, and all the same is no killed prune's. */
static void test_sweep_keeps(void **state) {
  struct fixture *f = *state;
  _cleanup_free_ char *used = NULL, *linked = NULL, *baking = NULL;
  _cleanup_free_ char *first = put_image(f, "first", true, &used);
  _cleanup_free_ char *second = put_image(f, "second", false, &linked);
  _cleanup_free_ char *disk = put_overlay(f, "disk", first);
  note(f, first, disk);
  assert_int_equal(unlink(first), 0);
  assert_int_equal(unlink(second), 0);
  assert_int_equal(symlink("/not/mounted", second), 0);
  static const char busy[] = "1123456789abcdef", mine[] = "mine";
  _cleanup_close_ int fd = -1;
  _cleanup_free_ char *lock = xasprintf("%s/%s.lock", f->images, busy);
  check_ok(file_lock(lock, &fd, &f->err), &f->err);
  baking = xasprintf("%s-0123456789abcdef", busy);
  put_beside(f, baking, ".json");
  put_beside(f, mine, ".json");
  put_beside(f, mine, ".users");
  static const char half[] = ".json.kubeseed-a1B2c3", log[] = ".log";
  put_beside(f, f->key, half);
  put_beside(f, busy, half);
  put_beside(f, mine, half);
  put_beside(f, mine, log);
  put_beside(f, busy, log);
  prune(f, NULL);
  assert_false(is_there(f, f->key, half));
  assert_true(is_there(f, busy, half));
  assert_true(is_there(f, mine, half));
  assert_true(is_there(f, mine, log));
  assert_true(is_there(f, busy, log));
  assert_true(is_there(f, used, ".json"));
  assert_true(is_there(f, used, ".users"));
  assert_true(is_there(f, f->key, ".current"));
  assert_true(is_there(f, linked, ".json"));
  assert_true(is_there(f, baking, ".json"));
  assert_true(is_there(f, mine, ".json"));
  assert_true(is_there(f, mine, ".users"));
}

static void test_list(void **state) {
  struct fixture *f = *state;
  _cleanup_(image_entries_done) struct image_entry_vec none = {0}, all = {0};
  check_ok(image_list(&none, &f->err), &f->err);
  assert_int_equal(none.n, 0);
  _cleanup_free_ char *a = NULL, *b = NULL;
  _cleanup_free_ char *first = put_image(f, "first", false, &a);
  free(put_image(f, "second", true, &b));
  _cleanup_free_ char *disk = put_overlay(f, "disk", first);
  note(f, first, disk);
  check_ok(image_list(&all, &f->err), &f->err);
  assert_int_equal(all.n, 2);
  const struct image_entry *e = &all.v[strcmp(all.v[0].name, a) == 0 ? 0 : 1];
  assert_string_equal(e->name, a);
  assert_false(e->current);
  assert_int_equal(image_count_users(e), 1);
  assert_true(all.v[e == all.v ? 1 : 0].current);
  assert_true(e->size > 0);
}

int main(void) {
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names), STORE_TEST(test_verify),
      STORE_TEST(test_current),     STORE_TEST(test_old),
      STORE_TEST(test_users),       STORE_TEST(test_prune),
      STORE_TEST(test_prune_busy),  STORE_TEST(test_list),
      STORE_TEST(test_sweep),       STORE_TEST(test_prune_killed),
      STORE_TEST(test_sweep_keeps), STORE_TEST(test_file_system),
      STORE_TEST(test_waits),       STORE_TEST(test_prune_beside_bake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
