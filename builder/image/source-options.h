/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdbool.h>

/* How a payload is asked for. */
struct source_options {
  bool rebuild; /* one in the cache is made anew */
  bool update;  /* and what the lock (lock.h) says is forgotten */
  /* A folder to take it from in place of its source, where that can; or NULL.
   */
  const char *from;
  bool verify; /* a bundle is read again, whatever lies in the cache of it;
                * other sources refuse it */
};
