/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What kubernetes.payload may say, and what seeds must know of each: one row
 * for each name, and one for a folder, about which nothing is known before it
 * is read. How a payload is made or found is image/'s matter.
 */
#pragma once

#include <stdbool.h>

enum payload_kind { PAYLOAD_DEBIAN, PAYLOAD_FOLDER, PAYLOAD_UPSTREAM };

struct payload_facts {
  enum payload_kind kind;
  const char *name;    /* the word in the spec; NULL: a folder */
  const char *version; /* the only one that it has; NULL: any */
  const char
      *image_repository;      /* what its images are named; NULL: as upstream */
  const char *etcd_image_tag; /* of its etcd image; NULL: as upstream */
  bool coredns;               /* CoreDNS is among its images */
};

/* The facts about the payload a spec names; never NULL. */
const struct payload_facts *payload_facts(const char *payload);

/* Whether it can have this version of Kubernetes. */
bool payload_can_have(const struct payload_facts *facts, const char *version);

/* The payload for a Kubernetes version when the spec names none. */
const char *payload_default(const char *version);
