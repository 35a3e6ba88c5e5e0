/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a payload is another than its lock says, and what is no difference;
 * the file, and what of a payload is noted in it. */
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/lock.h"
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define WANTED                                                                 \
  "{\"packages\": {\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}},"    \
  " \"images\": {\"r/pause:1\": {\"index\": \"i\", \"config\": \"c\"}}}"

static json_t *json(const char *text) {
  json_t *j = json_loads(text, 0, NULL);
  assert_non_null(j);
  return j;
}

static void test_difference(void **state) {
  (void)state;
  static const struct {
    const char *packages, *images; /* inside the braces */
    const char *said;              /* NULL: no difference */
  } rows[] = {
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": \"i\", \"config\": \"c\"}", NULL},
      {"\"kubeadm\": {\"version\": \"2\", \"sha256\": \"bb\"}", "",
       "kubeadm is 2 and not 1"},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"bb\"}", "",
       "kubeadm is bb and not aa"},
      {"", "", "kubeadm is missing"},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}, \"x\": {}", "",
       "x is new"},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": \"j\", \"config\": \"c\"}",
       "r/pause:1 is j and not i"},
      /* Which images there are follows from packages and spec. */
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/tool:1\": {\"index\": \"j\", \"config\": \"d\"}", NULL},
      /* Of one from an archive nobody knows what a registry has. */
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": null, \"config\": \"c\"}", NULL},
      {"\"kubeadm\": {\"version\": \"1\", \"sha256\": \"aa\"}",
       "\"r/pause:1\": {\"index\": null, \"config\": \"d\"}",
       "r/pause:1 is d and not c"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_free_ char *text =
        xasprintf("{\"packages\": {%s}, \"images\": {%s}}", rows[i].packages,
                  rows[i].images);
    _cleanup_json_ json_t *wanted = json(WANTED), *found = json(text);
    _cleanup_free_ char *said = lock_difference(wanted, found);
    if (!rows[i].said)
      assert_null(said);
    else
      assert_string_equal(said, rows[i].said);
  }
}

/* Each is told; so is what has only one of the two. */
static void test_differences(void **state) {
  (void)state;
  _cleanup_json_ json_t *wanted = json("{\"packages\": {\"a\": {\"version\": "
                                       "\"1\"}, \"b\": {}}, \"images\": {}}");
  _cleanup_json_ json_t *found = json("{\"packages\": {\"a\": {\"version\": "
                                      "\"2\"}, \"c\": {}}, \"images\": {}}");
  _cleanup_free_ char *said = lock_difference(wanted, found);
  assert_string_equal(said, "a is 2 and not 1; b is missing; c is new");
}

/* An archive does not take away what a registry has said, nor does a spec with
 * other images take away those of the spec beside it. */
static void test_keep(void **state) {
  (void)state;
  _cleanup_json_ json_t *wanted =
      json("{\"images\": {\"a\": {\"index\": \"i\"}, \"b\": {\"index\": \"j\"},"
           " \"c\": {}, \"gone\": {\"index\": \"k\"}}}");
  _cleanup_json_ json_t *found =
      json("{\"images\": {\"a\": {\"config\": \"x\"}, \"c\": {},"
           " \"b\": {\"index\": \"other\"}, \"new\": {}}}");
  _cleanup_json_ json_t *kept = json(
      "{\"images\": {\"a\": {\"config\": \"x\", \"index\": \"i\"}, \"c\": {},"
      " \"b\": {\"index\": \"other\"}, \"new\": {},"
      " \"gone\": {\"index\": \"k\"}}}");
  lock_keep(wanted, found);
  assert_true(json_equal(found, kept));
}

static void test_describe(void **state) {
  (void)state;
  _cleanup_json_ json_t *entry =
      json("{\"etcd\": \"3.6.5\", \"packages\": {\"kubeadm\": {\"version\": "
           "\"1.34.2-1.1\"}, \"odd\": {}}}");
  _cleanup_free_ char *said = lock_describe(entry);
  assert_string_equal(said, "kubeadm 1.34.2-1.1, odd ?; etcd 3.6.5");
}

/* ---- Of a payload ---- */

static void test_of(void **state) {
  (void)state;
  static struct payload_file files[] = {
      {.path = (char *)"debs/odd.deb", .sha256 = "bb"},
      {.path = (char *)"images/pause_3.10.1.tar", .sha256 = "cc"},
      {.path = (char *)"debian/xdebs/no_1_all.deb", .sha256 = "dd"},
      {.path = (char *)"debs/kubeadm_1.34.2-1.1_amd64.deb", .sha256 = "aa"},
  };
  static const char manifest[] =
      "{\"images\": [{\"name\": \"r/pause:1\", \"index\": \"i\", \"config\": "
      "\"c\"}, {\"name\": \"r/archive:1\", \"config\": \"d\"}]}";
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *dir = new_folder();
  _cleanup_free_ char *path = xasprintf("%s/manifest.json", dir);
  const struct spec spec = {0};
  struct payload p = {.dir = dir,
                      .etcd = (char *)"3.6.5",
                      .files = {.v = files, .n = ARRAY_SIZE(files)}};
  check_ok(file_write(path, manifest, strlen(manifest), 0644, &err), &err);
  _cleanup_json_ json_t *entry = NULL;
  check_ok(lock_of(&spec, &p, &entry, &err), &err);
  _cleanup_json_ json_t *expected = json(
      "{\"etcd\": \"3.6.5\", \"packages\": {\"kubeadm\": {\"version\": "
      "\"1.34.2-1.1\", \"sha256\": \"aa\"}, \"odd.deb\": {\"version\": \"\", "
      "\"sha256\": \"bb\"}}, \"images\": {\"r/pause:1\": {\"index\": \"i\", "
      "\"config\": \"c\"}, \"r/archive:1\": {\"config\": \"d\"}}}");
  assert_true(json_equal(entry, expected));
  assert_int_equal(unlink(path), 0);
  json_decref(entry);
  entry = NULL;
  check_error(lock_of(&spec, &p, &entry, &err), &err, "manifest.json");
  assert_int_equal(rmdir(dir), 0);
}

/* ---- The file ---- */

struct fixture {
  char *dir, *path;
  struct spec spec; /* only its file */
};

static void put(const struct fixture *f, const char *text) {
  _cleanup_error_ struct error err = {0};
  check_ok(file_write(f->path, text, strlen(text), 0644, &err), &err);
}

/* Another kubeseed is at work while this one waits for the lock. */
static const struct fixture *beside;

int flock(int fd, int operation) {
  struct stat st, dir;
  if (!beside)
    return 0;
  assert_int_equal(operation, LOCK_EX);
  assert_int_equal(fstat(fd, &st), 0);
  assert_int_equal(stat(beside->dir, &dir), 0);
  assert_true(st.st_ino == dir.st_ino && st.st_dev == dir.st_dev);
  put(beside, "{\"format\": 1, \"payloads\": {\"other\": {\"etcd\": \"9\"}}}");
  return 0;
}

static int begin(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->dir = new_folder();
  f->spec.file = xasprintf("%s/lab.yaml", f->dir);
  f->path = lock_path(&f->spec);
  *state = f;
  return 0;
}

static int end(void **state) {
  struct fixture *f = *state;
  beside = NULL;
  (void)unlink(f->path);
  assert_int_equal(rmdir(f->dir), 0);
  free(f->spec.file);
  free(f->path);
  free(f->dir);
  free(f);
  return 0;
}

static void test_file(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_json_ json_t *entry = json(WANTED), *none = NULL, *back = NULL;
  _cleanup_free_ char *path = xasprintf("%s/payload.lock.json", f->dir);
  assert_string_equal(f->path, path);
  check_ok(lock_read(&f->spec, "p 1", &none, &err), &err);
  assert_null(none);
  beside = f;
  check_ok(lock_write(&f->spec, "p 1", entry, false, &err), &err);
  beside = NULL;
  check_ok(lock_read(&f->spec, "p 1", &back, &err), &err);
  assert_true(json_equal(back, entry));
  check_ok(lock_read(&f->spec, "p 2", &none, &err), &err);
  assert_null(none);

  /* Both wrote; the same text each time, for people to keep in git. */
  _cleanup_buf_ struct buf text = {0};
  check_ok(file_read(path, 10000, &text, &err), &err);
  assert_string_equal(text.data, "{\n"
                                 "  \"format\": 1,\n"
                                 "  \"payloads\": {\n"
                                 "    \"other\": {\n"
                                 "      \"etcd\": \"9\"\n"
                                 "    },\n"
                                 "    \"p 1\": {\n"
                                 "      \"images\": {\n"
                                 "        \"r/pause:1\": {\n"
                                 "          \"config\": \"c\",\n"
                                 "          \"index\": \"i\"\n"
                                 "        }\n"
                                 "      },\n"
                                 "      \"packages\": {\n"
                                 "        \"kubeadm\": {\n"
                                 "          \"sha256\": \"aa\",\n"
                                 "          \"version\": \"1\"\n"
                                 "        }\n"
                                 "      }\n"
                                 "    }\n"
                                 "  }\n"
                                 "}\n");
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0644);
}

/* Noted once, told, kept when more is fetched, and gone when all is taken anew.
 */
static void test_containerd(void **state) {
  const struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  _cleanup_json_ json_t *entry = json(WANTED), *got = NULL, *kept = NULL,
                        *moved = NULL;
  _cleanup_free_ char *first = NULL, *same = NULL, *other = NULL, *none = NULL;
  check_ok(
      lock_note_containerd(&f->spec, "p", "debian 12", "1.6.20", &none, &err),
      &err);
  assert_false(file_exists(f->path)); /* there is no such entry */
  check_ok(lock_write(&f->spec, "p", entry, false, &err), &err);
  check_ok(
      lock_note_containerd(&f->spec, "p", "debian 12", "1.6.20", &first, &err),
      &err);
  check_ok(
      lock_note_containerd(&f->spec, "p", "debian 12", "1.6.20", &same, &err),
      &err);
  check_ok(
      lock_note_containerd(&f->spec, "p", "debian 12", "1.6.24", &other, &err),
      &err);
  assert_null(first);
  assert_null(same);
  assert_string_equal(other, "1.6.20");
  check_ok(lock_read(&f->spec, "p", &got, &err), &err);
  _cleanup_free_ char *said = lock_describe(got);
  assert_string_equal(said, "kubeadm 1; containerd 1.6.20 (debian 12)");
  assert_null(lock_difference(got, entry));
  check_ok(lock_write(&f->spec, "p", entry, true, &err), &err);
  check_ok(lock_read(&f->spec, "p", &kept, &err), &err);
  assert_true(json_equal(kept, got));
  check_ok(lock_write(&f->spec, "p", entry, false, &err), &err);
  check_ok(lock_read(&f->spec, "p", &moved, &err), &err);
  assert_null(json_object_get(moved, "containerd"));
}

/* Refused, by who reads and who writes, and left as it is. */
static void test_no_lock(void **state) {
  const struct fixture *f = *state;
  static const struct {
    const char *text, *said;
    bool others; /* it is another's entry, which stays */
  } rows[] = {
      {"", "payload.lock.json:1: ", false},
      {"{\n\n[", "payload.lock.json:3: ", false},
      {"{\"format\": 1, \"payloads\": {}, \"payloads\": {}}", "delete it",
       false},
      {"[]", "is no lock of format 1", false},
      {"{\"payloads\": {}}", "is no lock of format 1", false},
      {"{\"format\": 2, \"payloads\": {}}", "is no lock of format 1", false},
      {"{\"format\": 1, \"payloads\": []}", "is no lock of format 1", false},
      {"{\"format\": 1, \"payloads\": {\"p\": 7}}", "'p' does not say", true},
      {"{\"format\": 1, \"payloads\": {\"p\": {\"images\": {}}}}",
       "'p' does not say", true},
      {"{\"format\": 1, \"payloads\": {\"p\": {\"packages\": {}}}}",
       "'p' does not say", true},
      {"{\"format\": 1, \"payloads\": {\"p\": {\"packages\": {}, \"images\": "
       "{}, \"containerd\": \"1\"}}}",
       "'p' does not say", true},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_json_ json_t *entry = json(WANTED), *got = NULL;
    _cleanup_buf_ struct buf text = {0};
    put(f, rows[i].text);
    check_error(lock_read(&f->spec, "p", &got, &err), &err, rows[i].said);
    assert_null(got);
    if (rows[i].others) {
      check_ok(lock_read(&f->spec, "q", &got, &err), &err);
      continue;
    }
    check_error(lock_write(&f->spec, "p", entry, false, &err), &err,
                rows[i].said);
    check_ok(file_read(f->path, 1000, &text, &err), &err);
    assert_string_equal(text.data ? text.data : "", rows[i].text);
  }
}

#define T(test) cmocka_unit_test(test)
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(test_difference),
      T(test_differences),
      T(test_keep),
      T(test_describe),
      T(test_of),
      IN_FOLDER(test_file),
      IN_FOLDER(test_no_lock),
      IN_FOLDER(test_containerd),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
