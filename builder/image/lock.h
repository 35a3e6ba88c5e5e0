/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * payload.lock.json, beside the spec: what a payload was made of when it was
 * fetched first, so that it is made of the same again, or the difference is
 * named.
 *
 *   {"format": 1, "payloads": {
 *     "pkgs.k8s.io 1.34.2": {
 *       "etcd": "3.6.5",
 *       "containerd": {"debian 13": "1.7.24~ds1-6+b4"},
 *       "packages": {"kubeadm": {"version": "1.34.2-1.1", "sha256": "..."}},
 *       "images": {"registry.k8s.io/pause:3.10.1":
 *                    {"index": "sha256:...", "config": "sha256:..."}},
 *       "further": {"docker.io/library/busybox:1.36": {...}}}}}
 *
 * containerd is of the image, and noted when one is baked: Debian's version for
 * each of its releases, or the SHA-256 of image.containerd as "archive".
 *
 * Specs of one folder share it; each payload has its entry. In "further" are
 * the images that kubernetes.images of any of them names.
 */
#pragma once

#include "base/error.h"
#include "image/payload.h"
#include "spec/spec.h"
#include <jansson.h>

/* The file's name for this spec; the caller frees. */
char *lock_path(const struct spec *spec);

/* The entry called name, an object with objects "packages" and "images", and of
 * "further" what this spec names; NULL when there is none. A file that is no
 * lock, or says something else there, fails. The caller json_decref's. */
int lock_read(const struct spec *spec, const char *name, json_t **ret,
              struct error *err) _must_check_;

/* What the payload in p->dir, which is the spec's, is made of, from its
 * manifest. */
int lock_of(const struct spec *spec, const struct payload *p, json_t **ret,
            struct error *err) _must_check_;

/* Puts the entry into the file, beside those of other payloads, also of those
 * that another kubeseed notes at the same time. With keep it adds to the entry
 * that is there, as lock_keep does; one that says the same already is left
 * alone. */
int lock_write(const struct spec *spec, const char *name, json_t *entry,
               bool keep, struct error *err) _must_check_;

/* Notes in the entry called name, if there is one, that containerd is what in
 * images with that where. What is noted already stays; if it is something else,
 * ret_other is that, and NULL otherwise. The caller frees it. */
int lock_note_containerd(const struct spec *spec, const char *name,
                         const char *where, const char *what, char **ret_other,
                         struct error *err) _must_check_;

/* "kubeadm 1.34.2-1.1, cri-tools 1.34.0-1.1 ...; etcd 3.6.5; containerd 1.7.24
 * (debian 13)", for people; the caller frees. */
char *lock_describe(json_t *entry);

/* "kubeadm is 1.34.2-2.1 and not 1.34.2-1.1; ..."; NULL when found is as
 * wanted. Which images there are is no difference: it follows from the packages
 * and from the spec. The caller frees. */
char *lock_difference(json_t *wanted, json_t *found);

/* Gives found what the lock knows and found does not: of images what a registry
 * has of one that came from an archive this time, and those of other specs; and
 * containerd. */
void lock_keep(json_t *wanted, json_t *found);
