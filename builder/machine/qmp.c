/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/qmp.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/socket.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* query-qmp-schema, the longest answer there is, has about 200 kB. */
#define LINE_MAX_BYTES ((size_t)4 << 20)

/* Waits for bytes until the deadline and adds them to q->in. */
static int fill(struct qmp *q, double deadline, struct error *err) {
  double left = deadline - monotonic_seconds();
  struct pollfd p = {.fd = q->fd, .events = POLLIN};
  int n = left > 0 ? poll(&p, 1, (int)(left * 1000) + 1) : 0;
  if (n < 0 && errno == EINTR)
    return 0;
  if (n <= 0)
    return error_set(err, n < 0 ? errno : 0, "QEMU does not answer");
  char chunk[4096];
  ssize_t got = recv(q->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN))
    return 0;
  if (got <= 0)
    return error_set(err, got < 0 ? errno : 0, "QEMU closed the connection");
  buf_add(&q->in, chunk, (size_t)got);
  if (q->in.len > LINE_MAX_BYTES)
    return error_set(err, 0, "QEMU's answer is too long");
  return 0;
}

/* Takes the first line out of q->in; NULL when there is none. */
static json_t *take_line(struct qmp *q, bool *ret_bad) {
  char *end = q->in.len ? memchr(q->in.data, '\n', q->in.len) : NULL;
  if (!end)
    return NULL;
  size_t len = (size_t)(end - q->in.data);
  json_t *j = json_loadb(q->in.data, len, 0, NULL);
  *ret_bad = !json_is_object(j);
  q->in.len -= len + 1;
  memmove(q->in.data, end + 1, q->in.len);
  q->in.data[q->in.len] = '\0';
  return j;
}

/* The next object; the caller json_decref's. */
static int next(struct qmp *q, double deadline, json_t **ret,
                struct error *err) {
  for (;;) {
    bool bad = false;
    _cleanup_json_ json_t *j = take_line(q, &bad);
    if (bad)
      return error_set(err, 0, "QEMU's answer is not a JSON object");
    if (j) {
      *ret = TAKE_PTR(j);
      return 0;
    }
    if (fill(q, deadline, err) < 0)
      return -1;
  }
}

static int say(struct qmp *q, const char *command, struct error *err) {
  _cleanup_free_ char *line = xasprintf("{\"execute\":\"%s\"}\r\n", command);
  size_t len = strlen(line);
  for (size_t done = 0; done < len;) {
    ssize_t n = send(q->fd, line + done, len - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return error_set(err, errno, "cannot send '%s' to QEMU", command);
    done += (size_t)n;
  }
  return 0;
}

static int answer_error(const char *command, json_t *e, struct error *err) {
  const char *desc = json_string_value(json_object_get(e, "desc"));
  return error_set(err, 0, "QEMU refuses '%s': %s", command,
                   desc ? desc : "no reason given");
}

int qmp_execute(struct qmp *q, const char *command, json_t **ret,
                struct error *err) {
  double deadline = monotonic_seconds() + q->timeout;
  if (say(q, command, err) < 0)
    return -1;
  for (;;) {
    _cleanup_json_ json_t *j = NULL;
    if (next(q, deadline, &j, err) < 0)
      return -1;
    json_t *e = json_object_get(j, "error");
    if (e)
      return answer_error(command, e, err);
    json_t *r = json_object_get(j, "return");
    if (!r)
      continue; /* an event */
    if (ret)
      *ret = json_incref(r);
    return 0;
  }
}

int qmp_attach(int fd, double timeout, struct qmp *ret, struct error *err) {
  _cleanup_qmp_ struct qmp q = {.fd = fd, .timeout = timeout};
  _cleanup_json_ json_t *hello = NULL;
  if (next(&q, monotonic_seconds() + timeout, &hello, err) < 0)
    return -1;
  if (!json_object_get(hello, "QMP"))
    return error_set(err, 0, "this is no QEMU monitor");
  if (qmp_execute(&q, "qmp_capabilities", NULL, err) < 0)
    return -1;
  *ret = q;
  q = (struct qmp){.fd = -1};
  return 0;
}

int qmp_open(const char *path, double timeout, struct qmp *ret,
             struct error *err) {
  int fd = -1;
  if (socket_connect(path, &fd, err) < 0)
    return -1;
  return qmp_attach(fd, timeout, ret, err);
}

void qmp_done(struct qmp *q) {
  if (q->fd >= 0)
    (void)close(q->fd);
  buf_done(&q->in);
  *q = (struct qmp){.fd = -1};
}
