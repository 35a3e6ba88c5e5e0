/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed console: a node's serial port, live or as its log. */
#include "base/file.h"
#include "base/mem.h"
#include "cmd/words.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <string.h>
#include <termios.h>

#define LEAVE 0x1d /* Ctrl-] */
#define FOLLOW_MS 200

static int put(int fd, const char *data, size_t len, struct error *err) {
  if (file_write_all(fd, data, len) < 0)
    return error_set(err, errno, "cannot write");
  return 0;
}

/* ---- The log ---- */

/* Whether the reader of what is printed has gone; waits a while to see it. */
static bool reader_goes(void) {
  struct pollfd p = {.fd = STDOUT_FILENO};
  return poll(&p, 1, FOLLOW_MS) == 1 && (p.revents & (POLLERR | POLLHUP));
}

/* With follow until the machine is off, and all it said has been printed. */
static int show_log(struct cli *cli, const struct cluster *c, const char *node,
                    bool follow, struct error *err) {
  const struct state *s = &c->state;
  _cleanup_free_ char *path = state_path(s, "logs/%s.console", node);
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return error_set(err, 0, "%s has no console log: it was never switched on",
                     node);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", path);
  char chunk[16384];
  for (bool on = true;;) {
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n < 0 && errno != EINTR)
      return error_set(err, errno, "cannot read '%s'", path);
    if (n > 0 && put(STDOUT_FILENO, chunk, (size_t)n, err) < 0)
      return -1;
    if (n != 0)
      continue;
    if (follow && !on)
      log_info(&cli->log, "%s is off", node);
    if (!follow || !on)
      return 0;
    if (reader_goes())
      return error_set(err, EPIPE, "nobody reads the console's log");
    on = c->kind->running(s, node, NULL);
  }
}

/* ---- The live console ---- */

/* Copies what is there from one to the other; sets *ret_end at the end or at
 * the key that leaves. */
static int copy(int from, int to, bool keys, bool *ret_end, struct error *err) {
  char chunk[4096];
  ssize_t n = read(from, chunk, sizeof(chunk));
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return 0;
  if (n < 0 && errno != ECONNRESET)
    return error_set(err, errno, "cannot read");
  char *leave = keys && n > 0 ? memchr(chunk, LEAVE, (size_t)n) : NULL;
  *ret_end = n <= 0 || leave;
  size_t len = leave ? (size_t)(leave - chunk) : n > 0 ? (size_t)n : 0;
  return put(to, chunk, len, err);
}

static int relay(int fd, struct error *err) {
  bool end = false;
  while (!end) {
    struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                         {.fd = fd, .events = POLLIN}};
    if (poll(p, ARRAY_SIZE(p), -1) < 0) {
      if (errno == EINTR)
        continue;
      return error_set(err, errno, "cannot wait for the console");
    }
    if (p[1].revents && copy(fd, STDOUT_FILENO, false, &end, err) < 0)
      return -1;
    if (!end && p[0].revents && copy(STDIN_FILENO, fd, true, &end, err) < 0)
      return -1;
  }
  return 0;
}

static int attach(struct cli *cli, const struct cluster *c, const char *node,
                  struct error *err) {
  if (!c->kind->running(&c->state, node, NULL))
    return error_set(err, 0, "%s is off; its log: --log", node);
  _cleanup_close_ int fd = -1;
  if (c->kind->open_console(&c->state, node, &fd, err) < 0)
    return -1;
  log_info(&cli->log, "%s: Ctrl-] leaves", node);
  struct termios old;
  bool tty = tcgetattr(STDIN_FILENO, &old) == 0;
  if (tty) {
    struct termios raw = old;
    cfmakeraw(&raw);
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  int r = relay(fd, err);
  if (tty)
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &old);
  log_info(&cli->log, "%s", ""); /* wherever the cursor was left */
  log_info(&cli->log, "left %s", node);
  return r;
}

struct options {
  bool log, follow;
};

static int parse(struct cli *cli, int argc, char **argv, struct options *ret,
                 struct error *err) {
  static const struct option options[] = {
      {"log", no_argument, NULL, 'l'}, {"follow", no_argument, NULL, 'f'}, {0}};
  for (int c; (c = cli_getopt(argc, argv, "lf", options, err)) != -1;) {
    if (c != 'l' && c != 'f')
      return -1;
    ret->log = true;
    ret->follow = ret->follow || c == 'f';
  }
  return words_take(cli, argc, argv, 1, 1, "one spec and one node", err);
}

int cmd_console(struct cli *cli, int argc, char **argv, struct error *err) {
  _cleanup_cluster_ struct cluster c = {.state.lock_fd = -1};
  _cleanup_free_ size_t *sel = NULL;
  struct options o = {0};
  size_t n = 0;
  if (parse(cli, argc, argv, &o, err) < 0 ||
      cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_select(&c, cli->names, 1, &sel, &n, err) < 0 ||
      cluster_open_state(cli, &c, false, false, err) < 0)
    return -1;
  const char *node = c.plan.nodes.v[sel[0]].name;
  if (o.log)
    return show_log(cli, &c, node, o.follow, err);
  return attach(cli, &c, node, err);
}
