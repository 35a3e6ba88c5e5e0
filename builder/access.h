/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the host reaches the nodes of a cluster under QEMU: through forwarded
 * ports on 127.0.0.1, with the nodes' own names for their host keys. Pure.
 */
#pragma once

#include "plan.h"
#include "vm.h"

/*
 * The text of ssh_config(5) for all nodes with a port: the user is the spec's
 * first, the key and the known host keys lie in dir (absolute). Fails when
 * dir has a character that ssh_config cannot quote. The caller frees.
 */
int access_ssh_config(const struct plan *plan, const struct vm_ports *ports,
                      const char *dir, char **ret,
                      struct error *err) _must_check_;
