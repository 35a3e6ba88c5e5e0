/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"
#include "base/mem.h"
#include "machine/qmp.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define HELLO "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define OK "{\"return\": {}}\r\n"

/* A server with a script: says one text, then one more per line it hears. */
struct server {
  int fd;
  const char *const *says; /* up to a NULL; after it: hangs up */
  pthread_t thread;
  struct buf heard;
};

static bool hear_line(struct server *s) {
  char c;
  do {
    if (recv(s->fd, &c, 1, 0) != 1)
      return false;
    buf_add(&s->heard, &c, 1);
  } while (c != '\n');
  return true;
}

/* Byte by byte, so that the client gets cut lines. */
static void say(int fd, const char *text) {
  for (; *text; text++)
    (void)!send(fd, text, 1, MSG_NOSIGNAL);
}

static void *serve(void *arg) {
  struct server *s = arg;
  for (size_t i = 0; s->says[i]; i++) {
    say(s->fd, s->says[i]);
    if (!hear_line(s))
      break;
  }
  (void)close(s->fd);
  return NULL;
}

static int server_start(struct server *s, const char *const *says) {
  int fds[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  *s = (struct server){.fd = fds[0], .says = says};
  assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
  return fds[1];
}

static void server_join(struct server *s) {
  assert_int_equal(pthread_join(s->thread, NULL), 0);
  buf_done(&s->heard);
}

static void test_status(void **state) {
  (void)state;
  static const char *const says[] = {
      HELLO, OK,
      "{\"timestamp\": {}, \"event\": \"RESUME\"}\r\n"
      "{\"return\": {\"status\": \"running\", \"running\": true}}\r\n",
      NULL};
  struct server s;
  struct error err = {0};
  struct qmp q;
  _cleanup_json_ json_t *status = NULL;
  int fd = server_start(&s, says);
  assert_int_equal(qmp_attach(fd, 10, &q, &err), 0);
  assert_int_equal(qmp_execute(&q, "query-status", &status, &err), 0);
  assert_string_equal(json_string_value(json_object_get(status, "status")),
                      "running");
  qmp_done(&q);
  pthread_join(s.thread, NULL);
  assert_string_equal(s.heard.data, "{\"execute\":\"qmp_capabilities\"}\r\n"
                                    "{\"execute\":\"query-status\"}\r\n");
  buf_done(&s.heard);
}

static void test_refused(void **state) {
  (void)state;
  static const char *const says[] = {
      HELLO, OK,
      "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no such\"}}\n",
      NULL};
  struct server s;
  _cleanup_error_ struct error err = {0};
  struct qmp q;
  int fd = server_start(&s, says);
  assert_int_equal(qmp_attach(fd, 10, &q, &err), 0);
  assert_int_equal(qmp_execute(&q, "dance", NULL, &err), -1);
  assert_string_equal(err.faults[0].msg, "QEMU refuses 'dance': no such");
  qmp_done(&q);
  server_join(&s);
}

static void test_bad_hellos(void **state) {
  (void)state;
  static const struct {
    const char *says[2];
    const char *error;
  } cases[] = {
      {{"{\"return\": {}}\n"}, "this is no QEMU monitor"},
      {{"hello\n"}, "QEMU's answer is not a JSON object"},
      {{"[1]\n"}, "QEMU's answer is not a JSON object"},
      {{"\n"}, "QEMU's answer is not a JSON object"},
      {{NULL}, "QEMU closed the connection"},
  };
  for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
    struct server s;
    _cleanup_error_ struct error err = {0};
    struct qmp q;
    int fd = server_start(&s, cases[i].says);
    assert_int_equal(qmp_attach(fd, 10, &q, &err), -1);
    assert_string_equal(err.faults[0].msg, cases[i].error);
    server_join(&s);
  }
}

static void test_timeout(void **state) {
  (void)state;
  static const char *const says[] = {"", NULL};
  struct server s;
  _cleanup_error_ struct error err = {0};
  struct qmp q;
  int fd = server_start(&s, says);
  assert_int_equal(qmp_attach(fd, 0.05, &q, &err), -1);
  assert_string_equal(err.faults[0].msg, "QEMU does not answer");
  server_join(&s);
}

static void test_open_nothing(void **state) {
  (void)state;
  _cleanup_error_ struct error err = {0};
  struct qmp q;
  assert_int_equal(qmp_open("/nonexistent/x.qmp", 1, &q, &err), -1);
  assert_non_null(strstr(err.faults[0].msg, "/nonexistent/x.qmp"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_status),       cmocka_unit_test(test_refused),
      cmocka_unit_test(test_bad_hellos),   cmocka_unit_test(test_timeout),
      cmocka_unit_test(test_open_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
