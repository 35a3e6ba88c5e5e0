/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is on a seed's medium, and what a node would choke on: the other
 * direction of render.h, for media that may be anybody's. Nothing of a file's
 * content is kept but what stands below; secrets have their digest.
 */
#pragma once

#include "base/digest.h"
#include "base/json.h"
#include "format/certificates.h"
#include "medium/volume.h"
#include <stdio.h>
#include <time.h>

/* A file of the medium, or one that cloud-init lays down. */
struct content_file {
  char *path;
  char *owner;      /* NULL: cloud-init's default, root:root */
  unsigned mode;    /* cloud-init's default, 0644, unless it is told */
  bool secret;      /* nobody but its owner reads it, or it has a private key */
  const char *what; /* "private key", "kubeconfig", ...; "" */
  size_t len;
  char digest[SHA256_HEX];
};
DEFINE_VEC(content_file_vec, struct content_file);

struct contents {
  char *hostname, *instance; /* NULL: not told */
  struct strv users;         /* "debian: 1 SSH key, sudo" */
  struct strv cards;         /* "kube0: 02:..., 192.168.4.31/24" */
  struct strv steps;         /* of the first boot */
  struct content_file_vec files;
  struct certificate_vec certificates; /* where: the file's path */
  struct strv faults;
};

/* Cannot fail: whatever is wrong is a fault. now decides what has ended. */
void contents_read(const struct volume *v, time_t now, struct contents *ret);

/* As text, and as {"medium": {...}, "node": ..., "files": [...], ...}. The
 * caller json_decref's. */
void contents_print(const struct volume *v, const struct contents *c,
                    time_t now, FILE *out);
json_t *contents_json(const struct volume *v, const struct contents *c);

void contents_done(struct contents *c);
#define _cleanup_contents_ _cleanup_(contents_done)
