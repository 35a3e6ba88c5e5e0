/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the workstation reaches the nodes: machines that run here through
 * forwarded ports on 127.0.0.1, all others at their addresses, by way of the
 * jump host when the spec has one; with the nodes' own names for their host
 * keys, and a limit of seconds for connecting.
 */
#pragma once

#include "base/strv.h"
#include "machine/ports.h"
#include "pki/pki.h"
#include "plan/plan.h"

/*
 * The text of ssh_config(5) for all nodes: the user is the spec's first, the
 * key and the known host keys lie in dir (absolute), see state_check_name. The
 * caller frees. Pure.
 */
int access_ssh_config(const struct plan *plan, const struct ports *ports,
                      const char *dir, char **ret,
                      struct error *err) _must_check_;

/* Whether STATE/ssh_config is there, by which the nodes are reached; else an
 * error that says what writes it. */
int access_check(const struct state *s, struct error *err) _must_check_;

/* The same as STATE/ssh_config, by the ports that run/ports.json tells. */
int access_write_ssh_config(const struct plan *plan, const struct state *s,
                            struct error *err) _must_check_;

/*
 * "ssh" with the options for a node by config, which is STATE/ssh_config. What
 * that says of the key and the known host keys is said anew: the folder may
 * have got another name since it was written.
 */
int access_ssh_args(const char *config, struct strv *args,
                    struct error *err) _must_check_;

/*
 * Writes STATE/qemu.conf, a kubeconfig with a context for each API server that
 * has a port here; nothing without admin.crt or any port.
 */
int access_write_kubeconfig(const struct plan *plan, const struct pki *pki,
                            const struct ports *ports, const struct state *s,
                            struct error *err) _must_check_;
