/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A spec's registries as the nodes' containerd and kubelet read them: a folder
 * of certs.d for each (containerd's docs/hosts.md), and the credentials of all
 * in the kubelet's config.json (kubernetes.io, "Pull an Image from a Private
 * Registry"), which any version hands to containerd with the images it wants.
 */
#pragma once

#include "spec/spec.h"

#define REGISTRY_ANY "*" /* the name that stands for all others */
#define REGISTRY_FOLDER "/etc/containerd/certs.d/"
#define REGISTRY_LOGINS "/var/lib/kubelet/config.json"

/* "docker.io", "registry.example:5000" or "*". */
#define REGISTRY_HOST_RULE                                                     \
  "a registry as images have it before the first '/', like docker.io or "      \
  "registry.example:5000, or '*' for all others"
#define REGISTRY_HOST_PATTERN "^(\\*|[A-Za-z0-9][-.A-Za-z0-9]*(:[0-9]{1,5})?)$"
bool registry_host_ok(const char *text);

#define REGISTRY_MIRROR_RULE                                                   \
  "an address like https://mirror.example:5000 or http://192.168.4.1/v2/hub"
#define REGISTRY_MIRROR_PATTERN                                                \
  "^https?://[A-Za-z0-9][-.A-Za-z0-9]*(:[0-9]{1,5})?"                          \
  "(/[a-z0-9]([-._a-z0-9]*[a-z0-9])?)*/?$"
bool registry_mirror_ok(const char *text);

/*
 * Makes s->registry_files of s->registries: hosts.toml whole, ca.crt and
 * config.json still without content (written is false), for who may read the
 * files that the spec names.
 */
void registries_plan(struct spec *s);

/* NULL for a text of certificates in PEM, or for a line "user:password"; else
 * what is wrong, to be put behind "it ". */
const char *registry_ca_fault(const char *text);
const char *registry_login_fault(const char *text);

/* Adds to out what REGISTRY_LOGINS has of one registry; text is such a line.
 * The first is added to an empty out, and registry_logins_end ends it. */
void registry_login_add(const char *name, const char *text, struct buf *out);
void registry_logins_end(struct buf *out);
