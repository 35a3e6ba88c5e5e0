/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/terminal.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/socket.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#define GREETING "\n"
/* For a launcher on a busy host. */
#define GREETING_MS 10000

enum { MACHINE, CALLER, CLIENT };

int terminal_open(struct terminal *t, const char *log, const char *socket,
                  struct error *err) {
  t->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (t->log < 0)
    return error_set(err, errno, "cannot open '%s'", log);
  return socket_listen(socket, &t->listener, err);
}

int terminal_note(const struct terminal *t, const char *line,
                  struct error *err) {
  if (dprintf(t->log, "\n%s\n", line) < 0)
    return error_set(err, errno, "cannot write the console's log");
  return 0;
}

void terminal_wanted(const struct terminal *t, int machine,
                     struct pollfd ret[static TERMINAL_POLLS]) {
  ret[MACHINE] = (struct pollfd){.fd = machine, .events = POLLIN};
  ret[CALLER] = (struct pollfd){.fd = t->listener, .events = POLLIN};
  ret[CLIENT] = (struct pollfd){.fd = t->client, .events = POLLIN};
}

static void hang_up(struct terminal *t) {
  cleanup_close(&t->client);
  t->client = -1;
}

static void say(struct terminal *t, const char *data, size_t len) {
  (void)!file_write_all(t->log, data, len);
  if (t->client >= 0 &&
      send(t->client, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
      errno != EAGAIN)
    hang_up(t);
}

static void take_machine(struct terminal *t, int machine) {
  char chunk[4096];
  ssize_t n = read(machine, chunk, sizeof(chunk));
  if (n > 0)
    say(t, chunk, (size_t)n);
}

static void take_client(struct terminal *t, int machine) {
  char chunk[4096];
  ssize_t n = recv(t->client, chunk, sizeof(chunk), MSG_DONTWAIT);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    hang_up(t);
  else if (n > 0)
    (void)!write(machine, chunk, (size_t)n);
}

static void take_caller(struct terminal *t) {
  _cleanup_close_ int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0 || t->client >= 0)
    return;
  if (send(fd, GREETING, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
    t->client = take_fd(&fd);
}

void terminal_serve(struct terminal *t, int machine,
                    const struct pollfd p[static TERMINAL_POLLS]) {
  if (p[MACHINE].revents & POLLIN)
    take_machine(t, machine);
  /* Before the next one: it may have been let go. */
  if (p[CLIENT].revents && t->client >= 0)
    take_client(t, machine);
  if (p[CALLER].revents)
    take_caller(t);
}

void terminal_drain(struct terminal *t, int machine) {
  struct pollfd p = {.fd = machine, .events = POLLIN};
  while (poll(&p, 1, 0) == 1 && (p.revents & POLLIN))
    take_machine(t, machine);
}

void terminal_done(struct terminal *t) {
  cleanup_close(&t->log);
  cleanup_close(&t->listener);
  cleanup_close(&t->client);
  *t = (struct terminal)TERMINAL_NONE;
}

int terminal_attach(const char *socket, int *ret_fd, bool *ret_taken,
                    struct error *err) {
  char byte;
  *ret_taken = false;
  _cleanup_close_ int fd = -1;
  if (socket_connect(socket, &fd, err) < 0)
    return -1;
  struct pollfd p = {.fd = fd, .events = POLLIN};
  int r = poll(&p, 1, GREETING_MS);
  if (r < 0)
    return error_set(err, errno, "cannot wait for '%s'", socket);
  if (r == 0)
    return error_set(err, 0, "'%s' does not answer", socket);
  if (read(fd, &byte, 1) != 1) {
    *ret_taken = true;
    return error_set(err, 0, "'%s' has a client already", socket);
  }
  *ret_fd = take_fd(&fd);
  return 0;
}
