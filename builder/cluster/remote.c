/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cluster/remote.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/utf8.h"
#include "cluster/access.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* Printed before the script's own words: after it, ssh and sudo have done
 * their part, and what fails is the script. */
#define TRIMMED_MARK "@kubeseed remote"
#define MARK TRIMMED_MARK "\n"

/* One ssh is a few megabytes and mostly waits. */
#define PARALLEL 32

/* The API server's objects of a thousand nodes are some 30 MB. */
#define OUTPUT_MAX ((size_t)128 << 20)

/* The end of what ssh printed, or else how it ended, in one line: a node's
 * words must not reach the terminal as they are. */
static char *last_words(const struct error *err) {
  const char *msg = err->n_faults ? err->faults[err->n_faults - 1].msg : "";
  const char *quoted = strstr(msg, ":\n");
  const char *end = msg + strlen(msg);
  _cleanup_buf_ struct buf b = {0};
  if (quoted && strcmp(quoted + 2, TRIMMED_MARK) == 0)
    end = quoted; /* it printed nothing but our own mark */
  else if (quoted)
    msg = quoted + 2;
  for (const char *p = msg; p < end; p++) {
    if (*p == '\n')
      buf_adds(&b, "; ");
    else if (*p != '\r')
      buf_add(&b, p, 1);
  }
  return utf8_printable(b.data ? b.data : "");
}

static int failure(const char *node, bool began, unsigned timeout,
                   struct error *from, struct error *err) {
  /* Without the program ssh there is nothing to say about the node. */
  if (from->kind == ERROR_MISSING) {
    error_move(err, from);
    return -1;
  }
  if (timeout)
    return error_set(err, 0,
                     began ? "a script on %s did not end within %u s"
                           : "%s does not answer ssh within %u s",
                     node, timeout);
  _cleanup_free_ char *words = last_words(from);
  return error_set(err, 0,
                   began ? "a script on %s failed: %s"
                         : "%s does not answer ssh: %s",
                   node, words);
}

int remote_run(const struct remote *r, const char *node, const char *script,
               struct buf *ret, struct error *err) {
  _cleanup_strv_ struct strv argv = {0};
  _cleanup_buf_ struct buf input = {0};
  _cleanup_buf_ struct buf output = {0};
  _cleanup_error_ struct error own = {0};
  if (access_ssh_args(r->config, &argv, err) < 0)
    return -1;
  strv_push_all(&argv, "-o", "ServerAliveInterval=60", node, "sudo sh -eu",
                NULL);
  buf_adds(&input, "echo '" TRIMMED_MARK "'\n");
  buf_adds(&input, script);
  const struct process p = {
      .argv = &argv,
      .package = "openssh-client",
      .input = input.data,
      .input_len = input.len,
      .output = &output,
      .output_max = OUTPUT_MAX,
      .timeout = r->timeout,
  };
  double began = monotonic_seconds();
  int status = process_run(&p, &own);
  const char *mark = output.data ? strstr(output.data, MARK) : NULL;
  if (status < 0 || !mark) {
    bool late = r->timeout && monotonic_seconds() - began >= r->timeout;
    return failure(node, mark, late ? r->timeout : 0, &own, err);
  }
  const char *words = mark + strlen(MARK);
  buf_add(ret, words, output.len - (size_t)(words - output.data));
  return 0;
}

/* What the threads share: each takes the next call until none is left. */
struct crew {
  const struct remote *remote;
  struct remote_call *calls;
  size_t n;
  atomic_size_t next;
};

static void *work(void *arg) {
  struct crew *crew = arg;
  for (;;) {
    size_t i = atomic_fetch_add(&crew->next, 1);
    if (i >= crew->n)
      return NULL;
    struct remote_call *c = &crew->calls[i];
    /* The result is in err. */
    (void)!remote_run(crew->remote, c->node, c->script, &c->output, &c->err);
  }
}

void remote_run_all(const struct remote *r, struct remote_call *calls,
                    size_t n) {
  struct crew crew = {.remote = r, .calls = calls, .n = n};
  pthread_t threads[PARALLEL];
  size_t started = 0;
  size_t wanted =
      r->parallel && r->parallel < PARALLEL ? r->parallel : PARALLEL;
  /* This thread is one of them, so it works without any other as well. */
  while (started + 1 < wanted && started + 1 < n &&
         pthread_create(&threads[started], NULL, work, &crew) == 0)
    started++;
  work(&crew);
  for (size_t i = 0; i < started; i++)
    (void)pthread_join(threads[i], NULL);
}

void remote_call_done(struct remote_call *c) {
  buf_done(&c->output);
  error_done(&c->err);
}
