/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file in which the user keeps a kubeconfig, mostly ~/.kube/config, to
 * which kubectl and other tools write as well. As they do (client-go,
 * tools/clientcmd/config.go) it is written under FILE.lock, a file made with
 * O_EXCL and removed afterwards, and a folder that is missing is made.
 *
 * With sudo the user's things stay the user's: a file that is there keeps its
 * owner, and what is made in a folder of the one who called sudo is given to
 * that one.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"

enum conf_how {
  CONF_NEW,       /* only where there is nothing yet */
  CONF_OVERWRITE, /* a file that is there is replaced */
  CONF_MERGE,     /* into what is there, see seed/merge.h */
  CONF_MERGE_ANY, /* the same, what is another's of our name as well */
};

/*
 * Whether conf_file_write may write there, asked before long work. Usage
 * errors: something is there and how is CONF_NEW, it is no regular file, or
 * more than the last folder is missing.
 */
int conf_file_check(const char *path, enum conf_how how,
                    struct error *err) _must_check_;

/*
 * Writes the kubeconfig text to path, 0600, at once; of a link the file behind
 * it. A missing folder is made, 0700. While somebody else has the lock it says
 * so and waits, 5 seconds at most; the error then names the lock's file and
 * what to do when it was left behind. Signals that end a program wait until the
 * lock is given back.
 */
int conf_file_write(const char *path, enum conf_how how, const struct buf *text,
                    const struct log *log, struct error *err) _must_check_;
