/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NAME.cluster/seeds.lock: the SHA-256 of each medium that seed has written, in
 * any form, as sha256sum(1) writes and checks it:
 *
 *   9f86d081...  seeds/kube-mast01.iso
 *
 * By it a medium that was carried away is known again, and one that somebody
 * changed from one that another spec would make.
 */
#pragma once

#include "base/digest.h"
#include "base/strv.h"
#include "base/vec.h"
#include "plan/plan.h"
#include "state/state.h"

#define SEEDS_LOCK "seeds.lock"

struct seeds_lock_line {
  char *path; /* below the state folder */
  char digest[SHA256_HEX];
};
DEFINE_VEC(seeds_lock_lines, struct seeds_lock_line);

struct seeds_lock {
  struct seeds_lock_lines lines; /* sorted by path when read */
  bool there;                    /* there is such a file */
};

/* Error: it is damaged; the text says what to do. None is no error. */
int seeds_lock_read(const struct state *s, struct seeds_lock *ret,
                    struct error *err) _must_check_;

/* The digest of the medium, or NULL. Of a lock that was read. */
const char *seeds_lock_get(const struct seeds_lock *l, const char *path);

void seeds_lock_add(struct seeds_lock *l, const char *path, const void *data,
                    size_t len);
void seeds_lock_add_digest(struct seeds_lock *l, const char *path,
                           const char *digest);

/*
 * Writes l, which has all lines of the nodes made (indexes into plan->nodes),
 * with the lines that the file has of others; with forget only of those that
 * the plan has. A file that says so already is left alone. At once, as
 * file_write.
 */
int seeds_lock_write(const struct state *s, const struct plan *plan,
                     const size_t *made, size_t n, bool forget,
                     struct seeds_lock *l, struct error *err) _must_check_;

void seeds_lock_done(struct seeds_lock *l);
#define _cleanup_seeds_lock_ _cleanup_(seeds_lock_done)
