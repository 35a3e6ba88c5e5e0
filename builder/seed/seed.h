/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a plan to seed media in the state folder, on as many threads as there
 * are processors: first all keys are loaded or made and committed, then each
 * node is rendered, and then all media that are new or changed are put in
 * place.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "medium/medium.h"
#include "plan/plan.h"
#include "seed/forms.h"
#include "seed/put.h"
#include "state/state.h"
#include <stdbool.h>
#include <time.h>

/* What was done. The caller seed_report_done's. */
struct seed_report {
  enum put_fate *fates; /* of options->nodes, in that order */
  bool *renewed;        /* of these: certificates that were there are others */
  struct strv mended;   /* keys that an interrupted run left, now made good */
  struct strv anew;     /* the cluster's own keys that were gone: their files */
  size_t asked;         /* certificates that end soon, asked for elsewhere */
  char *earlier;     /* new: other lists of members that seeds were made for */
  char *unreachable; /* those of them that are not there to be asked any more */
  char *gone;        /* new: names in them that are no members any more */
  char *moved;       /* new: nodes whose pods have other networks now */
  size_t n_moved;    /* how many; moved names the first ones */
  char *added;       /* new: nodes to whose pods the others have no way */
  size_t n_added;    /* how many; added names the first ones */
};

/* Warns of what was mended, and of what was gone and is made anew. */
void seed_tell_mended(const struct seed_report *r, const struct log *log);

/* Warns of certificates that a CA whose key is elsewhere is to sign again. */
void seed_tell_asked(const struct seed_report *r, const struct state *s,
                     const struct log *log);

/* Warns when seeds were made before with other members of etcd, or the same in
 * another order, whose first one founds: a new list is no vote, for who has an
 * earlier one may have founded. */
void seed_tell_members(const struct seed_report *r, const struct state *s,
                       const struct log *log);

/* Warns when nodes have other networks for their pods than in earlier seeds. */
void seed_tell_moved(const struct seed_report *r, const struct log *log);

/* Warns when nodes are new whose pods are reached by routes that seeds have:
 * who has an earlier seed has none. */
void seed_tell_added(const struct seed_report *r, const struct log *log);

/* "the node a", "2 nodes (a, b)", "200 nodes"; the caller frees. */
char *seed_name_nodes(const struct strv *names);

/* Of the nodes those that can, or cannot, be told to take their seeds once more
 * when they are members. */
void seed_by_taking(const struct plan *p, const struct strv *nodes, bool can,
                    struct strv *ret);

/* Warns that these nodes, if any, have certificates that they will not take of
 * themselves. */
void seed_tell_renewed(const struct plan *p, const struct strv *nodes,
                       const struct log *log);

void seed_report_done(struct seed_report *r);
#define _cleanup_seed_report_ _cleanup_(seed_report_done)

struct seed_options {
  const size_t *nodes; /* indexes into plan->nodes */
  size_t n_nodes;
  time_t now;                         /* for new keys */
  bool forget;                        /* nodes that the spec does not have */
  const struct medium_writer *writer; /* of media; NULL: the default */
  const struct seed_form *form; /* written as well, see forms.h; or NULL */

  /* Nothing is written: only the report's fates are told, of the ISOs, and look
   * is called when not NULL, in several threads, with an index into nodes and
   * what the medium is to hold. Then a state that is not there yet will do (its
   * dir is where it is to be), and none need be locked. */
  bool dry;
  int (*look)(void *arg, size_t i, const struct medium *m, struct error *err);

  struct seed_report *report; /* filled in when not NULL */

  /* Called when not NULL with the report but its fates, before new keys count:
   * what is told then was told, whatever ends the program afterwards. Once they
   * count, nothing would make another run tell it. */
  void (*tell)(void *arg, const struct seed_options *o);
  void *arg;
};

/*
 * Makes the keys that are missing, the seeds of the chosen nodes, and what the
 * workstation needs: admin.conf, id_ed25519, known_hosts, and seeds.lock
 * (seeds-lock.h). The state must be locked. Running it again changes nothing
 * that has not changed; an error, or the end of the program at any moment,
 * leaves all keys or none of the new ones, and every medium whole. A state that
 * has seeds or disks but none of its CAs is refused: somebody may have them
 * elsewhere, and the seeds that would be replaced are the last that hold them.
 * With a CA whose key is elsewhere (pki/request.h) it fails until all is signed
 * that the chosen nodes need; their keys and requests are there then.
 */
int seed_make(const struct plan *plan, const struct state *state,
              const struct seed_options *options,
              struct error *err) _must_check_;
