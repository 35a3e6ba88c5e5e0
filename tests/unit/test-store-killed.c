/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store of images, and the disks on it, when a run is killed at every
 * single thing it does to the disk: the next one works, nothing goes that
 * somebody uses, and what is ours and of no use any more goes with the next
 * prune.
 *
 * All functions of image/bake.c are defined here, so images are of some bytes;
 * and those of libc that change files, so the program's calls come by. Each run
 * is a process of its own.
 */
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/process.h"
#include "image/bake.h"
#include "image/store.h"
#include "image/users.h"
#include "machine/disk.h"
#include "machine/kind.h"
#include "machine/rawdisk.h"
#include "state/layout.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* ---- What ends a run ---- */

static long calls, last; /* last: the call before which it ends; 0: none */
static pid_t self;       /* the process that is to end, not one it starts */

/* Before each change; half is written when there is something to write. */
static void change(int fd, const void *data, size_t len) {
  if (getpid() != self || ++calls != last)
    return;
  if (data)
    (void)!syscall(SYS_write, fd, data, len / 2);
  (void)raise(SIGKILL);
}

ssize_t write(int fd, const void *data, size_t len) {
  if (fd > STDERR_FILENO)
    change(fd, data, len);
  return syscall(SYS_write, fd, data, len);
}

int open(const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
  va_end(ap);
  if (flags & O_CREAT)
    change(-1, NULL, 0);
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* Ends before or behind: then the name is taken. */
int mkostemp(char *template, int flags) {
  int (*real)(char *, int);
  *(void **)&real = dlsym(RTLD_NEXT, "mkostemp");
  change(-1, NULL, 0);
  int fd = real(template, flags);
  change(-1, NULL, 0);
  return fd;
}

char *mkdtemp(char *template) {
  char *(*real)(char *);
  *(void **)&real = dlsym(RTLD_NEXT, "mkdtemp");
  change(-1, NULL, 0);
  return real(template);
}

int mkdir(const char *path, mode_t mode) {
  change(-1, NULL, 0);
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int chmod(const char *path, mode_t mode) {
  change(-1, NULL, 0);
  return (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode);
}

int rename(const char *from, const char *to) {
  change(-1, NULL, 0);
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) {
  change(-1, NULL, 0);
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* What is written stays written here: nothing cuts the power. */
int fsync(int fd) {
  change(fd, NULL, 0);
  return 0;
}

/* ---- The bake ---- */

static const char *baked = "first"; /* what an image is of */

int bake_require(struct error *err) {
  (void)err;
  return 0;
}

uint64_t bake_space(const struct payload *payload) {
  (void)payload;
  return 1;
}

/* Made by qemu-img once, for each of them takes its time. */
static char *originals;

static int put_original(const char *path, struct error *err) {
  _cleanup_free_ char *original = xasprintf("%s/%s", originals, baked);
  _cleanup_buf_ struct buf b = {0};
  return file_read(original, 1 << 20, &b, err) < 0
             ? -1
             : file_write(path, b.data, b.len, 0644, err);
}

int bake_run(const struct bake *b, struct error *err) {
  static const char *const lists[] = {"kernel", "packages", "images", "spdx"};
  _cleanup_free_ char *out = xasprintf("%s/out", b->work);
  _cleanup_close_ int log = open(b->log_path, O_WRONLY | O_CREAT, 0644);
  if (file_write_all(log, "log\n", 4) < 0 || file_mkdirs(out, 0755, err) < 0)
    return -1;
  for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
    _cleanup_free_ char *path = xasprintf("%s/%s", out, lists[i]);
    if (file_write(path, "a 1\n", 4, 0644, err) < 0)
      return -1;
  }
  return put_original(b->output, err);
}

int bake_remove(const char *work, struct error *err) {
  change(-1, NULL, 0);
  return file_remove_tree(work, err);
}

/* ---- What there is ---- */

struct fixture {
  char *top;
  char *world, *before; /* all that runs change; before: what they begin with */
  char *images, *copy;
  struct state state;
  struct spec spec;
  struct plan plan;
  struct spec_node spec_node;
  struct plan_node node;
  struct log log;
  struct error err;
};

#define DISK (1 << 20)

static void write_file(struct fixture *f, const char *path, const char *text) {
  check_ok(file_write(path, text, strlen(text), 0644, &f->err), &f->err);
}

/* A payload of one image's archive. */
static char *put_payload(struct fixture *f) {
  char hex[SHA256_HEX];
  char *dir = xasprintf("%s/payload", f->top);
  _cleanup_free_ char *folder = xasprintf("%s/images", dir);
  _cleanup_free_ char *file = xasprintf("%s/pause.tar", folder);
  _cleanup_free_ char *path = xasprintf("%s/manifest.json", dir);
  check_ok(file_mkdirs(folder, 0755, &f->err), &f->err);
  write_file(f, file, "tar");
  sha256_hex("tar", 3, hex);
  _cleanup_free_ char *text = xasprintf(
      "{\"format\": 1, \"kubernetes\": \"1.20.2\", \"imageRepository\": "
      "\"k8s.gcr.io\","
      " \"pause\": \"1\", \"files\": [{\"path\": \"images/pause.tar\","
      " \"size\": 3, \"sha256\": \"%s\"}],"
      " \"images\": [{\"name\": \"r/pause:1\", \"file\": \"images/pause.tar\"}]"
      "}\n",
      hex);
  write_file(f, path, text);
  return dir;
}

static void make_original(struct fixture *f, const char *name) {
  _cleanup_free_ char *raw = xasprintf("%s/raw", f->top);
  _cleanup_free_ char *path = xasprintf("%s/%s", originals, name);
  _cleanup_strv_ struct strv argv = {0};
  const struct process p = {.argv = &argv};
  strv_push_all(&argv, "qemu-img", "convert", "-O", "qcow2", raw, path, NULL);
  write_file(f, raw, name);
  assert_int_equal(truncate(raw, DISK), 0);
  check_ok(process_run(&p, &f->err), &f->err);
}

static int setup(void **state) {
  struct fixture *f = xcalloc(1, sizeof(*f));
  f->top = new_folder_in_memory();
  f->world = xasprintf("%s/world", f->top);
  f->before = xasprintf("%s/before", f->top);
  f->images = xasprintf("%s/cache/kubeseed/images", f->world);
  f->copy = xasprintf("%s/copy.qcow2", f->world);
  f->state =
      (struct state){.dir = xasprintf("%s/state", f->world), .lock_fd = -1};
  check_ok(file_mkdirs(f->state.dir, 0700, &f->err), &f->err);
  _cleanup_free_ char *cache = xasprintf("%s/cache", f->world);
  assert_int_equal(setenv("XDG_CACHE_HOME", cache, 1), 0);
  originals = xasprintf("%s/originals", f->top);
  check_ok(file_mkdirs(originals, 0755, &f->err), &f->err);
  make_original(f, "first");
  make_original(f, "second");
  f->log = (struct log){.out = fopen("/dev/null", "w")};
  f->spec = (struct spec){.file = xstrdup("x.yaml"),
                          .kubernetes = {.payload = put_payload(f),
                                         .version_text = xstrdup("1.20.2")},
                          .image = {.debian = 12, .disk = DISK}};
  f->plan.spec = &f->spec;
  f->spec_node = (struct spec_node){.disk = DISK};
  f->node = (struct plan_node){.name = "m1", .spec = &f->spec_node};
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  check_ok(file_remove_tree(f->top, &f->err), &f->err);
  error_done(&f->err);
  (void)fclose(f->log.out);
  spec_done(&f->spec);
  state_done(&f->state);
  free(f->world);
  free(f->before);
  free(f->images);
  free(f->copy);
  free(f->top);
  free(originals);
  free(f);
  return 0;
}

/* ---- What commands do ---- */

typedef int step_fn(struct fixture *f, struct error *err);

static int bake(struct fixture *f, bool force, char **ret, struct error *err) {
  const struct image_options o = {.force = force};
  return image_ensure(&f->log, &f->plan, &o, ret, err);
}

/* image */
static int image(struct fixture *f, struct error *err) {
  _cleanup_free_ char *path = NULL;
  return bake(f, false, &path, err);
}

/* image --force, of other bytes */
static int another(struct fixture *f, struct error *err) {
  _cleanup_free_ char *path = NULL;
  baked = "second";
  return bake(f, true, &path, err);
}

/* image --prune */
static int prune(struct fixture *f, struct error *err) {
  const struct strv none = {0};
  return image_prune(&f->log, &none, err);
}

/* up, as far as disks go */
static int up(struct fixture *f, struct error *err) {
  _cleanup_free_ char *path = NULL;
  _cleanup_free_ char *disk = state_path(&f->state, "disks/m1.qcow2");
  if (file_exists(disk))
    return disk_ensure(&f->state, &f->node, NULL, err);
  return bake(f, false, &path, err) < 0
             ? -1
             : disk_ensure(&f->state, &f->node, path, err);
}

/* up --image */
static int up_copy(struct fixture *f, struct error *err) {
  return disk_ensure(&f->state, &f->node, f->copy, err);
}

static int put_copy(struct fixture *f, struct error *err) {
  return put_original(f->copy, err);
}

/* up --machines container */
static int container(struct fixture *f, struct error *err) {
  _cleanup_free_ char *path = NULL;
  return bake(f, false, &path, err) < 0
             ? -1
             : rawdisk_ensure(&f->state, &f->node, path, err);
}

static int destroy(struct fixture *f, struct error *err) {
  return layout_sweep(f->state.dir, err) < 0
             ? -1
             : machine_qemu.delete(&f->state, "m1", err);
}

/* Somebody cuts the images short. */
static int damage(struct fixture *f, struct error *err) {
  (void)err;
  DIR *d = opendir(f->images);
  for (struct dirent *e; (e = readdir(d));) {
    _cleanup_free_ char *path = xasprintf("%s/%s", f->images, e->d_name);
    if (strstr(e->d_name, ".qcow2"))
      assert_int_equal(truncate(path, 3), 0);
  }
  return closedir(d);
}

/* ---- Runs ---- */

/* In a process, which ends before its change `at`; its wait status. */
static int run(struct fixture *f, step_fn *step, long at) {
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    self = getpid();
    last = at;
    int r = step(f, &f->err);
    last = 0;
    error_print(&f->err, "test", stderr);
    _exit(r < 0);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return status;
}

static void must_run(struct fixture *f, step_fn *const *steps, long at) {
  for (; *steps; steps++)
    if (run(f, *steps, 0) != 0)
      fail_msg("after change %ld a later run fails", at);
}

static void copy_tree(struct fixture *f, const char *from, const char *to) {
  check_ok(file_remove_tree(to, &f->err), &f->err);
  pid_t pid = fork();
  if (pid == 0) {
    execlp("cp", "cp", "-a", from, to, NULL);
    _exit(127);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

/* ---- What must be ---- */

static bool ends_with(const char *s, const char *end) {
  size_t a = strlen(s), b = strlen(end);
  return a >= b && strcmp(s + a - b, end) == 0;
}

/* How many images there are, or of those that begin so. */
static size_t count_images(const struct fixture *f, const char *begin) {
  size_t n = 0;
  DIR *d = opendir(f->images);
  for (struct dirent *e; d && (e = readdir(d));)
    n += ends_with(e->d_name, ".qcow2") &&
         strncmp(e->d_name, begin, strlen(begin)) == 0;
  if (d)
    (void)closedir(d);
  return n;
}

/* Of an image that is there, or of a key of which one is there. */
static bool belongs(const struct fixture *f, const char *name) {
  static const char *const ends[] = {".qcow2", ".json", ".spdx.json", ".raw",
                                     ".users", ".log",  ".current",   ".lock"};
  _cleanup_free_ char *stem = xstrndup(name, strcspn(name, "."));
  for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
    if (strcmp(name + strlen(stem), ends[i]) == 0)
      return strcmp(name, "users.lock") == 0 || count_images(f, stem) > 0;
  return false;
}

static void must_be_tidy(const struct fixture *f, long at) {
  DIR *d = opendir(f->images);
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d));)
    if (e->d_name[0] != '.' && !belongs(f, e->d_name))
      fail_msg("after change %ld '%s' is left", at, e->d_name);
  (void)closedir(d);
}

/* ---- The grid ---- */

struct grid {
  step_fn *begin[4]; /* these make what there is before; NULL ends them */
  step_fn *step;     /* is killed */
  step_fn *then[4];  /* must work afterwards; the last is a prune */
  size_t images;     /* there are then */
  bool disk;         /* there is one then, which can be used */
};

static void check_end(struct fixture *f, const struct grid *g, long at) {
  _cleanup_free_ char *disks = xasprintf("%s/disks", f->state.dir);
  step_fn *const again[] = {up, NULL};
  if (count_images(f, "") != g->images)
    fail_msg("after change %ld there are %zu images, not %zu", at,
             count_images(f, ""), g->images);
  must_be_tidy(f, at);
  if (g->disk)
    must_run(f, again, at);
  else if (file_exists(disks) && rmdir(disks) < 0)
    fail_msg("after change %ld something is left of the disk", at);
}

static void end_everywhere(struct fixture *f, const struct grid *g) {
  must_run(f, g->begin, 0);
  copy_tree(f, f->world, f->before);
  for (long at = 1;; at++) {
    copy_tree(f, f->before, f->world);
    int status = run(f, g->step, at);
    if (!WIFSIGNALED(status)) {
      assert_int_equal(status, 0);
      assert_true(at > 3);
      return;
    }
    must_run(f, g->then, at);
    check_end(f, g, at);
  }
}

static void test_image(void **state) {
  end_everywhere(*state, &(struct grid){.step = image, .then = {image, prune}});
}

/* A disk lies on the first of two. */
static void test_force(void **state) {
  end_everywhere(*state, &(struct grid){.begin = {up},
                                        .step = another,
                                        .then = {image, prune},
                                        .images = 1,
                                        .disk = true});
}

static void test_prune(void **state) {
  end_everywhere(*state, &(struct grid){.begin = {up, another},
                                        .step = prune,
                                        .then = {prune},
                                        .images = 1,
                                        .disk = true});
}

static void test_damaged(void **state) {
  end_everywhere(*state, &(struct grid){.begin = {up, damage},
                                        .step = image,
                                        .then = {image, prune},
                                        .images = 1,
                                        .disk = true});
}

static void test_up(void **state) {
  end_everywhere(*state, &(struct grid){.begin = {image},
                                        .step = up,
                                        .then = {up, prune},
                                        .images = 1,
                                        .disk = true});
}

/* One that is not there yet is destroyed. */
static void test_up_and_destroy(void **state) {
  end_everywhere(
      *state,
      &(struct grid){.begin = {image}, .step = up, .then = {destroy, prune}});
}

static void test_up_on_a_copy(void **state) {
  end_everywhere(*state, &(struct grid){.begin = {up, put_copy},
                                        .step = up_copy,
                                        .then = {up_copy, prune},
                                        .disk = true});
}

static void test_destroy(void **state) {
  end_everywhere(
      *state,
      &(struct grid){.begin = {up}, .step = destroy, .then = {destroy, prune}});
}

static int destroy_container(struct fixture *f, struct error *err) {
  return layout_remove_node(f->state.dir, LAYOUT_MACHINE, "m1", err);
}

static void test_container(void **state) {
  end_everywhere(*state,
                 &(struct grid){.begin = {image},
                                .step = container,
                                .then = {container, destroy_container, prune}});
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(test_image),   T(test_force),        T(test_prune),
      T(test_damaged), T(test_up),           T(test_up_and_destroy),
      T(test_destroy), T(test_up_on_a_copy), T(test_container),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
