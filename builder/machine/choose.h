/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which kind of machines `up --machines` takes:
 *
 *   qemu        virtual machines; what is taken when nobody says anything
 *   container   containers with root's rights on this host's kernel
 *   auto        virtual machines where hardware runs them, else containers
 *               where this user can make them, else emulated virtual machines
 *
 * Once machines have disks here their kind stays, until they are destroyed.
 */
#pragma once

#include "base/log.h"
#include "machine/kind.h"

/* Whether word is one of the three; a usage error lists them. */
int choose_check(const char *word, struct error *err) _must_check_;

/*
 * The kind for word (NULL: what the state remembers). What `auto` takes, and
 * why, goes to log. An error when machines of another kind are there. Call it
 * with the state locked, and choose_save before the first machine has a disk.
 */
int choose_kind(const struct log *log, const struct state *s,
                const struct plan *plan, const char *word,
                const struct machine_kind **ret,
                struct error *err) _must_check_;

/* Whether machines of that kind can have the cards of these n nodes (indexes
 * into plan->nodes); a usage error says which cannot, and what to do. */
int choose_check_cards(const struct plan *plan, const size_t *nodes, size_t n,
                       const struct machine_kind *kind,
                       struct error *err) _must_check_;

/* Whether machines of that kind can have a way to the internet; a usage error
 * says which can. */
int choose_check_internet(const struct machine_kind *kind,
                          struct error *err) _must_check_;

/* Remembers the kind, unless it is what the state remembers anyway. */
int choose_save(const struct state *s, const struct machine_kind *kind,
                struct error *err) _must_check_;
