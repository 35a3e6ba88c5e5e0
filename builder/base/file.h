/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files: reading whole ones, and writing so that a final name never holds half
 * a file: temporary name in the same folder, fsync, rename, fsync the folder.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A temporary's name is the final one with this and so many characters behind:
 * what a killed run left is known by it. */
#define FILE_TEMPORARY ".kubeseed-"
#define FILE_RANDOM 6 /* as mkstemp(3) makes them */

/* Reads a whole file of at most max bytes into ret (the caller buf_done's).
 * What is no regular file is an error: a FIFO would be waited for, with nobody
 * at its other end. */
int file_read(const char *path, size_t max, struct buf *ret,
              struct error *err) _must_check_;

/* The same of whatever the user has named, also a FIFO that a shell made. */
int file_read_stream(const char *path, size_t max, struct buf *ret,
                     struct error *err) _must_check_;

/* Writes data under path, replacing it at once; the mode holds from creation.
 */
int file_write(const char *path, const void *data, size_t len, mode_t mode,
               struct error *err) _must_check_;

/* Who gets a file; -1: as it comes. */
struct file_owner {
  uid_t uid;
  gid_t gid;
};
#define FILE_OWNER_ANY ((struct file_owner){(uid_t)-1, (gid_t)-1})

/* As file_write, for root: the file is owner's from when it has its name. */
int file_write_for(const char *path, const void *data, size_t len, mode_t mode,
                   struct file_owner owner, struct error *err) _must_check_;

/*
 * As file_write, but leaves a file alone that holds these bytes already, or
 * gives it the mode, and does not sync: for what can be made again at any time.
 */
int file_refresh(const char *path, const void *data, size_t len, mode_t mode,
                 struct error *err) _must_check_;

/* Writes all of data to a descriptor; -1 with errno set. */
int file_write_all(int fd, const void *data, size_t len) _must_check_;

/* fsyncs tmp and renames it to path, for files that others wrote. */
int file_commit(const char *tmp, const char *path,
                struct error *err) _must_check_;

/* The folder that path is in, "." or "/" when it names none. A slash at the end
 * counts for nothing. The caller frees. */
char *file_parent(const char *path);

/* What a file that is written in path's place takes the place of: behind a link
 * the file there, so that the link stays. One that leads nowhere, or that the
 * kernel does not follow since another user put it into a folder for all
 * (fs.protected_symlinks in proc_sys_fs(5)), is an error. The caller frees. */
int file_behind_link(const char *path, char **ret,
                     struct error *err) _must_check_;

/* Makes path and its parents; those made get mode (0700 for secrets). */
int file_mkdirs(const char *path, mode_t mode, struct error *err) _must_check_;

/* Removes path with all in it; a missing one is fine. Does not follow links. */
int file_remove_tree(const char *path, struct error *err) _must_check_;

bool file_exists(const char *path);

/* Why a program that is given path as a file could not read it to its end, as
 * the end of a sentence; NULL when it can. A FIFO or a device may have no end.
 */
const char *file_unreadable(const char *path);

/*
 * Whether a file could be written there, asked before long work whose result it
 * is to hold: its folder is there and ours to write, and what it would take the
 * place of is a file, or a link to one. Of a device or a pipe a rename would
 * leave nothing, even of /dev/null.
 */
int file_check_place(const char *path, struct error *err) _must_check_;

/* Bytes free for this user in the file system that holds path. */
int file_free_space(const char *path, uint64_t *ret,
                    struct error *err) _must_check_;

/*
 * Takes an exclusive lock on path (made when missing) without waiting; the
 * lock lives as long as the descriptor in ret_fd. EWOULDBLOCK is worded as
 * "another kubeseed is at work here".
 */
int file_lock(const char *path, int *ret_fd, struct error *err) _must_check_;
