/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload: the Kubernetes software an image carries, in a folder with a
 * manifest.json of versions, sizes and digests.
 *
 *   debs/          kubelet, kubeadm, kubectl
 *   images/        container images, one archive each
 *   debian/        of a bundle: Debian's packages, see bundle.h
 *   manifest.json
 *
 * Where payloads come from is source.h's matter.
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "base/vec.h"
#include <stdbool.h>
#include <stdint.h>

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
  char *dir;    /* absolute */
  char *source; /* who made it: "debian", "pkgs.k8s.io", or NULL */
  char *kubernetes;
  char *etcd;
  char *pause_image; /* full name of the one in images */
  char *image_repository;
  char *architecture;      /* Debian's word, "amd64"; NULL: not told */
  char *debian;            /* of a bundle, "bookworm": whose packages it has */
  char sha256[SHA256_HEX]; /* of manifest.json */
  struct payload_file_vec files; /* by their paths */
  struct payload_image_vec images;
};

/*
 * Reads a manifest's text: pure. Paths must be plain names below the payload,
 * and every image must have its file. The caller payload_done's.
 */
int payload_parse(const char *text, size_t len, struct payload *ret,
                  struct error *err) _must_check_;

/* Whether its manifest names this file. */
bool payload_lists(const struct payload *p, const char *path);

/* Whether it is this version of Kubernetes. */
bool payload_is(const struct payload *p, const char *version);

/* Reads dir/manifest.json; files are not looked at. */
int payload_open(const char *dir, struct payload *ret,
                 struct error *err) _must_check_;

/*
 * Compares every file's size and SHA-256 with the manifest, which must name
 * all that is in debs/ and images/.
 */
int payload_verify(const struct payload *p, struct error *err) _must_check_;

/* Whether it is what etcd on the nodes is from: it has an image of it, and was
 * not made of Debian's package, which fits Debian better. */
bool payload_has_etcd(const struct payload *p);

/* Whether its images' layers are compressed, as registries have them. */
bool payload_is_packed(const struct payload *p);

/* Whether it has all Debian packages of an image as well, in debian/ with an
 * index of them: what a bundle (bundle.h) holds. */
bool payload_has_debian(const struct payload *p);

/* Bytes of all files together, but for those in debian/. */
uint64_t payload_size(const struct payload *p);

void payload_done(struct payload *p);

#define _cleanup_payload_ _cleanup_(payload_done)
