/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two may need the same payload or image at the same time, as two first `up`s
 * of two clusters do: one makes it, and the other waits and uses it.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"

/*
 * As file_lock, but waits for whoever has the lock of path, and says so: it
 * makes what, such as "the image". What it waited for may be there then. The
 * caller closes *ret_fd.
 */
int wait_lock(const struct log *log, const char *path, const char *what,
              int *ret_fd, struct error *err) _must_check_;
