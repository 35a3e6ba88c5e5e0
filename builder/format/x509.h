/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys and X.509 certificates, by libcrypto. Nothing here knows Kubernetes;
 * which certificates a cluster has is pki's matter.
 *
 * Certificates follow RFC 5280 and look as kubeadm's do (client-go
 * util/cert and kubeadm util/pkiutil): critical keyUsage digitalSignature +
 * keyEncipherment, and keyCertSign for a CA; critical basicConstraints.
 *
 * A const struct key or struct cert may be used by several threads at once.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include <stdbool.h>
#include <time.h>

enum key_kind {
  KEY_KIND_P256,
  KEY_KIND_P384,
  KEY_KIND_RSA2048,
  KEY_KIND_RSA3072,
  KEY_KIND_RSA4096,
  KEY_KIND_OTHER /* of a key that was read */
};

struct key;  /* a key pair, or only its public half */
struct cert; /* an X.509 certificate */

/* What a certificate says. All pointers are borrowed. */
struct cert_profile {
  const char *common_name;
  const struct strv *organizations; /* NULL: none */
  bool is_ca;
  bool server;            /* extended key usage serverAuth */
  bool client;            /* extended key usage clientAuth */
  const struct strv *dns; /* subject alternative names; NULL: none */
  const struct strv *ips; /* IPv4 or IPv6 text; NULL: none */
  time_t not_before;
  time_t not_after;
};

/* A new random key, of any kind but OTHER; the caller key_free's. RSA takes a
 * tenth of a second with 2048 bits, and seconds with 4096. */
int key_generate(enum key_kind kind, struct key **ret,
                 struct error *err) _must_check_;

/*
 * Reads the first private key of a PEM text (PKCS#8, or the older RSA and EC
 * forms that kubeadm writes). One behind a pass phrase is an error; nothing is
 * asked for on the terminal.
 */
int key_parse(const char *pem, size_t len, struct key **ret,
              struct error *err) _must_check_;

/* Reads a "PUBLIC KEY" PEM text. */
int key_parse_public(const char *pem, size_t len, struct key **ret,
                     struct error *err) _must_check_;

/* Appends the private key as PKCS#8 PEM ("PRIVATE KEY") to out. */
int key_pem(const struct key *key, struct buf *out,
            struct error *err) _must_check_;

/* Appends the public key as SubjectPublicKeyInfo PEM ("PUBLIC KEY") to out. */
int key_public_pem(const struct key *key, struct buf *out,
                   struct error *err) _must_check_;

/* Whether both have the same public key. */
bool key_equal(const struct key *a, const struct key *b);

/* NULL is fine; private parts are overwritten. */
void key_free(struct key *key);

/*
 * Makes a certificate for subject's public key, signed by ca with ca_key
 * (SHA-256), and appends it as PEM to out; with ca NULL it signs itself with
 * subject. The serial number is 128 random bits.
 */
int cert_issue(const struct cert_profile *profile, const struct key *subject,
               const struct cert *ca, const struct key *ca_key, struct buf *out,
               struct error *err) _must_check_;

/*
 * Appends a request for a certificate as the profile says, but for its times,
 * to out (PKCS#10, RFC 2986), in PEM and signed with the key: for a CA whose
 * key is elsewhere.
 */
int cert_request(const struct cert_profile *profile, const struct key *key,
                 struct buf *out, struct error *err) _must_check_;

/* Whether two texts are requests for the same, whoever signed them when. */
bool cert_request_same(const struct buf *a, const struct buf *b);

/* Reads the first "CERTIFICATE" of a PEM text. */
int cert_parse(const char *pem, size_t len, struct cert **ret,
               struct error *err) _must_check_;

/* Appends it as PEM to out. */
int cert_pem(const struct cert *cert, struct buf *out,
             struct error *err) _must_check_;

/* Another hold on the same certificate; the caller cert_free's it as well. */
struct cert *cert_share(const struct cert *cert);

/* NULL is fine. */
void cert_free(struct cert *cert);

/* Whether key is the one the certificate was issued for. */
bool cert_has_key(const struct cert *cert, const struct key *key);

/*
 * Appends what a kubeconfig holds as base64 (see base/codec.h) to out; it must
 * be a PEM text.
 */
int pem_from_base64(const char *base64, struct buf *out,
                    struct error *err) _must_check_;

/* Whether basicConstraints and keyUsage let it sign certificates. */
bool cert_is_ca(const struct cert *cert);

/*
 * Fails, saying why, unless a certificate that somebody else made does for what
 * the profile is for: the same user and groups (CN and O; what else is in the
 * subject says nothing to Kubernetes), no CA, and at least its usages and
 * alternative names. One without any usage is for all, as Go's crypto/x509 has
 * it.
 */
int cert_serves(const struct cert *cert, const struct cert_profile *profile,
                struct error *err) _must_check_;

/*
 * Whether subject, CA flag, extended key usage and alternative names are the
 * profile's, names in the same order. Times are not compared.
 */
bool cert_matches(const struct cert *cert, const struct cert_profile *profile);

/*
 * Fails, saying why, unless ca signed cert and both are valid at that moment.
 * ca is trusted as it is: it may itself be an intermediate.
 */
int cert_verify(const struct cert *cert, const struct cert *ca, time_t at,
                struct error *err) _must_check_;

/* Whether it is an RSA key; else it is one of an elliptic curve. */
bool key_is_rsa(const struct key *key);

enum key_kind key_kind(const struct key *key);

/* NULL for what programs in Go sign with: RSA of 2048 bits or more, and ECDSA
 * on P-256, P-384 or P-521. Else the end of a sentence that begins with "the
 * key": "is of neither RSA nor ECDSA". */
const char *key_unfit(const struct key *key);

int cert_not_before(const struct cert *cert, time_t *ret,
                    struct error *err) _must_check_;
int cert_not_after(const struct cert *cert, time_t *ret,
                   struct error *err) _must_check_;

/* Whom it names, and who signed it, as "O=a, CN=b" (RFC 4514, in the order in
 * which it stands there); what a terminal obeys is escaped. The caller frees.
 */
char *cert_subject(const struct cert *cert);
char *cert_issuer(const struct cert *cert);

/* Adds its alternative names, DNS and addresses, to ret. */
void cert_alt_names(const struct cert *cert, struct strv *ret);

/* Room for "sha256:", 64 hex digits and NUL. */
#define CERT_HASH_TEXT 72

/*
 * SHA-256 of the DER SubjectPublicKeyInfo as "sha256:<hex>": what kubeadm pins
 * as caCertHashes and --discovery-token-ca-cert-hash.
 */
int cert_key_hash(const struct cert *cert, char out[static CERT_HASH_TEXT],
                  struct error *err) _must_check_;

static inline void cleanup_key(struct key **key) {
  key_free(*key);
}
#define _cleanup_key_ _cleanup_(cleanup_key)

static inline void cleanup_cert(struct cert **cert) {
  cert_free(*cert);
}
#define _cleanup_cert_ _cleanup_(cleanup_cert)
