/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Payloads that a recipe makes, in the user's cache:
 *
 *   payload/NAME         complete; its file "recipe" says what it was made of
 *   payload/NAME.tmp     while it is made, and after a failure: its log
 *   payload/NAME.lock    held meanwhile
 *
 * A recipe is a folder of images/ with a program `build`, run with a folder to
 * fill and with the arguments behind it. Lines "step N/M WHAT" tell how far it
 * is; the others are why it failed, the last one in words for the user. With
 * exit status 3 it is something outside that is missing.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/payload.h"

struct make_payload {
  const char *name;       /* in the cache: "debian-1.20.2" */
  const char *recipe;     /* "images/payload-debian" */
  const char *made_of;    /* a text; another one: it is made anew */
  const struct strv *arg; /* for `build`, behind the folder; or NULL */
  const struct strv *env; /* added to ours, or NULL */
  uint64_t space;         /* bytes needed beside the result's place */
  const char *what;       /* "building Kubernetes": what needs them */
  const char *intro;      /* told when it begins */
  const char *fault;      /* "cannot build the payload" */
  bool namespaces; /* another user than root gets a user namespace as well */
  bool fleeting;   /* a failed run leaves nothing, there is no log to read */
  bool resume;     /* what an ended run of the same made_of left is kept */

  /* Says in *ret (the caller frees it) how the payload is another than the one
   * that is wanted, or NULL. One in the cache is made anew then; one that was
   * made does not take its place. NULL: any will do. */
  int (*difference)(const void *arg, const struct payload *p, char **ret,
                    struct error *err);
  const void *difference_arg;
  const char *wanted; /* "what payload.lock.json says", and then is not */
  const char *remedy; /* told behind what was made and is another */

  const char *again; /* the option that makes it anew; NULL: "--rebuild" */

  /* Where the descriptor is put that holds the lock, which the caller closes
   * when it has done with the payload; or NULL. */
  int *hold;

  /* What others of this kind begin with in the cache: what killed runs left of
   * them is removed. With `hold` nothing of them is there but while it is used.
   */
  const char *sweep;
};

/* Whether it is in the cache, and the one that is wanted; its files are not
 * looked at. */
bool make_payload_is_there(const struct make_payload *m);

/*
 * Gives the payload, made first where it is missing or made of something else,
 * or with rebuild, and verified. What is there is replaced at once, by a whole
 * one. One who makes it already is waited for.
 */
int make_payload(const struct log *log, const struct make_payload *m,
                 const char *spec, bool rebuild, struct payload *ret,
                 struct error *err) _must_check_;
