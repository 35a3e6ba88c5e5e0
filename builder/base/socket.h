/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Unix stream sockets with paths of any length: sun_path holds 107 bytes
 * (unix(7)), and a state folder may lie deeper than that.
 */
#pragma once

#include "base/error.h"

/* Listens at path, which is replaced; as a name of up to 107 bytes. The caller
 * closes *ret_fd. */
int socket_listen(const char *path, int *ret_fd,
                  struct error *err) _must_check_;

/* Connects to the socket at path; the caller closes *ret_fd. */
int socket_connect(const char *path, int *ret_fd,
                   struct error *err) _must_check_;
