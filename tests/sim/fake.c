/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fake - stands for the programs whose effects reach beyond a node's files
 *
 * Linked under many names (kubeadm, curl, sleep, ...) it hands its arguments,
 * and its standard input where one is meant, to the simulator, and does what
 * the answer says: so much output, that exit status. The simulator answers when
 * the node's virtual time has come; until then the node's script waits here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An inherited socket, one message each way; sandbox.py knows it as well. */
enum { CHANNEL = 200, ROOM = 256 * 1024 };

static char message[ROOM];
static size_t used;

static void add(const char *data, size_t n) {
  if (n > ROOM - used)
    abort();
  memcpy(message + used, data, n);
  used += n;
}

static void add_stdin(void) {
  ssize_t n;
  while ((n = read(0, message + used, ROOM - used)) > 0)
    used += (size_t)n;
}

static void put(int fd, const char *data, size_t n) {
  while (n > 0) {
    ssize_t done = write(fd, data, n);
    if (done <= 0)
      return;
    data += done;
    n -= (size_t)done;
  }
}

int main(int argc, char **argv) {
  const char *slash = strrchr(argv[0], '/');
  const char *name = slash ? slash + 1 : argv[0];
  int wants_stdin = strcmp(name, "ssh") == 0;
  add(name, strlen(name) + 1);
  for (int i = 1; i < argc; i++) {
    add(argv[i], strlen(argv[i]) + 1);
    if (strcmp(argv[i], "-") == 0 || strcmp(argv[i], "txn") == 0)
      wants_stdin = 1;
  }
  /* An empty argument cannot end the list: each argument ends with a zero, and
   * the byte 1 alone is no argument anybody passes. */
  add("\1", 2);
  if (wants_stdin)
    add_stdin();
  if (write(CHANNEL, message, used) != (ssize_t)used)
    return 255;
  ssize_t n = read(CHANNEL, message, ROOM - 1);
  if (n <= 0)
    return 255;
  /* STATUS\0STDOUT\0STDERR */
  message[n] = '\0';
  char *out = message + strlen(message) + 1;
  char *err = out + strlen(out) + 1;
  put(1, out, strlen(out));
  put(2, err, strlen(err));
  return (int)strtol(message, NULL, 10);
}
