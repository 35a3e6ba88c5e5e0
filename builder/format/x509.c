/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/x509.h"

#include "base/codec.h"
#include "base/digest.h"
#include "base/mem.h"
#include "format/crypto.h"
#include "format/libcrypto.h"
#include "format/p256.h"
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

struct key {
  EVP_PKEY *pkey;
};

struct cert {
  X509 *x509;
};

DEFINE_CLEANUP(ASN1_BIT_STRING, ASN1_BIT_STRING_free);
DEFINE_CLEANUP(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free);
DEFINE_CLEANUP(AUTHORITY_KEYID, AUTHORITY_KEYID_free);
DEFINE_CLEANUP(BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free);
DEFINE_CLEANUP(BIGNUM, BN_clear_free);
DEFINE_CLEANUP(BIO, BIO_free_all);
DEFINE_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
DEFINE_CLEANUP(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free);
DEFINE_CLEANUP(GENERAL_NAMES, GENERAL_NAMES_free);
DEFINE_CLEANUP(OSSL_PARAM, OSSL_PARAM_free);
DEFINE_CLEANUP(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
DEFINE_CLEANUP(X509, X509_free);
DEFINE_CLEANUP(X509_NAME, X509_NAME_free);
DEFINE_CLEANUP(X509_REQ, X509_REQ_free);
DEFINE_CLEANUP(X509_STORE, X509_STORE_free);
DEFINE_CLEANUP(X509_STORE_CTX, X509_STORE_CTX_free);

/* Takes pkey. */
static struct key *key_wrap(EVP_PKEY *pkey) {
  struct key *key = xcalloc(1, sizeof(*key));
  key->pkey = pkey;
  return key;
}

/* Takes x509. */
static struct cert *cert_wrap(X509 *x509) {
  struct cert *cert = xcalloc(1, sizeof(*cert));
  cert->x509 = x509;
  return cert;
}

static const struct {
  int bits;          /* of RSA; 0: on the curve */
  const char *curve; /* as NIST calls it */
  const char *group; /* as libcrypto does */
} kinds[] = {
    [KEY_KIND_P256] = {0, "P-256", SN_X9_62_prime256v1},
    [KEY_KIND_P384] = {0, "P-384", SN_secp384r1},
    [KEY_KIND_RSA2048] = {2048, NULL, NULL},
    [KEY_KIND_RSA3072] = {3072, NULL, NULL},
    [KEY_KIND_RSA4096] = {4096, NULL, NULL},
};

int key_generate(enum key_kind kind, struct key **ret, struct error *err) {
  EVP_PKEY *pkey =
      kinds[kind].bits
          ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)kinds[kind].bits)
          : EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[kind].curve);
  if (!pkey)
    return crypto_error(err, "cannot make a key");
  *ret = key_wrap(pkey);
  return 0;
}

/* --- P-256, see p256.h -------------------------------------------------- */

static bool is_p256(const struct key *key) {
  char group[32];
  return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL) == 1 &&
         strcmp(group, SN_X9_62_prime256v1) == 0;
}

/* False for keys of other kinds. */
static bool p256_point(const struct key *key, uint8_t ret[static P256_POINT]) {
  size_t len = 0;
  return is_p256(key) &&
         EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY,
                                         ret, P256_POINT, &len) == 1 &&
         len == P256_POINT;
}

/* The same for keys with a private half. */
static bool p256_both(const struct key *key, struct p256 *ret) {
  _auto_(BIGNUM) *scalar = NULL;
  return p256_point(key, ret->point) &&
         EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) ==
             1 &&
         BN_bn2binpad(scalar, ret->scalar, P256_SCALAR) == P256_SCALAR;
}

/* NULL when these are no key; scalar may be NULL. */
static EVP_PKEY *p256_open(const uint8_t point[static P256_POINT],
                           const BIGNUM *scalar) {
  _auto_(OSSL_PARAM_BLD) *bld = OSSL_PARAM_BLD_new();
  if (!bld ||
      !OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
                                       SN_X9_62_prime256v1, 0) ||
      !OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point,
                                        P256_POINT) ||
      (scalar &&
       !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, scalar)))
    return NULL;
  _auto_(OSSL_PARAM) *params = OSSL_PARAM_BLD_to_param(bld);
  _auto_(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  int parts = scalar ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  EVP_PKEY *pkey = NULL;
  if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
      EVP_PKEY_fromdata(ctx, &pkey, parts, params) == 1)
    return pkey;
  return NULL;
}

/* Of our own form; NULL for any other, and for what is wrong. */
static EVP_PKEY *p256_parse_private(const char *pem, size_t len) {
  _cleanup_p256_ struct p256 raw = {0};
  /* Secure, so that the builder keeps its copy in memory that is wiped. */
  _auto_(BIGNUM) *scalar = BN_secure_new();
  EVP_PKEY *pkey = NULL;
  if (scalar && p256_read_private(pem, len, &raw) &&
      BN_bin2bn(raw.scalar, P256_SCALAR, scalar))
    pkey = p256_open(raw.point, scalar);
  ERR_clear_error();
  return pkey;
}

static EVP_PKEY *p256_parse_public(const char *pem, size_t len) {
  uint8_t point[P256_POINT];
  EVP_PKEY *pkey =
      p256_read_public(pem, len, point) ? p256_open(point, NULL) : NULL;
  ERR_clear_error();
  return pkey;
}

/* --- keys ---------------------------------------------------------------- */

/* Keeps libcrypto from asking for a pass phrase on the terminal. */
static int no_pass_phrase(char *buf, int size, int writing, void *arg) {
  (void)buf;
  (void)size;
  (void)writing;
  (void)arg;
  return -1;
}

static BIO *bio_over(const char *text, size_t len) {
  return len > INT_MAX ? NULL : BIO_new_mem_buf(text, (int)len);
}

static EVP_PKEY *parse_private(const char *pem, size_t len) {
  _auto_(BIO) *bio = bio_over(pem, len);
  return bio ? PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL) : NULL;
}

int key_parse(const char *pem, size_t len, struct key **ret,
              struct error *err) {
  EVP_PKEY *pkey = p256_parse_private(pem, len);
  if (!pkey)
    pkey = parse_private(pem, len);
  if (!pkey)
    return crypto_error(err, "not a private key in PEM without pass phrase");
  *ret = key_wrap(pkey);
  return 0;
}

int key_parse_public(const char *pem, size_t len, struct key **ret,
                     struct error *err) {
  _auto_(BIO) *bio = bio_over(pem, len);
  EVP_PKEY *pkey = p256_parse_public(pem, len);
  if (!pkey && bio)
    pkey = PEM_read_bio_PUBKEY(bio, NULL, no_pass_phrase, NULL);
  if (!pkey)
    return crypto_error(err, "not a public key in PEM");
  *ret = key_wrap(pkey);
  return 0;
}

/* Memory BIOs overwrite what they held, as struct buf does. */
static int bio_to_buf(BIO *bio, struct buf *out, struct error *err) {
  char *data = NULL;
  long len = BIO_get_mem_data(bio, &data);
  if (len <= 0 || !data)
    return crypto_error(err, "cannot write PEM");
  buf_add(out, data, (size_t)len);
  return 0;
}

int key_pem(const struct key *key, struct buf *out, struct error *err) {
  _cleanup_p256_ struct p256 raw = {0};
  if (p256_both(key, &raw)) {
    p256_private_pem(&raw, out);
    return 0;
  }
  ERR_clear_error();
  _auto_(BIO) *bio = BIO_new(BIO_s_mem());
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL,
                                            NULL) != 1)
    return crypto_error(err, "cannot write a private key");
  return bio_to_buf(bio, out, err);
}

int key_public_pem(const struct key *key, struct buf *out, struct error *err) {
  uint8_t point[P256_POINT];
  if (p256_point(key, point)) {
    p256_public_pem(point, out);
    return 0;
  }
  ERR_clear_error();
  _auto_(BIO) *bio = BIO_new(BIO_s_mem());
  if (!bio || PEM_write_bio_PUBKEY(bio, key->pkey) != 1)
    return crypto_error(err, "cannot write a public key");
  return bio_to_buf(bio, out, err);
}

bool key_equal(const struct key *a, const struct key *b) {
  bool same = EVP_PKEY_eq(a->pkey, b->pkey) == 1;
  ERR_clear_error();
  return same;
}

bool key_is_rsa(const struct key *key) {
  return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA;
}

enum key_kind key_kind(const struct key *key) {
  char group[32] = "";
  bool rsa = key_is_rsa(key);
  if (!rsa)
    (void)EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL);
  for (int i = 0; i < KEY_KIND_OTHER; i++)
    if (rsa ? EVP_PKEY_get_bits(key->pkey) == kinds[i].bits
            : kinds[i].group && strcmp(group, kinds[i].group) == 0)
      return (enum key_kind)i;
  return KEY_KIND_OTHER;
}

const char *key_unfit(const struct key *key) {
  char group[32] = "";
  int kind = EVP_PKEY_get_base_id(key->pkey);
  if (kind == EVP_PKEY_RSA)
    return EVP_PKEY_get_bits(key->pkey) < 2048
               ? "has too few bits; RSA takes 2048 or more"
               : NULL;
  if (kind != EVP_PKEY_EC)
    return "is of neither RSA nor ECDSA";
  (void)EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL);
  ERR_clear_error();
  return strcmp(group, SN_X9_62_prime256v1) == 0 ||
                 strcmp(group, SN_secp384r1) == 0 ||
                 strcmp(group, SN_secp521r1) == 0
             ? NULL
             : "is on none of the curves P-256, P-384 and P-521";
}

void key_free(struct key *key) {
  if (!key)
    return;
  EVP_PKEY_free(key->pkey);
  free(key);
}

/* --- what goes into a certificate ------------------------------------- */

/* RFC 5280 4.1.2.2: positive, unique per CA, at most 20 octets. */
static int set_serial(X509 *x, struct error *err) {
  uint8_t raw[16];
  if (random_bytes(raw, sizeof(raw), err) < 0)
    return -1;
  raw[0] |= 1; /* never 0 */
  _auto_(BIGNUM) *bn = BN_bin2bn(raw, sizeof(raw), NULL);
  if (!bn || !BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)))
    return crypto_error(err, "cannot set a serial number");
  return 0;
}

static int name_add(X509_NAME *name, int nid, const char *text) {
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                    (const unsigned char *)text, -1, -1, 0);
}

/* O before CN, as Go writes names. NULL on failure. */
static X509_NAME *make_name(const struct cert_profile *p) {
  _auto_(X509_NAME) *name = X509_NAME_new();
  if (!name)
    return NULL;
  for (size_t i = 0; p->organizations && i < p->organizations->n; i++)
    if (name_add(name, NID_organizationName, p->organizations->v[i]) != 1)
      return NULL;
  if (name_add(name, NID_commonName, p->common_name) != 1)
    return NULL;
  return TAKE_PTR(name);
}

static bool push_dns(GENERAL_NAMES *names, const char *text) {
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_IA5STRING *value = ASN1_IA5STRING_new();
  if (!name || !value || ASN1_STRING_set(value, text, -1) != 1) {
    GENERAL_NAME_free(name);
    ASN1_IA5STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, GEN_DNS, value);
  if (sk_GENERAL_NAME_push(names, name) > 0)
    return true;
  GENERAL_NAME_free(name);
  return false;
}

static bool push_ip(GENERAL_NAMES *names, const char *text) {
  GENERAL_NAME *name = GENERAL_NAME_new();
  ASN1_OCTET_STRING *value = a2i_IPADDRESS(text);
  if (!name || !value) {
    GENERAL_NAME_free(name);
    ASN1_OCTET_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(name, GEN_IPADD, value);
  if (sk_GENERAL_NAME_push(names, name) > 0)
    return true;
  GENERAL_NAME_free(name);
  return false;
}

/* RFC 5280 4.2.1.6. An empty list when there are none; NULL on failure. */
static GENERAL_NAMES *make_names(const struct cert_profile *p) {
  _auto_(GENERAL_NAMES) *names = GENERAL_NAMES_new();
  if (!names)
    return NULL;
  for (size_t i = 0; p->dns && i < p->dns->n; i++)
    if (!push_dns(names, p->dns->v[i]))
      return NULL;
  for (size_t i = 0; p->ips && i < p->ips->n; i++)
    if (!push_ip(names, p->ips->v[i]))
      return NULL;
  return TAKE_PTR(names);
}

static bool add_basic_constraints(X509 *x, bool is_ca) {
  _auto_(BASIC_CONSTRAINTS) *bc = BASIC_CONSTRAINTS_new();
  if (!bc)
    return false;
  bc->ca = is_ca ? 0xff : 0;
  return X509_add1_ext_i2d(x, NID_basic_constraints, bc, 1, 0) == 1;
}

static bool add_key_usage(X509 *x, bool is_ca) {
  enum { DIGITAL_SIGNATURE = 0, KEY_ENCIPHERMENT = 2, KEY_CERT_SIGN = 5 };
  _auto_(ASN1_BIT_STRING) *bits = ASN1_BIT_STRING_new();
  return bits && ASN1_BIT_STRING_set_bit(bits, DIGITAL_SIGNATURE, 1) &&
         ASN1_BIT_STRING_set_bit(bits, KEY_ENCIPHERMENT, 1) &&
         (!is_ca || ASN1_BIT_STRING_set_bit(bits, KEY_CERT_SIGN, 1)) &&
         X509_add1_ext_i2d(x, NID_key_usage, bits, 1, 0) == 1;
}

static bool add_ext_key_usage(X509 *x, const struct cert_profile *p) {
  if (!p->server && !p->client)
    return true;
  _auto_(EXTENDED_KEY_USAGE) *usage = EXTENDED_KEY_USAGE_new();
  if (!usage)
    return false;
  /* OBJ_nid2obj gives static objects: pushing cannot leak them. */
  if (p->server &&
      sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_server_auth)) <= 0)
    return false;
  if (p->client &&
      sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_client_auth)) <= 0)
    return false;
  return X509_add1_ext_i2d(x, NID_ext_key_usage, usage, 0, 0) == 1;
}

/* RFC 7093 section 2 (1): the leftmost 160 bits of SHA-256 of the key. */
static bool add_subject_key_id(X509 *x) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned len = 0;
  _auto_(ASN1_OCTET_STRING) *id = ASN1_OCTET_STRING_new();
  return id && X509_pubkey_digest(x, EVP_sha256(), digest, &len) == 1 &&
         ASN1_OCTET_STRING_set(id, digest, 20) == 1 &&
         X509_add1_ext_i2d(x, NID_subject_key_identifier, id, 0, 0) == 1;
}

/* RFC 5280 4.2.1.1; a self-signed certificate does without. */
static bool add_authority_key_id(X509 *x, const struct cert *ca) {
  const ASN1_OCTET_STRING *id = ca ? X509_get0_subject_key_id(ca->x509) : NULL;
  if (!id)
    return true;
  _auto_(AUTHORITY_KEYID) *aki = AUTHORITY_KEYID_new();
  if (!aki)
    return false;
  aki->keyid = ASN1_OCTET_STRING_dup(id);
  return aki->keyid &&
         X509_add1_ext_i2d(x, NID_authority_key_identifier, aki, 0, 0) == 1;
}

static bool add_alt_names(X509 *x, const struct cert_profile *p) {
  _auto_(GENERAL_NAMES) *names = make_names(p);
  if (!names)
    return false;
  return sk_GENERAL_NAME_num(names) == 0 ||
         X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0) == 1;
}

static bool add_extensions(X509 *x, const struct cert_profile *p,
                           const struct cert *ca) {
  return add_key_usage(x, p->is_ca) && add_ext_key_usage(x, p) &&
         add_basic_constraints(x, p->is_ca) && add_subject_key_id(x) &&
         add_authority_key_id(x, ca) && add_alt_names(x, p);
}

/* X509_set_pubkey writes and reads the key once more, see p256.h. */
static bool set_key(X509 *x, const struct key *key) {
  uint8_t point[P256_POINT];
  if (!p256_point(key, point))
    return X509_set_pubkey(x, key->pkey) == 1;
  uint8_t *copy = OPENSSL_memdup(point, sizeof(point));
  if (copy && X509_PUBKEY_set0_param(
                  X509_get_X509_PUBKEY(x),
                  OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                  OBJ_nid2obj(NID_X9_62_prime256v1), copy, sizeof(point)) == 1)
    return true;
  OPENSSL_free(copy);
  return false;
}

int cert_issue(const struct cert_profile *profile, const struct key *subject,
               const struct cert *ca, const struct key *ca_key, struct buf *out,
               struct error *err) {
  _auto_(X509) *x = X509_new();
  _auto_(X509_NAME) *name = make_name(profile);
  if (!x || !name || X509_set_version(x, X509_VERSION_3) != 1 ||
      X509_set_subject_name(x, name) != 1 ||
      X509_set_issuer_name(x, ca ? X509_get_subject_name(ca->x509) : name) !=
          1 ||
      !ASN1_TIME_set(X509_getm_notBefore(x), profile->not_before) ||
      !ASN1_TIME_set(X509_getm_notAfter(x), profile->not_after) ||
      !set_key(x, subject))
    return crypto_error(err, "cannot fill the certificate of '%s'",
                        profile->common_name);
  if (set_serial(x, err) < 0)
    return -1;
  if (!add_extensions(x, profile, ca))
    return crypto_error(err, "cannot extend the certificate of '%s'",
                        profile->common_name);
  if (X509_sign(x, ca ? ca_key->pkey : subject->pkey, EVP_sha256()) == 0)
    return crypto_error(err, "cannot sign the certificate of '%s'",
                        profile->common_name);
  _auto_(BIO) *bio = BIO_new(BIO_s_mem());
  if (!bio || PEM_write_bio_X509(bio, x) != 1)
    return crypto_error(err, "cannot write a certificate");
  return bio_to_buf(bio, out, err);
}

int cert_parse(const char *pem, size_t len, struct cert **ret,
               struct error *err) {
  _auto_(BIO) *bio = bio_over(pem, len);
  X509 *x = bio ? PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL) : NULL;
  if (!x)
    return crypto_error(err, "not a certificate in PEM");
  *ret = cert_wrap(x);
  return 0;
}

int cert_pem(const struct cert *cert, struct buf *out, struct error *err) {
  _auto_(BIO) *bio = BIO_new(BIO_s_mem());
  if (!bio || PEM_write_bio_X509(bio, cert->x509) != 1)
    return crypto_error(err, "cannot write a certificate");
  return bio_to_buf(bio, out, err);
}

struct cert *cert_share(const struct cert *cert) {
  if (X509_up_ref(cert->x509) != 1)
    abort(); /* it only counts */
  return cert_wrap(cert->x509);
}

void cert_free(struct cert *cert) {
  if (!cert)
    return;
  X509_free(cert->x509);
  free(cert);
}

/* --- requests ------------------------------------------------------------ */

int cert_request(const struct cert_profile *profile, const struct key *key,
                 struct buf *out, struct error *err) {
  _auto_(X509_REQ) *req = X509_REQ_new();
  _auto_(X509) *x = X509_new(); /* which only carries the extensions */
  _auto_(X509_NAME) *name = make_name(profile);
  _auto_(BIO) *bio = BIO_new(BIO_s_mem());
  if (!req || !x || !name || !bio ||
      X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_subject_name(req, name) != 1 ||
      X509_REQ_set_pubkey(req, key->pkey) != 1 ||
      !add_key_usage(x, profile->is_ca) || !add_ext_key_usage(x, profile) ||
      !add_basic_constraints(x, profile->is_ca) || !add_alt_names(x, profile) ||
      X509_REQ_add_extensions(
          req, (STACK_OF(X509_EXTENSION) *)X509_get0_extensions(x)) != 1 ||
      X509_REQ_sign(req, key->pkey, EVP_sha256()) == 0 ||
      PEM_write_bio_X509_REQ(bio, req) != 1)
    return crypto_error(err, "cannot make the request of '%s'",
                        profile->common_name);
  return bio_to_buf(bio, out, err);
}

static X509_REQ *read_request(const char *pem, size_t len) {
  _auto_(BIO) *bio = bio_over(pem, len);
  return bio ? PEM_read_bio_X509_REQ(bio, NULL, no_pass_phrase, NULL) : NULL;
}

bool cert_request_same(const struct buf *a, const struct buf *b) {
  _auto_(X509_REQ) *x = read_request(a->data, a->len);
  _auto_(X509_REQ) *y = read_request(b->data, b->len);
  unsigned char *dx = NULL, *dy = NULL;
  int nx = x ? i2d_re_X509_REQ_tbs(x, &dx) : 0;
  int ny = y ? i2d_re_X509_REQ_tbs(y, &dy) : 0;
  bool same = nx > 0 && nx == ny && memcmp(dx, dy, (size_t)nx) == 0;
  OPENSSL_free(dx);
  OPENSSL_free(dy);
  ERR_clear_error();
  return same;
}

/* --- questions to a certificate ---------------------------------------- */

bool cert_has_key(const struct cert *cert, const struct key *key) {
  EVP_PKEY *own = X509_get0_pubkey(cert->x509);
  bool same = own && EVP_PKEY_eq(own, key->pkey) == 1;
  ERR_clear_error();
  return same;
}

bool cert_is_ca(const struct cert *cert) {
  /* 1 is "a CA by basicConstraints"; higher values are guesses. */
  bool ca = X509_check_ca(cert->x509) == 1;
  return ca && (X509_get_key_usage(cert->x509) & KU_KEY_CERT_SIGN) != 0;
}

static bool same_names(const X509 *x, const struct cert_profile *p) {
  _auto_(GENERAL_NAMES) *wanted = make_names(p);
  _auto_(GENERAL_NAMES) *have =
      X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
  if (!wanted)
    return false;
  int n = sk_GENERAL_NAME_num(wanted);
  if (!have)
    return n == 0;
  if (n != sk_GENERAL_NAME_num(have))
    return false;
  for (int i = 0; i < n; i++)
    if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(wanted, i),
                         sk_GENERAL_NAME_value(have, i)) != 0)
      return false;
  return true;
}

/* X509_get_extended_key_usage answers UINT32_MAX when there is none. */
static uint32_t ext_key_usage(X509 *x) {
  uint32_t usage = X509_get_extended_key_usage(x);
  return usage == UINT32_MAX ? 0 : usage;
}

bool cert_matches(const struct cert *cert, const struct cert_profile *profile) {
  _auto_(X509_NAME) *name = make_name(profile);
  uint32_t usage = (profile->server ? XKU_SSL_SERVER : 0u) |
                   (profile->client ? XKU_SSL_CLIENT : 0u);
  bool same =
      name && X509_NAME_cmp(name, X509_get_subject_name(cert->x509)) == 0 &&
      cert_is_ca(cert) == profile->is_ca &&
      ext_key_usage(cert->x509) == usage && same_names(cert->x509, profile);
  ERR_clear_error();
  return same;
}

/* How many of this kind the name has. */
static int count_entries(const X509_NAME *name, int nid) {
  int n = 0;
  for (int i = -1; (i = X509_NAME_get_index_by_NID(name, nid, i)) >= 0;)
    n++;
  return n;
}

static bool has_entry(const X509_NAME *name, int nid, const char *text) {
  for (int i = -1; (i = X509_NAME_get_index_by_NID(name, nid, i)) >= 0;) {
    const ASN1_STRING *v =
        X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
    if ((size_t)ASN1_STRING_length(v) == strlen(text) &&
        memcmp(ASN1_STRING_get0_data(v), text, strlen(text)) == 0)
      return true;
  }
  return false;
}

/* Whom the API server takes its bearer for: CN is the user, each O a group. */
static bool same_user(const X509 *x, const struct cert_profile *p) {
  const X509_NAME *name = X509_get_subject_name(x);
  int n = p->organizations ? (int)p->organizations->n : 0;
  if (count_entries(name, NID_commonName) != 1 ||
      count_entries(name, NID_organizationName) != n ||
      !has_entry(name, NID_commonName, p->common_name))
    return false;
  for (int i = 0; i < n; i++)
    if (!has_entry(name, NID_organizationName, p->organizations->v[i]))
      return false;
  return true;
}

/* The first name of the profile that the certificate has not; NULL: none. */
static const char *missing_name(const struct cert *cert,
                                const struct cert_profile *p) {
  const struct strv *lists[] = {p->dns, p->ips};
  _cleanup_strv_ struct strv have = {0};
  cert_alt_names(cert, &have);
  for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
    for (size_t i = 0; lists[l] && i < lists[l]->n; i++)
      if (!strv_has(&have, lists[l]->v[i]))
        return lists[l]->v[i];
  return NULL;
}

int cert_serves(const struct cert *cert, const struct cert_profile *profile,
                struct error *err) {
  uint32_t usage = (profile->server ? XKU_SSL_SERVER : 0u) |
                   (profile->client ? XKU_SSL_CLIENT : 0u);
  uint32_t has = X509_get_extended_key_usage(cert->x509);
  uint32_t use = X509_get_key_usage(cert->x509);
  const char *missing = missing_name(cert, profile);
  bool ca = cert_is_ca(cert), same = same_user(cert->x509, profile);
  _cleanup_free_ char *subject = cert_subject(cert);
  ERR_clear_error();
  if (ca)
    return error_set(err, 0, "it is a CA's");
  if (!same)
    return error_set(err, 0,
                     "it is for '%s': CN must be '%s', and each O a group of "
                     "the request, with no other",
                     subject, profile->common_name);
  if (missing)
    return error_set(err, 0, "the alternative name %s is not in it", missing);
  if ((has & usage) != usage)
    return error_set(err, 0, "its extended key usage lacks %s",
                     (usage & ~has) & XKU_SSL_SERVER ? "serverAuth"
                                                     : "clientAuth");
  if (!(use & KU_DIGITAL_SIGNATURE))
    return error_set(err, 0, "its key usage lacks digitalSignature");
  return 0;
}

int cert_verify(const struct cert *cert, const struct cert *ca, time_t at,
                struct error *err) {
  _auto_(X509_STORE) *store = X509_STORE_new();
  _auto_(X509_STORE_CTX) *ctx = X509_STORE_CTX_new();
  if (!store || !ctx || X509_STORE_add_cert(store, ca->x509) != 1 ||
      X509_STORE_CTX_init(ctx, store, cert->x509, NULL) != 1)
    return crypto_error(err, "cannot verify a certificate");
  X509_STORE_CTX_set_time(ctx, 0, at);
  X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
  int r = X509_verify_cert(ctx);
  int code = X509_STORE_CTX_get_error(ctx);
  ERR_clear_error();
  if (r == 1)
    return 0;
  return error_set(err, 0, "the certificate does not verify: %s",
                   X509_verify_cert_error_string(code));
}

static int read_time(const ASN1_TIME *time, time_t *ret, struct error *err) {
  struct tm tm;
  if (ASN1_TIME_to_tm(time, &tm) != 1)
    return crypto_error(err, "cannot read from when to when a certificate is "
                             "valid");
  *ret = timegm(&tm);
  return 0;
}

int cert_not_before(const struct cert *cert, time_t *ret, struct error *err) {
  return read_time(X509_get0_notBefore(cert->x509), ret, err);
}

int cert_not_after(const struct cert *cert, time_t *ret, struct error *err) {
  return read_time(X509_get0_notAfter(cert->x509), ret, err);
}

int cert_key_hash(const struct cert *cert, char out[static CERT_HASH_TEXT],
                  struct error *err) {
  unsigned char *der = NULL;
  int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->x509), &der);
  if (len <= 0)
    return crypto_error(err, "cannot encode a public key");
  char hex[SHA256_HEX];
  sha256_hex(der, (size_t)len, hex);
  OPENSSL_free(der);
  (void)snprintf(out, CERT_HASH_TEXT, "sha256:%s", hex);
  return 0;
}

int pem_from_base64(const char *base64, struct buf *out, struct error *err) {
  static const char begin[] = "-----BEGIN ";
  _cleanup_buf_ struct buf text = {0};
  if (!base64_decode(base64, strlen(base64), &text) ||
      text.len < strlen(begin) || memcmp(text.data, begin, strlen(begin)) != 0)
    return error_set(err, 0,
                     "there is no PEM text in base64 where one must be");
  buf_add(out, text.data, text.len);
  return 0;
}

/* --- what it says, in words -------------------------------------------- */

static char *name_text(const X509_NAME *name) {
  _cleanup_buf_ struct buf b = {0};
  _cleanup_error_ struct error ignored = {0};
  _auto_(BIO) *bio = BIO_new(BIO_s_mem());
  /* Bytes that are no ASCII are escaped as well. */
  if (bio && X509_NAME_print_ex(bio, name, 0,
                                (XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ) |
                                    ASN1_STRFLGS_ESC_MSB) >= 0)
    (void)bio_to_buf(bio, &b, &ignored);
  ERR_clear_error();
  return buf_take(&b);
}

char *cert_subject(const struct cert *cert) {
  return name_text(X509_get_subject_name(cert->x509));
}

char *cert_issuer(const struct cert *cert) {
  return name_text(X509_get_issuer_name(cert->x509));
}

void cert_alt_names(const struct cert *cert, struct strv *ret) {
  _auto_(GENERAL_NAMES) *names =
      X509_get_ext_d2i(cert->x509, NID_subject_alt_name, NULL, NULL);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
    int type;
    char text[INET6_ADDRSTRLEN];
    const ASN1_STRING *v =
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    const unsigned char *data = ASN1_STRING_get0_data(v);
    int len = ASN1_STRING_length(v);
    if (type == GEN_DNS)
      strv_pushf(ret, "%.*s", len, (const char *)data);
    else if (type == GEN_IPADD && (len == 4 || len == 16) &&
             inet_ntop(len == 4 ? AF_INET : AF_INET6, data, text, sizeof(text)))
      strv_push(ret, text);
  }
  ERR_clear_error();
}
