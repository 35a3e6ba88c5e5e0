/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenSSH's formats for Ed25519 keys, so that nothing has to run ssh-keygen:
 * key files (openssh-portable PROTOCOL.key), certificates (PROTOCOL.certkeys)
 * and public key lines (sshd(8)). Pure functions: the same key gives the same
 * bytes, also where the format has a random field.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "format/crypto.h"
#include <stdbool.h>

/* A key pair; the seed is the secret. */
struct ssh_key {
  uint8_t seed[ED25519_KEY];
  uint8_t public[ED25519_KEY];
};

/* A new random pair. */
int sshkey_generate(struct ssh_key *ret, struct error *err) _must_check_;

/* The pair that belongs to a seed. */
int sshkey_from_seed(const uint8_t seed[static ED25519_KEY],
                     struct ssh_key *ret, struct error *err) _must_check_;

/*
 * Reads an "OPENSSH PRIVATE KEY" file. Other key types and keys with a pass
 * phrase are errors, and so is a public half that is not the seed's.
 */
int sshkey_parse(const char *text, size_t len, struct ssh_key *ret,
                 struct error *err) _must_check_;

/* Reads an "ssh-ed25519 AAAA... comment" line. */
int sshkey_parse_public(const char *line, uint8_t ret[static ED25519_KEY],
                        struct error *err) _must_check_;

/* Appends the private key file to out. */
void sshkey_private(const struct ssh_key *key, const char *comment,
                    struct buf *out);

/* Appends "ssh-ed25519 AAAA... comment\n"; comment must be one line. */
void sshkey_public_line(const uint8_t public[static ED25519_KEY],
                        const char *comment, struct buf *out);

/* What an OpenSSH certificate says. All pointers are borrowed. */
struct ssh_cert {
  bool host; /* for a host, else for a user */
  uint64_t serial;
  const char *key_id;            /* what logs call it; one line */
  const struct strv *principals; /* host or login names; at least one */
  uint64_t valid_after;          /* seconds since 1970 */
  uint64_t valid_before;         /* SSH_FOREVER: no end */
  /* For users; without these a login can only run a command. */
  bool permit_pty;
  bool permit_port_forwarding;
  const char *force_command; /* the only command allowed, or NULL */
};

#define SSH_FOREVER UINT64_MAX

/* A key that signs certificates. */
struct ssh_ca {
  struct ssh_key key;
  struct ed25519 *signer;
};

/* Opens the key for signing; the caller ssh_ca_done's ret. */
int ssh_ca_open(const struct ssh_key *key, struct ssh_ca *ret,
                struct error *err) _must_check_;

/*
 * Appends the certificate for the public key, signed by ca, as the line of a
 * "-cert.pub" file. Several threads may use the same ca.
 */
int sshkey_certify(const struct ssh_cert *cert,
                   const uint8_t public[static ED25519_KEY],
                   const struct ssh_ca *ca, struct buf *out,
                   struct error *err) _must_check_;

/* Overwrite the secret. */
void sshkey_done(struct ssh_key *key);
void ssh_ca_done(struct ssh_ca *ca);

#define _cleanup_ssh_key_ _cleanup_(sshkey_done)
#define _cleanup_ssh_ca_ _cleanup_(ssh_ca_done)
