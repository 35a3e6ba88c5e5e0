/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/host.h"
#include "base/json.h"
#include "base/mem.h"
#include "image/lock.h"
#include "image/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

#define DEB "kubelet, they said\n"
#define DEB_SHA256                                                             \
  "c641c483252ab787c428f7e9a88e8755be2d62b5b7ed29048e8b194fee3226c8"

/* A manifest of one package and the pause image; the caller frees. */
static char *manifest(const char *path, const char *sha256, const char *pause) {
  return xasprintf(
      "{\"format\":1,\"payload\":\"debian\",\"kubernetes\":\"1.20.2\","
      "\"etcd\":\"3.4.23\",\"pause\":\"%s\",\"imageRepository\":\"k8s.gcr.io\","
      "\"files\":[{\"path\":\"%s\",\"size\":19,\"sha256\":\"%s\"}],"
      "\"images\":[{\"name\":\"k8s.gcr.io/pause:3.2\",\"file\":\"%s\"}]}",
      pause, path, sha256, path);
}

static int parse(const char *text, struct payload *ret, struct error *err) {
  return payload_parse(text, strlen(text), ret, err);
}

static void test_parse(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  _cleanup_payload_ struct payload p = {0};
  _cleanup_free_ char *text = manifest("debs/a.deb", DEB_SHA256, "3.2");
  assert_int_equal(parse(text, &p, &err), 0);
  assert_string_equal(p.kubernetes, "1.20.2");
  assert_string_equal(p.etcd, "3.4.23");
  assert_string_equal(p.image_repository, "k8s.gcr.io");
  assert_string_equal(p.pause_image, "k8s.gcr.io/pause:3.2");
  assert_int_equal(p.files.n, 1);
  assert_string_equal(p.files.v[0].path, "debs/a.deb");
  assert_int_equal(payload_size(&p), 19);
  assert_false(payload_has_etcd(&p));
}

/* Whose etcd runs on the nodes. */
static void test_etcd(void **state) {
  (void)state;
  static const struct {
    const char *source, *image;
    bool own;
  } cases[] = {{"debian", "r/etcd:3.4.23", false},
               {"pkgs.k8s.io", "r/etcd:3.6.5-0", true},
               {"mine", "r/etcd:3.6.5-0", true},
               {"mine", "r/etcdish:1", false}};
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_payload_ struct payload p = {0};
    _cleanup_free_ char *text = xasprintf(
        "{\"format\":1,\"payload\":\"%s\",\"kubernetes\":\"1.34.2\","
        "\"pause\":\"3.2\",\"imageRepository\":\"r\","
        "\"files\":[{\"path\":\"a\",\"size\":1,\"sha256\":\"" DEB_SHA256
        "\"}],\"images\":[{\"name\":\"r/pause:3.2\",\"file\":\"a\"},"
        "{\"name\":\"%s\",\"file\":\"a\"}]}",
        cases[i].source, cases[i].image);
    assert_int_equal(parse(text, &p, &err), 0);
    assert_int_equal(payload_has_etcd(&p), cases[i].own);
  }
}

static void assert_refused(const char *text, const char *why) {
  _cleanup_error_ struct error err = {0};
  _cleanup_payload_ struct payload p = {0};
  assert_int_equal(parse(text, &p, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, why));
}

static void test_parse_faults(void **state) {
  (void)state;
  static const char *const paths[] = {"",     "/etc/passwd", "../a",  "a/../b",
                                      "a//b", "a/",          ".build"};
  for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
    _cleanup_free_ char *text = manifest(paths[i], DEB_SHA256, "3.2");
    assert_refused(text, "is not a file's path");
  }
  _cleanup_free_ char *digest = manifest("a", "abc", "3.2");
  _cleanup_free_ char *pause = manifest("a", DEB_SHA256, "3.9");
  assert_refused(digest, "lacks its size or sha256");
  assert_refused(pause, "no pause image");
  /* Each would be more than a name to the recipe's shell or sed. */
  static const char *const names[] = {"",     "-x",   "a|e", "a&b",
                                      "a\nb", "$(a)", "a b/"};
  for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
    _cleanup_json_ json_t *j = json_pack(
        "{si ss ss s[{ss ss}]}", "format", 1, "kubernetes", "1.20.2",
        "imageRepository", "r", "images", "name", names[i], "file", "y");
    char *text = json_dumps(j, 0);
    assert_refused(text, "is not an image's name");
    free(text);
  }
  assert_refused("{", "manifest.json:1:");
  assert_refused("{\"format\":2}", "of a newer kubeseed");
  assert_refused("{\"format\":0}", "its format is not 1");
  assert_refused(
      "{\"format\":1,\"kubernetes\":\"1\",\"imageRepository\":\"r\","
      "\"files\":[{\"path\":\"a\",\"size\":1,\"sha256\":\"" DEB_SHA256
      "\"},{\"path\":\"a\",\"size\":2,\"sha256\":\"" DEB_SHA256 "\"}]}",
      "'a' is there twice");
  assert_refused("{\"format\":1}", "'kubernetes' or");
  assert_refused("{\"format\":1,\"kubernetes\":\"1\",\"imageRepository\":\"r\","
                 "\"images\":[{\"name\":\"x\",\"file\":\"y\"}]}",
                 "the image 'x' has no file");
}

/* ---- On disk ---- */

static int setup(void **state) {
  *state = new_folder();
  return 0;
}

static int teardown(void **state) {
  _cleanup_error_ struct error err = {0};
  int r = file_remove_tree(*state, &err);
  free(*state);
  return r;
}

static void write_payload(const char *dir, const char *content) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *text = manifest("a.deb", DEB_SHA256, "3.2");
  _cleanup_free_ char *deb = xasprintf("%s/a.deb", dir);
  _cleanup_free_ char *json = xasprintf("%s/manifest.json", dir);
  assert_int_equal(file_write(deb, content, strlen(content), 0644, &err), 0);
  assert_int_equal(file_write(json, text, strlen(text), 0644, &err), 0);
}

/* What payload_ensure says to a spec with this payload and version. */
static char *ensure(char *payload, char *version, enum error_kind kind) {
  _cleanup_error_ struct error err = {0};
  _cleanup_payload_ struct payload p = {0};
  const struct log log = {.out = stderr, .quiet = true};
  struct spec spec = {
      .kubernetes = {.payload = payload, .version_text = version},
      .image = {.debian = 12}};
  const struct source_options opt = {0};
  int r = source_ensure(&log, &spec, &opt, &p, &err);
  assert_int_equal(r, kind == ERROR_NONE ? 0 : -1);
  assert_int_equal(err.kind, kind);
  return xstrdup(r == 0 ? p.dir : err.faults[0].msg);
}

static void test_folder(void **state) {
  char *dir = *state;
  char right[] = "1.20.2", wrong[] = "1.34.2";
  write_payload(dir, DEB);
  _cleanup_free_ char *good = ensure(dir, right, ERROR_NONE);
  assert_string_equal(good, dir);
  _cleanup_free_ char *version = ensure(dir, wrong, ERROR_USAGE);
  assert_non_null(strstr(version, "is Kubernetes 1.20.2, not 1.34.2; write "
                                  "'version: 1.20.2'"));

  write_payload(dir, "Kubelet, they said\n");
  _cleanup_free_ char *digest = ensure(dir, right, ERROR_FAILED);
  assert_non_null(strstr(digest, "a.deb' does not have the manifest's SHA"));
  write_payload(dir, "short");
  _cleanup_free_ char *size = ensure(dir, right, ERROR_FAILED);
  assert_non_null(strstr(size, "a.deb' has 5 bytes, not the manifest's 19"));
}

/* The bake would install it, whoever has put it there. */
static void test_unlisted(void **state) {
  char *dir = *state, version[] = "1.20.2";
  write_payload(dir, DEB);
  static const char *const folders[] = {"debs", "images"};
  for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *folder = xasprintf("%s/%s", dir, folders[i]);
    _cleanup_free_ char *file = xasprintf("%s/more", folder);
    assert_int_equal(file_mkdirs(folder, 0755, &err), 0);
    free(ensure(dir, version, ERROR_NONE));
    assert_int_equal(file_write(file, "", 0, 0644, &err), 0);
    _cleanup_free_ char *more = ensure(dir, version, ERROR_FAILED);
    assert_non_null(strstr(more, "/more' is not in the manifest"));
    assert_int_equal(unlink(file), 0);
  }
}

/* A manifest's members in place of those of write_payload's. */
static void change_manifest(const char *dir, const char *key,
                            const char *value) {
  _cleanup_free_ char *path = xasprintf("%s/manifest.json", dir);
  _cleanup_json_ json_t *j = json_load_file(path, 0, NULL);
  assert_non_null(j);
  json_object_set_new(j, key, json_string(value));
  assert_int_equal(json_dump_file(j, path, 0), 0);
}

/* What would be found out late, in a bake or on the nodes. */
static void test_other_machines(void **state) {
  char *dir = *state, version[] = "1.20.2";
  static const struct {
    const char *key, *value, *said;
  } rows[] = {
      {"architecture", "m68k", "is made for m68k, and this machine is "},
      {"debian", "trixie", "packages of Debian's trixie, and the image is "},
      /* Seeds of this spec say that kubeadm asks for its own. */
      {"imageRepository", "kubeseed.internal/k8s",
       "are called 'kubeseed.internal/k8s/...'"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
    write_payload(dir, DEB);
    change_manifest(dir, rows[i].key, rows[i].value);
    _cleanup_free_ char *said = ensure(dir, version, ERROR_USAGE);
    if (!strstr(said, rows[i].said))
      fail_msg("%s", said);
  }
  write_payload(dir, DEB);
  if (host_architecture())
    change_manifest(dir, "architecture", host_architecture());
  change_manifest(dir, "debian", "bookworm");
  free(ensure(dir, version, ERROR_NONE));
}

/* What nodes would look for in vain. */
static void test_addon_images(void **state) {
  char *dir = *state, version[] = "1.20.2";
  const struct log log = {.out = stderr, .quiet = true};
  const struct source_options opt = {0};
  static const enum addon addons[] = {ADDON_LOCAL_VOLUMES, ADDON_GUESTBOOK};
  write_payload(dir, DEB);
  for (size_t i = 0; i < ARRAY_SIZE(addons); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_payload_ struct payload p = {0};
    struct spec_addon one = {.name = (int)addons[i]};
    struct spec spec = {.kubernetes = {.payload = dir, .version_text = version},
                        .image = {.debian = 12},
                        .addons = {.v = &one, .n = 1}};
    assert_true(version_parse(version, &spec.kubernetes.version));
    int r = source_ensure(&log, &spec, &opt, &p, &err);
    assert_int_equal(r, addons[i] == ADDON_LOCAL_VOLUMES ? 0 : -1);
    if (r < 0)
      assert_non_null(strstr(err.faults[0].msg,
                             "has no image docker.io/library/redis:6.0.5, and "
                             "the add-on guestbook needs it"));
  }
}

/* Of which one would wait for ever. */
static void test_pipe(void **state) {
  char *dir = *state, version[] = "1.20.2";
  _cleanup_free_ char *deb = xasprintf("%s/a.deb", dir);
  write_payload(dir, DEB);
  assert_int_equal(unlink(deb), 0);
  assert_int_equal(mkfifo(deb, 0600), 0);
  _cleanup_free_ char *said = ensure(dir, version, ERROR_FAILED);
  assert_non_null(strstr(said, "a.deb' is no file"));
  _cleanup_free_ char *json = xasprintf("%s/manifest.json", dir);
  assert_int_equal(unlink(json), 0);
  assert_int_equal(mkfifo(json, 0600), 0);
  _cleanup_free_ char *again = ensure(dir, version, ERROR_USAGE);
  assert_non_null(strstr(again, "manifest.json' is no file"));
}

#define MANY 20000

/* With an image for each: a manifest may be 4 MiB, and `check` reads it. */
static void test_many_files(void **state) {
  (void)state;
  _cleanup_json_ json_t *j =
      json_pack("{si ss ss ss s[] s[]}", "format", 1, "kubernetes", "1.20.2",
                "imageRepository", "r", "pause", "1", "files", "images");
  for (int i = 0; i < MANY; i++) {
    _cleanup_free_ char *path = xasprintf("%d", MANY - i);
    _cleanup_free_ char *name = xasprintf("r/%d/pause:1", i);
    json_array_append_new(
        json_object_get(j, "files"),
        json_pack("{ss si ss}", "path", path, "size", 1, "sha256", DEB_SHA256));
    json_array_append_new(json_object_get(j, "images"),
                          json_pack("{ss ss}", "name", name, "file", path));
  }
  char *text = json_dumps(j, JSON_COMPACT);
  _cleanup_error_ struct error err = {0};
  _cleanup_payload_ struct payload p = {0};
  clock_t start = clock();
  json_decref(json_loads(text, 0, NULL));
  clock_t least = clock() - start;
  check_ok(parse(text, &p, &err), &err);
  clock_t whole = clock() - start - least;
  /* As long again as jansson alone; ten times as long where each image looked
   * through all files. */
  if (whole > 5 * least)
    fail_msg("%ld and %ld clocks", (long)whole, (long)least);
  assert_string_equal(p.files.v[0].path, "1");
  free(text);
}

static void test_not_to_be_had(void **state) {
  (void)state;
  char debian[] = "debian", nowhere[] = "/nowhere", version[] = "1.34.2";
  _cleanup_free_ char *b = ensure(debian, version, ERROR_USAGE);
  assert_non_null(strstr(b, "is Kubernetes 1.20.2, not 1.34.2"));
  _cleanup_free_ char *c = ensure(nowhere, version, ERROR_USAGE);
  assert_non_null(strstr(c, "/nowhere"));
}

static void test_identity(void **state) {
  char *dir = *state, debian[] = "debian", version[] = "1.20.2";
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;
  struct spec spec = {
      .kubernetes = {.payload = debian, .version_text = version}};
  assert_int_equal(source_identity(&spec, &a, &err), 0);
  assert_int_equal(source_identity(&spec, &b, &err), 0);
  assert_string_equal(a, b);
  write_payload(dir, DEB);
  spec.kubernetes.payload = dir;
  assert_int_equal(source_identity(&spec, &c, &err), 0);
  assert_string_not_equal(a, c);
}

/* Another version is another payload, and so is one from elsewhere. */
static void test_identity_upstream(void **state) {
  (void)state;
  char source[] = "pkgs.k8s.io", v1[] = "1.34.2", v2[] = "1.34.3";
  char mirror[] = "http://mirror.example/";
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *a = NULL, *b = NULL, *c = NULL;
  char file[] = "/nowhere/spec.yaml";
  struct spec spec = {.file = file,
                      .kubernetes = {.payload = source, .version_text = v1}};
  assert_int_equal(source_identity(&spec, &a, &err), 0);
  spec.kubernetes.version_text = v2;
  assert_int_equal(source_identity(&spec, &b, &err), 0);
  assert_string_not_equal(a, b);
  spec.kubernetes.from.packages = mirror;
  assert_int_equal(source_identity(&spec, &c, &err), 0);
  assert_string_not_equal(b, c);
}

static char *identity(const struct spec *spec) {
  _cleanup_error_ struct error err = {0};
  char *text = NULL;
  check_ok(source_identity(spec, &text, &err), &err);
  return text;
}

static void write_text(const char *path, const char *text) {
  _cleanup_error_ struct error err = {0};
  check_ok(file_write(path, text, strlen(text), 0644, &err), &err);
}

/* A key of a mirror's is known by what it is: the image is not baked anew where
 * the spec is read from another folder. */
static void test_identity_of_files(void **state) {
  char source[] = "pkgs.k8s.io", version[] = "1.34.2";
  char file[] = "/nowhere/spec.yaml";
  _cleanup_free_ char *here = xasprintf("%s/key", (char *)*state);
  struct spec spec = {.file = file,
                      .kubernetes = {.payload = source,
                                     .version_text = version,
                                     .payload_where = file}};
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *moved = xasprintf("%s/./key", (char *)*state);
  write_text(here, "one");
  spec.kubernetes.from.key = here;
  _cleanup_free_ char *a = identity(&spec);
  spec.kubernetes.from.key = moved;
  _cleanup_free_ char *b = identity(&spec);
  assert_string_equal(a, b);
  write_text(here, "two");
  _cleanup_free_ char *c = identity(&spec);
  assert_string_not_equal(a, c);
  spec.kubernetes.from.key = NULL;
  spec.kubernetes.from.ca = here;
  _cleanup_free_ char *d = identity(&spec);
  assert_string_not_equal(c, d);
  spec.kubernetes.from.ca = *state;
  check_error(source_identity(&spec, &(char *){NULL}, &err), &err, "'ca': '");
}

/* Whatever somebody's editor has left in the lock. */
static void test_identity_of_lock(void **state) {
  static const char *const entries[] = {
      "5", "null", "\"x\"", "[]", "{}", "{\"packages\":{},\"images\":5}"};
  char source[] = "pkgs.k8s.io", version[] = "1.34.2";
  _cleanup_free_ char *file = xasprintf("%s/spec.yaml", (char *)*state);
  _cleanup_free_ char *lock = xasprintf("%s/payload.lock.json", (char *)*state);
  struct spec spec = {
      .file = file, .kubernetes = {.payload = source, .version_text = version}};
  _cleanup_free_ char *none = identity(&spec);
  for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_free_ char *text = xasprintf(
        "{\"format\":1,\"payloads\":{\"pkgs.k8s.io 1.34.2\":%s}}", entries[i]);
    write_text(lock, text);
    int r = source_identity(&spec, &(char *){NULL}, &err);
    assert_int_equal(err.kind, ERROR_USAGE);
    check_error(r, &err, "does not say which packages");
  }
  write_text(lock, "{\"format\":1,\"payloads\":{\"pkgs.k8s.io 1.34.2\":"
                   "{\"packages\":{},\"images\":{}}}}");
  _cleanup_free_ char *some = identity(&spec);
  assert_string_not_equal(none, some);
}

static int synced; /* how often the program called fsync */

/* The C library's, for all that is linked here. */
int fsync(int fd) {
  (void)fd;
  synced++;
  return 0;
}

/* What the lock says cannot be found out again, so it is kept as keys are. */
static void test_lock_is_synced(void **state) {
  char version[] = "1.34.2";
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *file = xasprintf("%s/spec.yaml", (char *)*state);
  const struct spec spec = {.file = file,
                            .kubernetes = {.version_text = version}};
  _cleanup_json_ json_t *entry = json_pack("{s{} s{}}", "packages", "images");
  _cleanup_json_ json_t *back = NULL;
  synced = 0;
  check_ok(lock_write(&spec, "pkgs.k8s.io 1.34.2", entry, false, &err), &err);
  assert_int_equal(synced, 2); /* the file and its folder */
  check_ok(lock_read(&spec, "pkgs.k8s.io 1.34.2", &back, &err), &err);
  assert_true(json_equal(entry, back));
}

/* What it names is what counts, and is not forgotten where it is away. */
static void test_lock_is_link(void **state) {
  char version[] = "1.34.2";
  static const char name[] = "pkgs.k8s.io 1.34.2";
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *file = xasprintf("%s/spec.yaml", (char *)*state);
  _cleanup_free_ char *lock = xasprintf("%s/payload.lock.json", (char *)*state);
  _cleanup_free_ char *other = xasprintf("%s/other", (char *)*state);
  const struct spec spec = {.file = file,
                            .kubernetes = {.version_text = version}};
  _cleanup_json_ json_t *entry = json_pack("{s{} s{}}", "packages", "images");
  assert_int_equal(symlink("other", lock), 0);
  check_error(lock_read(&spec, name, &(json_t *){NULL}, &err), &err,
              "is a link to a file that is not there");
  write_text(other, "{\"format\":1,\"payloads\":{}}");
  check_ok(lock_write(&spec, name, entry, false, &err), &err);
  _cleanup_json_ json_t *j = json_load_file(other, 0, NULL);
  assert_non_null(json_object_get(json_object_get(j, "payloads"), name));
}

static json_t *image_entry(const char *index) {
  return json_pack("{ss}", "index", index);
}

/* Two specs of one folder, each with an image of its own: none makes the
 * other's another one, and what one notes the other leaves. */
static void test_lock_of_images(void **state) {
  static const char name[] = "pkgs.k8s.io 1.34.2";
  char source[] = "pkgs.k8s.io", version[] = "1.34.2";
  char a[] = "r.example/a:1", b[] = "r.example/b:1";
  char *images[2][1] = {{a}, {b}};
  _cleanup_free_ char *file = xasprintf("%s/spec.yaml", (char *)*state);
  struct spec spec[2];
  char *before = NULL;
  for (int i = 0; i < 2; i++) {
    _cleanup_error_ struct error err = {0};
    spec[i] = (struct spec){.file = file,
                            .kubernetes = {.payload = source,
                                           .version_text = version,
                                           .images = {images[i], 1}}};
    _cleanup_json_ json_t *entry =
        json_pack("{s{} s{so} s{so}}", "packages", "images", "k",
                  image_entry("1"), "further", images[i][0], image_entry("2"));
    check_ok(lock_write(&spec[i], name, entry, true, &err), &err);
    if (i == 0)
      before = identity(&spec[0]);
  }
  _cleanup_free_ char *after = identity(&spec[0]), *other = identity(&spec[1]);
  assert_string_equal(before, after);
  assert_string_not_equal(before, other);
  free(before);
  _cleanup_error_ struct error err = {0};
  _cleanup_json_ json_t *entry = NULL;
  check_ok(lock_read(&spec[0], name, &entry, &err), &err);
  json_t *further = json_object_get(entry, "further");
  assert_int_equal(json_object_size(further), 1);
  assert_non_null(json_object_get(further, images[0][0]));
}

/* An archive of an image does not make the lock forget the registry's digest.
 */
static void test_lock_keeps(void **state) {
  (void)state;
  _cleanup_json_ json_t *wanted =
      json_pack("{s{} s{s{ssss} s{ssss}}}", "packages", "images", "a", "index",
                "sha256:1", "config", "sha256:2", "b", "index", "sha256:3",
                "config", "sha256:4");
  _cleanup_json_ json_t *found =
      json_pack("{s{} s{s{snss} s{ssss} s{ss}}}", "packages", "images", "a",
                "index", "config", "sha256:2", "b", "index", "sha256:5",
                "config", "sha256:4", "c", "config", "sha256:6");
  _cleanup_json_ json_t *kept =
      json_pack("{s{} s{s{ssss} s{ssss} s{ss}}}", "packages", "images", "a",
                "index", "sha256:1", "config", "sha256:2", "b", "index",
                "sha256:5", "config", "sha256:4", "c", "config", "sha256:6");
  assert_non_null(wanted);
  assert_non_null(kept);
  lock_keep(wanted, found);
  assert_true(json_equal(found, kept));
}

#define WRITERS 4
#define WRITES 25

static void write_entries(const struct spec *spec, int writer) {
  for (int i = 0; i < WRITES; i++) {
    _cleanup_error_ struct error err = {0};
    _cleanup_json_ json_t *entry = json_pack("{s{} s{}}", "packages", "images");
    _cleanup_free_ char *name = xasprintf("pkgs.k8s.io 1.%d.%d", writer, i);
    if (lock_write(spec, name, entry, true, &err) < 0)
      _exit(1);
  }
  _exit(0);
}

/* Specs of one folder, each with a version of its own, fetched at once. */
static void test_lock_of_many(void **state) {
  _cleanup_free_ char *file = xasprintf("%s/spec.yaml", (char *)*state);
  const struct spec spec = {.file = file};
  for (int w = 0; w < WRITERS; w++) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
      write_entries(&spec, w);
  }
  for (int w = 0; w < WRITERS; w++) {
    int status = 1;
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
  }
  for (int w = 0; w < WRITERS; w++)
    for (int i = 0; i < WRITES; i++) {
      _cleanup_error_ struct error err = {0};
      _cleanup_json_ json_t *entry = NULL;
      _cleanup_free_ char *name = xasprintf("pkgs.k8s.io 1.%d.%d", w, i);
      check_ok(lock_read(&spec, name, &entry, &err), &err);
      assert_non_null(entry);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),
      cmocka_unit_test(test_parse_faults),
      cmocka_unit_test(test_etcd),
      cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
      cmocka_unit_test_setup_teardown(test_unlisted, setup, teardown),
      cmocka_unit_test_setup_teardown(test_other_machines, setup, teardown),
      cmocka_unit_test_setup_teardown(test_addon_images, setup, teardown),
      cmocka_unit_test_setup_teardown(test_pipe, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock_is_link, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock_of_images, setup, teardown),
      cmocka_unit_test(test_many_files),
      cmocka_unit_test(test_not_to_be_had),
      cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
      cmocka_unit_test(test_identity_upstream),
      cmocka_unit_test_setup_teardown(test_identity_of_files, setup, teardown),
      cmocka_unit_test_setup_teardown(test_identity_of_lock, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock_is_synced, setup, teardown),
      cmocka_unit_test_setup_teardown(test_lock_of_many, setup, teardown),
      cmocka_unit_test(test_lock_keeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
