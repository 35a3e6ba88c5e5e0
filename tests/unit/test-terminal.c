/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A console has a log, and one client at a time. */
#include "base/file.h"
#include "base/mem.h"
#include "machine/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "check.h"
#include "folder.h"

struct fixture {
  char *dir, *log, *socket;
  struct terminal terminal;
  int machine, guest; /* the console's two ends */
};

static int setup(void **state) {
  char *dir = new_folder();
  struct fixture *f = xcalloc(1, sizeof(*f));
  _cleanup_error_ struct error err = {0};
  int pair[2];
  f->dir = dir;
  f->log = xasprintf("%s/log", dir);
  f->socket = xasprintf("%s/socket", dir);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
                   0);
  f->machine = pair[0];
  f->guest = pair[1];
  f->terminal = (struct terminal)TERMINAL_NONE;
  check_ok(terminal_open(&f->terminal, f->log, f->socket, &err), &err);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  terminal_done(&f->terminal);
  cleanup_close(&f->machine);
  cleanup_close(&f->guest);
  check_ok(file_remove_tree(f->dir, &err), &err);
  free(f->dir);
  free(f->log);
  free(f->socket);
  free(f);
  return 0;
}

/* Serves until nothing more happens. */
static void serve(struct fixture *f) {
  struct pollfd p[TERMINAL_POLLS];
  for (;;) {
    terminal_wanted(&f->terminal, f->machine, p);
    if (poll(p, TERMINAL_POLLS, 50) <= 0)
      return;
    terminal_serve(&f->terminal, f->machine, p);
  }
}

struct attempt {
  const char *socket;
  int fd, r;
  bool taken;
  struct error err;
};

static void *attempt_main(void *arg) {
  struct attempt *a = arg;
  a->r = terminal_attach(a->socket, &a->fd, &a->taken, &a->err);
  return NULL;
}

/* A client, which waits for the greeting while we serve. */
static struct attempt attach(struct fixture *f) {
  struct attempt a = {.socket = f->socket, .fd = -1};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, attempt_main, &a), 0);
  serve(f);
  assert_int_equal(pthread_join(thread, NULL), 0);
  return a;
}

static void expect(int fd, const char *text) {
  char got[64] = "";
  assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), strlen(text));
  assert_string_equal(got, text);
}

static void say(int fd, const char *text) {
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void expect_log(const struct fixture *f, const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf b = {0};
  check_ok(file_read(f->log, 4096, &b, &err), &err);
  assert_string_equal(b.data ? b.data : "", text);
}

static void test_client(void **state) {
  struct fixture *f = *state;
  struct stat st;
  struct attempt a = attach(f);
  check_ok(a.r, &a.err);
  assert_int_equal(stat(f->log, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0600);
  say(f->guest, "login: ");
  serve(f);
  expect(a.fd, "login: "); /* the greeting is not for the client's user */
  say(a.fd, "root\n");
  serve(f);
  expect(f->guest, "root\n");
  expect_log(f, "login: ");
  cleanup_close(&a.fd);
}

static void test_second(void **state) {
  struct fixture *f = *state;
  struct attempt a = attach(f);
  check_ok(a.r, &a.err);
  struct attempt b = attach(f);
  assert_true(b.taken);
  check_error(b.r, &b.err, "has a client already");
  cleanup_close(&a.fd);
  serve(f);
  struct attempt c = attach(f);
  check_ok(c.r, &c.err);
  say(f->guest, "x");
  serve(f);
  expect(c.fd, "x");
  cleanup_close(&c.fd);
}

/* Neither a client that does not read nor a machine that does not holds up the
 * log. */
static void test_slow(void **state) {
  struct fixture *f = *state;
  static char chunk[4096];
  struct attempt a = attach(f);
  struct stat st;
  size_t sum = 0;
  check_ok(a.r, &a.err);
  memset(chunk, 'x', sizeof(chunk));
  for (int i = 0; i < 500; i++) {
    ssize_t n = send(a.fd, chunk, sizeof(chunk), MSG_DONTWAIT);
    assert_true(n > 0 || errno == EAGAIN);
    n = write(f->guest, chunk, sizeof(chunk));
    assert_true(n > 0);
    sum += (size_t)n;
    struct pollfd p[TERMINAL_POLLS];
    for (int k = 0; k < 3; k++) {
      terminal_wanted(&f->terminal, f->machine, p);
      if (poll(p, TERMINAL_POLLS, 0) > 0)
        terminal_serve(&f->terminal, f->machine, p);
    }
  }
  terminal_drain(&f->terminal, f->machine);
  assert_int_equal(stat(f->log, &st), 0);
  assert_int_equal(st.st_size, sum);
  cleanup_close(&a.fd);
}

static void test_note(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  check_ok(terminal_note(&f->terminal, "Linux version 9", &err), &err);
  say(f->guest, "last words");
  terminal_drain(&f->terminal, f->machine);
  expect_log(f, "\nLinux version 9\nlast words");
}

static void test_nobody(void **state) {
  struct fixture *f = *state;
  _cleanup_error_ struct error err = {0};
  int fd = -1;
  bool taken = true;
  terminal_done(&f->terminal);
  check_error(terminal_attach(f->socket, &fd, &taken, &err), &err,
              "cannot connect to");
  assert_false(taken);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_client), TEST(test_second), TEST(test_slow),
      TEST(test_note),   TEST(test_nobody),
  };
  (void)alarm(60);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
