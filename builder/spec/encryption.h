/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys by which API servers encrypt secrets before etcd has them, as the
 * state keeps them: a line "PROVIDER NAME KEY" for each, the key in base64, as
 * an EncryptionConfiguration of Kubernetes has them. What is written is
 * encrypted by the first; the others are for what was written before
 * (kubernetes.io/docs/tasks/administer-cluster/encrypt-data).
 */
#pragma once

#include "base/buf.h"
#include "base/vec.h"
#include "spec/words.h"
#include <stdint.h>

/* Their file below NAME.cluster/pki/ and on control-plane nodes. */
#define ENCRYPTION_KEYS "encryption.secret"
#define ENCRYPTION_CONFIG "/etc/kubeseed/encryption.yaml"

#define ENCRYPTION_MAX_KEYS 16
#define ENCRYPTION_KEY_BYTES 32

/* One line; name and key are in the text. */
struct encryption_key {
  enum encryption provider;
  const char *name, *key;
  size_t name_len, key_len;
};
DEFINE_VEC(encryption_key_vec, struct encryption_key);

/* Reads the lines of text, from which ret borrows. What is wrong with them, as
 * the end of a sentence, and never a part of a key; NULL when nothing is. The
 * caller frees ret->v in either case. */
const char *encryption_read(const char *text, struct encryption_key_vec *ret);

/* Adds the line of a first key; bytes are random. */
void encryption_line(enum encryption provider,
                     const uint8_t bytes[ENCRYPTION_KEY_BYTES],
                     struct buf *out);
