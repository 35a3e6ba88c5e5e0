/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A port on 127.0.0.1 of the host that leads to a port on 127.0.0.1 of a
 * container: not through the cluster's network, so it also works when that does
 * not.
 */
#pragma once

#include "base/error.h"

struct forward {
  int port;     /* on the host; 0: none */
  int to;       /* in the container */
  int listener; /* -1: none; closed by the end of the process */
};

/* Begins to listen, in the network namespace that the caller is in now. */
int forward_listen(struct forward *f, struct error *err) _must_check_;

/*
 * Takes the next connection and leaves it to a child process, which ends with
 * it or with us, and is the caller's to wait for. network is a descriptor of
 * the container's network namespace.
 */
void forward_accept(const struct forward *f, int network);

/* Passes on what comes from either of two stream sockets to the other until
 * both directions are over, however slowly one reads. */
void forward_pump(int a, int b);
