/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An export from its beginning to its end: what speaks against it is told
 * before anything is written, and a file of the user's is never replaced
 * unasked.
 */
#pragma once

#include "export/format.h"

/* Whether the folder job->dir can take the files: it, or what it is to be made
 * in, is a folder of ours to write, and has none of them, unless force is set.
 * Else a usage error. */
int export_check_files(const struct export_format *f,
                       const struct export_job *job, bool force,
                       struct error *err) _must_check_;

/* Looks at job->image and notes what is to be known of it. One that is too
 * large for a node's disk, or too small for an image of ours, is a usage
 * error; of one whose kernel lacks the drivers for the format's machines is
 * warned. */
int export_check_image(const struct export_format *f, struct export_job *job,
                       struct error *err) _must_check_;

/* Makes the folder, and the files in it. Fails (ERROR_MISSING) before that
 * when there is no room for them. */
int export_write(const struct export_format *f, const struct export_job *job,
                 struct error *err) _must_check_;
