/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes at one end leaves at the other, whoever is slow or goes away. */
#include "base/mem.h"
#include "machine/forward.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"

static atomic_uint polls;

/* Instead of libc's. */
int poll(struct pollfd *fds, nfds_t n, int ms) {
  const struct timespec t = {.tv_sec = ms / 1000,
                             .tv_nsec = ms % 1000 * 1000000L};
  (void)atomic_fetch_add(&polls, 1);
  return ppoll(fds, n, ms < 0 ? NULL : &t, NULL);
}

/* left ◀──▶ [pump] ◀──▶ right */
struct fixture {
  int left, right;
  int inner[2];
  pthread_t thread;
};

static void *run(void *arg) {
  struct fixture *f = arg;
  forward_pump(f->inner[0], f->inner[1]);
  (void)close(f->inner[0]);
  (void)close(f->inner[1]);
  return NULL;
}

static void begin(struct fixture *f) {
  int a[2], b[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
  const int little = 4096; /* less than what is taken at once */
  for (int i = 0; i < 2; i++) {
    int fd = i ? a[1] : b[1];
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little)), 0);
  }
  *f = (struct fixture){.left = a[0], .right = b[0], .inner = {a[1], b[1]}};
  assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
}

static void end(struct fixture *f) {
  assert_int_equal(pthread_join(f->thread, NULL), 0);
}

static void expect(int fd, const char *text) {
  char got[64] = "";
  assert_int_equal(recv(fd, got, strlen(text), MSG_WAITALL), strlen(text));
  assert_string_equal(got, text);
}

static void send_text(int fd, const char *text) {
  assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* One side has said all; the other's answer still arrives. */
static void test_half_closed(void **state) {
  (void)state;
  struct fixture f;
  char byte;
  begin(&f);
  send_text(f.left, "question");
  assert_int_equal(shutdown(f.left, SHUT_WR), 0);
  expect(f.right, "question");
  assert_int_equal(read(f.right, &byte, 1), 0);
  send_text(f.right, "answer");
  assert_int_equal(close(f.right), 0);
  expect(f.left, "answer");
  assert_int_equal(read(f.left, &byte, 1), 0);
  assert_int_equal(close(f.left), 0);
  end(&f);
}

/* Fills what there is of room until nothing goes any more. */
static size_t fill(int fd) {
  static const char chunk[65536] = {1};
  size_t sum = 0;
  struct pollfd p = {.fd = fd, .events = POLLOUT};
  while (poll(&p, 1, 300) == 1) {
    ssize_t n = send(fd, chunk, sizeof(chunk), MSG_DONTWAIT | MSG_NOSIGNAL);
    sum += n > 0 ? (size_t)n : 0;
  }
  return sum;
}

static size_t drain(int fd) {
  static char chunk[65536];
  size_t sum = 0;
  for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) > 0;)
    sum += (size_t)n;
  return sum;
}

/* Both only write: nothing of one direction may hold up the other. */
static void test_both_full(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  size_t there = fill(f.left);
  assert_true(there > 0);
  send_text(f.right, "back");
  expect(f.left, "back");
  size_t back = fill(f.right);
  assert_true(back > 0);
  assert_int_equal(shutdown(f.left, SHUT_WR), 0);
  assert_int_equal(drain(f.right), there);
  assert_int_equal(shutdown(f.right, SHUT_WR), 0);
  assert_int_equal(drain(f.left), back);
  assert_int_equal(close(f.left), 0);
  assert_int_equal(close(f.right), 0);
  end(&f);
}

/* One goes away with everything on its way: the other is told. */
static void test_gone(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  (void)fill(f.left);
  assert_int_equal(close(f.right), 0);
  (void)drain(f.left); /* ends */
  assert_int_equal(close(f.left), 0);
  end(&f);
}

/* One has said all and gone, and the other takes its time: that costs none. */
static void test_slow(void **state) {
  (void)state;
  struct fixture f;
  begin(&f);
  size_t there = fill(f.left);
  assert_int_equal(close(f.left), 0);
  unsigned before = atomic_load(&polls);
  (void)poll(NULL, 0, 300);
  assert_in_range(atomic_load(&polls) - before, 1, 10);
  assert_int_equal(drain(f.right), there);
  assert_int_equal(close(f.right), 0);
  end(&f);
}

static int bound_port(int fd) {
  struct sockaddr_in a;
  socklen_t len = sizeof(a);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
  assert_int_equal(a.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  return ntohs(a.sin_port);
}

static void test_listen(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct forward none = {.listener = -1};
  check_ok(forward_listen(&none, &err), &err);
  assert_int_equal(none.listener, -1);
  /* A port that is certainly taken. */
  _cleanup_close_ int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert_int_equal(bind(other, (struct sockaddr *)&a, sizeof(a)), 0);
  assert_int_equal(listen(other, 1), 0);
  struct forward f = {.listener = -1, .port = bound_port(other)};
  _cleanup_free_ char *words =
      xasprintf("cannot listen on 127.0.0.1:%d", f.port);
  check_error(forward_listen(&f, &err), &err, words);
  (void)close(f.listener);
  cleanup_close(&other);
  other = -1;
  check_ok(forward_listen(&f, &err), &err);
  assert_int_equal(bound_port(f.listener), f.port);
  assert_true(fcntl(f.listener, F_GETFD) & FD_CLOEXEC);
  (void)close(f.listener);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_half_closed), cmocka_unit_test(test_both_full),
      cmocka_unit_test(test_gone),        cmocka_unit_test(test_slow),
      cmocka_unit_test(test_listen),
  };
  (void)alarm(60); /* a lane that blocks would do so for ever */
  return cmocka_run_group_tests(tests, NULL, NULL);
}
