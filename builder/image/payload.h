/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload: the Kubernetes software an image carries, in a folder with a
 * manifest.json of versions, sizes and digests.
 *
 *   debs/          kubelet, kubeadm, kubectl
 *   images/        container images, one archive each
 *   manifest.json
 *
 * The payload "debian" is built from Debian's own source package by the
 * recipe images/payload-debian and kept in the user's cache folder
 * ($XDG_CACHE_HOME/kubeseed/payload/); a folder named in the spec is checked
 * and used where it is.
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/vec.h"
#include "spec/spec.h"
#include <stdint.h>

/* The one Kubernetes version that Debian 12's archive holds. */
#define PAYLOAD_DEBIAN_VERSION "1.20.2"

struct payload_file {
  char *path; /* relative to the payload's folder */
  uint64_t size;
  char sha256[SHA256_HEX];
};
DEFINE_VEC(payload_file_vec, struct payload_file);

struct payload_image {
  char *name; /* "kubeseed.internal/k8s/pause:3.2" */
  char *file; /* its archive, relative to the payload's folder */
};
DEFINE_VEC(payload_image_vec, struct payload_image);

struct payload {
  char *dir; /* absolute */
  char *kubernetes;
  char *etcd;
  char *pause_image; /* full name of the one in images */
  char *image_repository;
  char sha256[SHA256_HEX]; /* of manifest.json */
  struct payload_file_vec files;
  struct payload_image_vec images;
};

/* $XDG_CACHE_HOME/kubeseed or ~/.cache/kubeseed, and sub below it. */
char *payload_cache_path(const char *sub);

/*
 * Reads a manifest's text: pure. Paths must be plain names below the payload,
 * and every image must have its file. The caller payload_done's.
 */
int payload_parse(const char *text, size_t len, struct payload *ret,
                  struct error *err) _must_check_;

/* Reads dir/manifest.json; files are not looked at. */
int payload_open(const char *dir, struct payload *ret,
                 struct error *err) _must_check_;

/*
 * Compares every file's size and SHA-256 with the manifest, which must name
 * all that is in debs/ and images/.
 */
int payload_verify(const struct payload *p, struct error *err) _must_check_;

/*
 * A text that changes when the payload the spec wants changes, without
 * building it: digests of the recipe or of the folder's manifest. The caller
 * frees. Fails for a payload or version that is not to be had.
 */
int payload_identity(const struct spec *spec, char **ret,
                     struct error *err) _must_check_;

/*
 * Gives the spec's payload, built first where it must be, and verified. With
 * rebuild a payload in the cache is made anew. A damaged one is reported, not
 * replaced: what damaged it may damage the next one, and nothing here deletes
 * what took minutes to build without being asked.
 */
int payload_ensure(const struct log *log, const struct spec *spec, bool rebuild,
                   struct payload *ret, struct error *err) _must_check_;

/* Bytes of all files together. */
uint64_t payload_size(const struct payload *p);

void payload_done(struct payload *p);

#define _cleanup_payload_ _cleanup_(payload_done)
