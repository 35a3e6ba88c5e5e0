/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who uses an image: beside NAME.qcow2 of the store lies NAME.users, a line for
 * each overlay that was made on it, in whichever state folder. A line is
 * written before its overlay is, and removed after it, so that none is unknown;
 * what overlays really lie on is read from themselves. One that is missing with
 * its line still there was not removed by kubeseed: its folder may have another
 * name now. users.lock guards all lists of a folder.
 *
 *   FSID PATH     FSID: the file system that held PATH's folder, in hex
 */
#pragma once

#include "base/error.h"
#include "base/vec.h"

enum image_user_state {
  IMAGE_USED,   /* the overlay lies on the image, or cannot be looked at */
  IMAGE_AWAY,   /* its file system is not mounted, or has no id by which to
                 * know: it counts as used */
  IMAGE_MISSED, /* it was deleted or moved, not by us: counts unless named */
  IMAGE_LEFT,   /* it lies on another image */
};

struct image_user {
  char *overlay; /* absolute path */
  enum image_user_state state;
};
DEFINE_VEC(image_user_vec, struct image_user);

void image_users_done(struct image_user_vec *v);

/* Waits for the lock of the lists beside image; closing ret_fd frees it. */
int image_users_lock(const char *image, int *ret_fd,
                     struct error *err) _must_check_;

/*
 * Notes that overlay, an absolute path whose folder exists, lies on image or
 * soon will; a note of it that is there gets today's file system. With the lock
 * held until the overlay is made, nobody can remove the image meanwhile. Fails
 * when the image is gone.
 */
int image_users_add(const char *image, const char *overlay,
                    struct error *err) _must_check_;

/* Takes the note back, once the overlay is removed or lies on another image;
 * takes the lock. Without a note there is nothing to do. */
int image_users_remove(const char *image, const char *overlay,
                       struct error *err) _must_check_;

/*
 * All that are noted, and what has become of them; looks at each. The
 * caller image_users_done's. No list is an empty one.
 */
int image_users_read(const char *image, struct image_user_vec *ret,
                     struct error *err) _must_check_;
