/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands that need no machine, each time with one call of one function of
 * the system or of a library failing: they end by themselves, say what is wrong
 * if they do not do what they were told, and leave a state with which `kubeseed
 * seed` works. With a sanitizer, nothing is left over either.
 *
 * The functions are defined here as well, so the program's calls come by; each
 * run is a process of its own. Of each function the first, and of the system's
 * the last of a command's calls fail. test-interrupted.c has what changes the
 * disk, call by call.
 */
#include "base/file.h"
#include "base/mem.h"
#include "cmd/cli.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yaml.h>
/* libisofs.h wants stdint.h before it. */
#include <libisofs/libisofs.h>
/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

/* ---- What fails ---- */

/* clang-format off */
#define SYSTEM(F)                                                              \
  F(open) F(openat) F(read) F(write) F(fstat) F(stat) F(lstat) F(opendir)      \
  F(fdopendir) F(readdir) F(mkdir) F(rename) F(unlink) F(unlinkat) F(rmdir)    \
  F(fsync) F(syncfs) F(fchmod) F(ftruncate) F(flock) F(mkostemp) F(fopen)      \
  F(realpath) F(getrandom) F(pthread_create) F(link)
#define LIBRARIES(F)                                                           \
  F(BIO_new) F(X509_new) F(X509_sign) F(X509_set_version) F(X509_set_pubkey)   \
  F(X509_set_issuer_name) F(X509_set_subject_name) F(X509_add1_ext_i2d)        \
  F(X509_NAME_new) F(X509_STORE_new) F(X509_STORE_CTX_new)                     \
  F(X509_STORE_CTX_init) F(X509_STORE_add_cert) F(X509_verify_cert)            \
  F(X509_pubkey_digest) F(X509_get0_pubkey) F(PEM_write_bio_X509)              \
  F(i2d_X509_PUBKEY) F(EVP_CIPHER_CTX_new) F(EVP_EncryptUpdate)                \
  F(EVP_DecryptUpdate) F(EVP_PKEY_new_raw_private_key) F(BN_bin2bn)            \
  F(ASN1_TIME_set) F(iso_init_with_flag) F(iso_image_new)                      \
  F(iso_write_opts_new) F(iso_image_add_new_file)                              \
  F(iso_image_create_burn_source) F(yaml_parser_initialize)                    \
  F(yaml_parser_parse) F(yaml_emitter_initialize) F(yaml_emitter_emit)         \
  F(yaml_scalar_event_initialize) F(yaml_mapping_start_event_initialize)       \
  F(yaml_document_start_event_initialize)
/* clang-format on */

#define NUMBER(name) FN_##name,
#define NAME(name) #name,
enum fn { FN_NONE, SYSTEM(NUMBER) N_SYSTEM, LIBRARIES(NUMBER) N_FN };
static const char *const names[] = {"", SYSTEM(NAME) "", LIBRARIES(NAME)};

static struct {
  atomic_bool counts; /* only while a command runs */
  enum fn fn;
  long at; /* the call, from 1, that fails */
  atomic_long calls[N_FN];
} fate;

/* Of this program's text; libraries call each other as well. */
extern const char __executable_start, etext;

static bool strikes_for(const void *caller, enum fn fn) {
  const char *from = caller;
  if (!atomic_load(&fate.counts) || from < &__executable_start ||
      from >= &etext)
    return false;
  long n = atomic_fetch_add(&fate.calls[fn], 1) + 1;
  if (fn != fate.fn || n != fate.at)
    return false;
  errno = EIO;
  return true;
}

#define strikes(fn) strikes_for(__builtin_return_address(0), fn)

/* A function as it is, but for the call that fails and returns bad. */
#define FAILING(type, bad, name, params, args)                                 \
  type name params {                                                           \
    type(*real) params;                                                        \
    if (strikes(FN_##name))                                                    \
      return bad;                                                              \
    *(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
    return real args;                                                          \
  }

int open(const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
  va_end(ap);
  return strikes(FN_open)
             ? -1
             : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
  va_end(ap);
  return strikes(FN_openat) ? -1
                            : (int)syscall(SYS_openat, dir, path, flags, mode);
}

ssize_t read(int fd, void *data, size_t len) {
  return strikes(FN_read) ? -1 : syscall(SYS_read, fd, data, len);
}

ssize_t write(int fd, const void *data, size_t len) {
  return fd > STDERR_FILENO && strikes(FN_write)
             ? -1
             : syscall(SYS_write, fd, data, len);
}

/* What is written stays written here: no test cuts the power. */
int fsync(int fd) {
  (void)fd;
  return strikes(FN_fsync) ? -1 : 0;
}

int syncfs(int fd) {
  (void)fd;
  return strikes(FN_syncfs) ? -1 : 0;
}

/* clang-format off */
FAILING(int, -1, fstat, (int fd, struct stat *st), (fd, st));
FAILING(int, -1, stat, (const char *p, struct stat *st), (p, st));
FAILING(int, -1, lstat, (const char *p, struct stat *st), (p, st));
FAILING(DIR *, NULL, opendir, (const char *p), (p));
FAILING(DIR *, NULL, fdopendir, (int fd), (fd));
FAILING(struct dirent *, NULL, readdir, (DIR *d), (d));
FAILING(int, -1, mkdir, (const char *p, mode_t m), (p, m));
FAILING(int, -1, rename, (const char *a, const char *b), (a, b));
FAILING(int, -1, unlink, (const char *p), (p));
FAILING(int, -1, unlinkat, (int d, const char *p, int f), (d, p, f));
FAILING(int, -1, rmdir, (const char *p), (p));
FAILING(int, -1, fchmod, (int fd, mode_t m), (fd, m));
FAILING(int, -1, ftruncate, (int fd, off_t n), (fd, n));
FAILING(int, -1, flock, (int fd, int op), (fd, op));
FAILING(int, -1, mkostemp, (char *p, int f), (p, f));
FAILING(FILE *, NULL, fopen, (const char *p, const char *m), (p, m));
FAILING(char *, NULL, realpath, (const char *p, char *r), (p, r));
FAILING(ssize_t, -1, getrandom, (void *b, size_t n, unsigned f), (b, n, f));
FAILING(int, EAGAIN, pthread_create, (pthread_t *t, const pthread_attr_t *a,
        void *(*f)(void *), void *arg), (t, a, f, arg));
FAILING(int, -1, link, (const char *a, const char *b), (a, b));

FAILING(BIO *, NULL, BIO_new, (const BIO_METHOD *m), (m));
FAILING(X509 *, NULL, X509_new, (void), ());
FAILING(int, 0, X509_sign, (X509 *x, EVP_PKEY *k, const EVP_MD *m), (x, k, m));
FAILING(int, 0, X509_set_version, (X509 *x, long v), (x, v));
FAILING(int, 0, X509_set_pubkey, (X509 *x, EVP_PKEY *k), (x, k));
FAILING(int, 0, X509_set_issuer_name, (X509 *x, const X509_NAME *n), (x, n));
FAILING(int, 0, X509_set_subject_name, (X509 *x, const X509_NAME *n), (x, n));
FAILING(int, 0, X509_add1_ext_i2d, (X509 *x, int nid, void *v, int crit,
        unsigned long f), (x, nid, v, crit, f));
FAILING(X509_NAME *, NULL, X509_NAME_new, (void), ());
FAILING(X509_STORE *, NULL, X509_STORE_new, (void), ());
FAILING(X509_STORE_CTX *, NULL, X509_STORE_CTX_new, (void), ());
FAILING(int, 0, X509_STORE_CTX_init, (X509_STORE_CTX *c, X509_STORE *s,
        X509 *x, STACK_OF(X509) *l), (c, s, x, l));
FAILING(int, 0, X509_STORE_add_cert, (X509_STORE *s, X509 *x), (s, x));
FAILING(int, 0, X509_verify_cert, (X509_STORE_CTX *c), (c));
FAILING(int, 0, X509_pubkey_digest, (const X509 *x, const EVP_MD *m,
        unsigned char *d, unsigned *n), (x, m, d, n));
FAILING(EVP_PKEY *, NULL, X509_get0_pubkey, (const X509 *x), (x));
FAILING(int, 0, PEM_write_bio_X509, (BIO *b, const X509 *x), (b, x));
FAILING(int, -1, i2d_X509_PUBKEY, (const X509_PUBKEY *k, unsigned char **o),
        (k, o));
FAILING(EVP_CIPHER_CTX *, NULL, EVP_CIPHER_CTX_new, (void), ());
FAILING(int, 0, EVP_EncryptUpdate, (EVP_CIPHER_CTX *c, unsigned char *o,
        int *n, const unsigned char *i, int l), (c, o, n, i, l));
FAILING(int, 0, EVP_DecryptUpdate, (EVP_CIPHER_CTX *c, unsigned char *o,
        int *n, const unsigned char *i, int l), (c, o, n, i, l));
FAILING(EVP_PKEY *, NULL, EVP_PKEY_new_raw_private_key, (int t, ENGINE *e,
        const unsigned char *k, size_t n), (t, e, k, n));
FAILING(BIGNUM *, NULL, BN_bin2bn, (const unsigned char *s, int n, BIGNUM *r),
        (s, n, r));
FAILING(ASN1_TIME *, NULL, ASN1_TIME_set, (ASN1_TIME *s, time_t t), (s, t));

#define OUT_OF_MEMORY ((int)0xF030FFFA)
FAILING(int, OUT_OF_MEMORY, iso_init_with_flag, (int f), (f));
FAILING(int, OUT_OF_MEMORY, iso_image_new, (const char *n, IsoImage **i),
        (n, i));
FAILING(int, OUT_OF_MEMORY, iso_write_opts_new, (IsoWriteOpts **o, int p),
        (o, p));
FAILING(int, OUT_OF_MEMORY, iso_image_add_new_file, (IsoImage *i, IsoDir *d,
        const char *n, IsoStream *s, IsoFile **f), (i, d, n, s, f));
FAILING(int, OUT_OF_MEMORY, iso_image_create_burn_source, (IsoImage *i,
        IsoWriteOpts *o, struct burn_source **s), (i, o, s));

FAILING(int, 0, yaml_parser_initialize, (yaml_parser_t *p), (p));
FAILING(int, 0, yaml_parser_parse, (yaml_parser_t *p, yaml_event_t *e), (p, e));
FAILING(int, 0, yaml_emitter_initialize, (yaml_emitter_t *e), (e));
FAILING(int, 0, yaml_emitter_emit, (yaml_emitter_t *m, yaml_event_t *e), (m, e));
FAILING(int, 0, yaml_scalar_event_initialize, (yaml_event_t *e,
        const yaml_char_t *a, const yaml_char_t *t, const yaml_char_t *v, int n,
        int p, int q, yaml_scalar_style_t s), (e, a, t, v, n, p, q, s));
FAILING(int, 0, yaml_mapping_start_event_initialize, (yaml_event_t *e,
        const yaml_char_t *a, const yaml_char_t *t, int i,
        yaml_mapping_style_t s), (e, a, t, i, s));
FAILING(int, 0, yaml_document_start_event_initialize, (yaml_event_t *e,
        yaml_version_directive_t *v, yaml_tag_directive_t *b,
        yaml_tag_directive_t *f, int i), (e, v, b, f, i));
/* clang-format on */

/* ---- The commands ---- */

/* In words "DIR" stands for the test's folder and what is in it. */
static const struct row {
  command_fn *run;
  const char *begin; /* the state that it begins with; NULL: none */
  const char *words[8];
  bool json;
  bool changes;   /* the state */
  bool libraries; /* their functions as well */
} rows[] = {
    {cmd_seed, NULL, {"seed", "DIR/a.yaml"}, false, true, true},
    {cmd_seed, "seeded", {"seed", "DIR/b.yaml"}, false, true, false},
    {cmd_seed,
     "seeded",
     {"seed", "--format", "fat", "DIR/a.yaml"},
     false,
     true,
     false},
    {cmd_plan, "seeded", {"plan", "--diff", "DIR/b.yaml"}, true, false, false},
    {cmd_inspect,
     "seeded",
     {"inspect", "DIR/seeded/seeds/m1.iso"},
     true,
     false,
     true},
    {cmd_inspect, "seeded", {"inspect", "DIR/m1.img"}, false, false, false},
    {cmd_certs, "seeded", {"certs", "DIR/a.yaml"}, true, false, false},
    {cmd_seal,
     "seeded",
     {"seal", "--passphrase-file", "DIR/phrase", "DIR/a.yaml"},
     false,
     true,
     false},
    {cmd_unseal,
     "sealed",
     {"unseal", "--passphrase-file", "DIR/phrase", "DIR/a.yaml"},
     false,
     true,
     false},
    {cmd_status, "seeded", {"status", "DIR/a.yaml"}, true, false, false},
    {cmd_destroy,
     "seeded",
     {"destroy", "--all", "--yes", "DIR/a.yaml"},
     false,
     true,
     false},
};

static struct fixture { char *dir, *state, *log; } fixture;

static char *in_dir(const char *name) {
  return xasprintf("%s/%s", fixture.dir, name);
}

static void put(const char *name, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_free_ char *path = in_dir(name);
  check_ok(file_write(path, text, strlen(text), 0600, &err), &err);
}

static void shell(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *command = xvasprintf(fmt, ap);
  va_end(ap);
  pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-ec", command, NULL);
    _exit(127);
  }
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (status != 0)
    fail_msg("%s: %d", command, status);
}

static int run_here(const struct row *row) {
  _cleanup_error_ struct error err = {0};
  _cleanup_strv_ struct strv words = {0};
  FILE *log = fopen(fixture.log, "w");
  for (int i = 0; row->words[i]; i++)
    if (strncmp(row->words[i], "DIR/", 4) == 0)
      strv_pushf(&words, "%s%s", fixture.dir, row->words[i] + 3);
    else
      strv_push(&words, row->words[i]);
  struct cli cli = {
      .state_dir = fixture.state, .json = row->json, .log = {.out = log}};
  optind = 0;
  atomic_store(&fate.counts, true);
  int r = row->run(&cli, (int)words.n, words.v, &err);
  (void)fflush(stdout);
  atomic_store(&fate.counts, false);
  error_print(&err, "kubeseed", log);
  (void)fclose(log);
  free(cli.found);
  return r < 0 ? (int)err.kind : 0;
}

/* Runs it in a process; its wait status. counts: how often each function was
 * called, when not NULL. */
static int run(const struct row *row, enum fn fn, long at, long *counts) {
  int fds[2];
  assert_int_equal(pipe(fds), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    /* cmocka would go on here with the next test, and take the folder away. */
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
      (void)signal(signals[i], SIG_DFL);
    (void)alarm(120); /* one that waits for ever */
    int null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    fate.fn = fn;
    fate.at = at;
    int r = run_here(row);
    for (int i = 0; i < N_FN; i++) {
      long n = atomic_load(&fate.calls[i]);
      (void)!syscall(SYS_write, fds[1], &n, sizeof(n));
    }
    exit(r); /* gcov and the leak sanitizer have their say */
  }
  (void)close(fds[1]);
  for (int i = 0; i < N_FN && counts; i++)
    if (syscall(SYS_read, fds[0], &counts[i], sizeof(*counts)) <= 0)
      counts[i] = 0;
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  (void)close(fds[0]);
  return status;
}

/* What was said, for messages; the caller frees. */
static char *said(void) {
  _cleanup_error_ struct error err = {0};
  struct buf b = {0};
  return file_read(fixture.log, 1 << 20, &b, &err) < 0 ? xstrdup("") : b.data;
}

static void begin(const struct row *row) {
  if (row->begin)
    shell("cd '%s'; rm -rf state; cp -a %s state", fixture.dir, row->begin);
  else
    shell("rm -rf '%s/state'", fixture.dir);
}

static const struct row seed_again = {cmd_seed, NULL, {"seed", "DIR/a.yaml"},
                                      false,    true, false};
static const struct row seed_other = {cmd_seed, NULL, {"seed", "DIR/b.yaml"},
                                      false,    true, false};
static const struct row unseal = {
    cmd_unseal,
    NULL,
    {"unseal", "--passphrase-file", "DIR/phrase", "DIR/a.yaml"},
    false,
    true,
    false};

/* A state that an error left can be gone on with; what is wrong, or NULL; the
 * caller frees. */
static char *goes_on(void) {
  _cleanup_free_ char *sealed = in_dir("state/keys.sealed");
  const struct row *next[] = {file_exists(sealed) ? &unseal : NULL,
                              &seed_other};
  for (size_t i = 0; i < ARRAY_SIZE(next); i++)
    if (next[i] && run(next[i], FN_NONE, 0, NULL) != 0) {
      _cleanup_free_ char *words = said();
      return xasprintf("afterwards %s fails: %s", next[i]->words[0], words);
    }
  return NULL;
}

/* What is wrong after such a failure, or NULL; the caller frees. */
static char *fails_at(const struct row *row, enum fn fn, long at) {
  if (row->changes)
    begin(row);
  int status = run(row, fn, at, NULL);
  _cleanup_free_ char *words = said();
  if (WIFSIGNALED(status))
    return xasprintf("ended by signal %d: %s", WTERMSIG(status), words);
  int code = WEXITSTATUS(status);
  if (code != 0 && code != ERROR_FAILED && code != ERROR_USAGE)
    return xasprintf("exit status %d: %s", code, words);
  if (code != 0 && !*words)
    return xstrdup("it does not say why");
  return row->changes ? goes_on() : NULL;
}

static size_t fails_often(const struct row *row) {
  long counts[N_FN] = {0};
  size_t wrong = 0;
  begin(row);
  (void)run(row, FN_NONE, 0, counts);
  for (enum fn fn = FN_NONE + 1; fn < (row->libraries ? N_FN : N_SYSTEM);
       fn++) {
    long at[] = {counts[fn] > 0, fn < N_SYSTEM ? counts[fn] : 0};
    for (int k = 0; k < 2; k++) {
      if (at[k] <= (k ? at[k - 1] : 0))
        continue;
      _cleanup_free_ char *fault = fails_at(row, fn, at[k]);
      if (fault)
        print_error("%s %s, call %ld of %s: %s\n", row->words[0], row->words[1],
                    at[k], names[fn], fault);
      wrong += fault != NULL;
    }
  }
  return wrong;
}

static void test_each(void **state) {
  (void)state;
  size_t wrong = 0;
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    wrong += fails_often(&rows[i]);
  assert_int_equal(wrong, 0);
}

#define SPEC                                                                   \
  "apiVersion: kubeseed/v1\nkind: Cluster\nname: demo\n"                       \
  "kubernetes: {version: 1.34.2, encryptionAtRest: secretbox}\n"               \
  "network: {subnet: 192.168.4.0/24}\nnodes:\n"                                \
  "- {name: m1, address: 192.168.4.31}\n"

static int setup(void **state) {
  (void)state;
  fixture.dir = new_folder_in_memory();
  fixture.state = in_dir("state");
  fixture.log = in_dir("log");
  put("a.yaml", SPEC "- {name: w1, role: worker, address: 192.168.4.41}\n");
  put("b.yaml", SPEC "- {name: w2, role: worker, address: 192.168.4.42}\n"
                     "files: [{path: /etc/x, source: x}]\n");
  put("x", "something\n");
  put("phrase", "eight letters\n");
  static const struct row fat = {
      cmd_seed, NULL, {"seed", "--format", "fat", "DIR/a.yaml"},
      false,    true, false};
  static const struct row seal = {
      cmd_seal, NULL, {"seal", "--passphrase-file", "DIR/phrase", "DIR/a.yaml"},
      false,    true, false};
  if (run(&fat, FN_NONE, 0, NULL) != 0)
    fail_msg("%s", said());
  shell("cd '%s'; cp state/seeds/m1.img m1.img; rm state/seeds/*.img",
        fixture.dir);
  assert_int_equal(run(&seed_again, FN_NONE, 0, NULL), 0);
  shell("cd '%s'; cp -a state seeded", fixture.dir);
  if (run(&seal, FN_NONE, 0, NULL) != 0)
    fail_msg("%s", said());
  shell("cd '%s'; cp -a state sealed", fixture.dir);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  check_ok(file_remove_tree(fixture.dir, &err), &err);
  free(fixture.dir);
  free(fixture.state);
  free(fixture.log);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_each, setup, teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
