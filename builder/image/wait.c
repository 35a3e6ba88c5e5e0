/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/wait.h"

#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <poll.h>

#define TICK_MS 200

int wait_lock(const struct log *log, const char *path, const char *what,
              int *ret_fd, struct error *err) {
  double start = monotonic_seconds();
  unsigned told = 0;
  _cleanup_free_ char *text = xasprintf("waiting for %s", what);
  for (bool first = true;; first = false) {
    _cleanup_error_ struct error own = {0};
    if (file_lock(path, ret_fd, &own) == 0) {
      if (!first)
        log_clear(log);
      return 0;
    }
    if (own.errnum != EWOULDBLOCK) {
      error_move(err, &own);
      return -1;
    }
    if (first)
      log_info(log, "another kubeseed makes %s ('%s' is locked); waiting", what,
               path);
    unsigned seconds = (unsigned)(monotonic_seconds() - start);
    if (seconds > told)
      log_alive(log, text, told = seconds);
    (void)poll(NULL, 0, TICK_MS);
  }
}
