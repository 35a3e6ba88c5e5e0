/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many media at once into one folder: all are written under temporary names,
 * then one sync of the file system, then the renames. So a power cut leaves
 * each as it was or as it is to be, and ten thousand cost one sync.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include <stdbool.h>

/* What became of a medium. */
enum put_fate { PUT_UNCHANGED, PUT_NEW, PUT_CHANGED };

/*
 * Compares with what is under path, and writes the temporary when it differs;
 * by_files compares the files and who wrote the medium, for one that never has
 * the same bytes again. May run in several threads, for different paths.
 */
int put_begin(const char *path, const struct buf *image, bool by_files,
              enum put_fate *ret, struct error *err) _must_check_;

/* What would become of it; nothing is written. */
enum put_fate put_compare(const char *path, const struct buf *image,
                          bool by_files);

/* Syncs the file system of the folder dir. */
int put_sync(const char *dir, struct error *err) _must_check_;

/* Puts one in place; a folder's renames last once put_sync_folder was called.
 */
int put_end(const char *path, struct error *err) _must_check_;
int put_sync_folder(const char *dir, struct error *err) _must_check_;

/* Removes the temporary, for when others failed. */
void put_cancel(const char *path);
