/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What lies in the store of images, whoever baked it and for whichever spec:
 *
 *   KEY-DIGEST.qcow2   an image; KEY says what it was made from, DIGEST is the
 *                      beginning of its SHA-256: a name says its content, and
 *                      what has a name is never changed
 *   KEY-DIGEST.json    what is in it, its size and whole SHA-256
 *   KEY-DIGEST.spdx.json  the same for programs that read SPDX
 *   KEY-DIGEST.users   see users.h
 *   KEY-DIGEST.raw     the same image with holes, for machine/rawdisk.h
 *   KEY.current        the name of the image that specs of KEY get today
 *   KEY.qcow2 .json    an image of kubeseed's first version, which was
 *                      replaced by the next one of its KEY, and of which
 *                      nobody noted who uses it
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/strv.h"
#include "image/users.h"
#include <stdint.h>
#include <time.h>

/* 16 hex digits and NUL. */
#define IMAGE_KEY 17

struct image_entry {
  char *name; /* without folder and ".qcow2" */
  char *path;
  char key[IMAGE_KEY];
  bool old;      /* of the first version */
  bool current;  /* what specs of its key get */
  uint64_t size; /* bytes it takes */
  time_t baked;
  /* As its manifest tells: NULL or 0 when that is not readable. */
  char *kubernetes; /* version */
  char *kernel;     /* "6.1.0-56-cloud-amd64" */
  int debian;       /* release */
  struct image_user_vec users;
};
DEFINE_VEC(image_entry_vec, struct image_entry);

/* The folder of the store; the caller frees. */
char *image_folder(void);

/* Whether name is KEY-DIGEST or KEY; then ret is its key. */
bool image_name_parse(const char *name, char ret[static IMAGE_KEY]);

/* The name in DIR/KEY.current, or that of an old image of KEY, or NULL; the
 * caller frees. Whether the image is there and whole is not looked at. */
char *image_current(const char *dir, const char *key);

/*
 * The SHA-256 that a manifest beside path tells of an image of its size;
 * false when there is none: then path is not of a store.
 */
bool image_content(const char *path, char ret[static SHA256_HEX]);

/*
 * Removes what killed runs left: a bake its work folder, a prune what belongs
 * to an image without the image, any run what has a temporary's name (see
 * base/file.h); of an image that disks lie on all stays, for it may be put
 * back. The caller holds the lock of key, if any; a bake that runs holds its
 * own. Nothing here is worth failing for.
 */
void image_sweep(const char *key);

/* All images in the store, by name; the caller image_entries_done's. */
int image_list(struct image_entry_vec *ret, struct error *err) _must_check_;

void image_entries_done(struct image_entry_vec *v);

/* How many overlays lie on it, or may do. */
size_t image_count_users(const struct image_entry *e);

/*
 * Removes the images that no overlay lies on, and what belongs to them, with
 * the last image of a key its log and lock; with names, only these, and then
 * also old ones, of which nobody can know. A name that is unknown or of an
 * image in use fails before anything is removed. What is being baked is left
 * alone.
 */
int image_prune(const struct log *log, const struct strv *names,
                struct error *err) _must_check_;
