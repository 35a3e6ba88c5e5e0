/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as an SSH key: as lines of authorized_keys, as a public key and as
 * a private one; what is read is the same again when it is written and read.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "format/authorized.h"
#include "format/sshkey.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool ok) {
  if (!ok)
    abort();
}

static void check_line(const char *text) {
  const char *why = NULL;
  enum authorized is = authorized_judge(text, &why);
  check((is == AUTHORIZED_GOOD) == !why);
}

static void check_public(const char *text) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf line = {0};
  uint8_t key[ED25519_KEY], back[ED25519_KEY];
  if (sshkey_parse_public(text, key, &err) < 0) {
    check(err.n_faults > 0);
    return;
  }
  sshkey_public_line(key, "c", &line);
  check(sshkey_parse_public(line.data, back, &err) == 0);
  check(memcmp(key, back, sizeof(key)) == 0);
}

static void check_private(const char *text, size_t len) {
  _cleanup_error_ struct error err = {0};
  _cleanup_buf_ struct buf file = {0};
  _cleanup_ssh_key_ struct ssh_key key = {0}, back = {0};
  if (sshkey_parse(text, len, &key, &err) < 0) {
    check(err.n_faults > 0);
    return;
  }
  sshkey_private(&key, "c", &file);
  check(sshkey_parse(file.data, file.len, &back, &err) == 0);
  check(memcmp(key.seed, back.seed, sizeof(key.seed)) == 0);
}

/* The input as what such a file has in base64. */
static void check_body(const uint8_t *data, size_t len) {
  _cleanup_buf_ struct buf file = {0};
  buf_adds(&file, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
  base64_encode(data, len, 0, &file);
  buf_adds(&file, "\n-----END OPENSSH PRIVATE KEY-----\n");
  check_private(file.data, file.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  _cleanup_free_ char *text = xstrndup((const char *)data, len);
  check_line(text);
  check_public(text);
  check_private(text, strlen(text));
  check_body(data, len);
  return 0;
}
