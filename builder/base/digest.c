/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"

#include "base/codec.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

void sha256_raw(const void *data, size_t len,
                uint8_t out[static SHA256_BYTES]) {
  /* Can only fail without memory or without SHA-256 in libcrypto. */
  if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) != 1)
    abort();
}

void sha256_hex(const void *data, size_t len, char out[static SHA256_HEX]) {
  uint8_t raw[SHA256_BYTES];
  sha256_raw(data, len, raw);
  hex_encode(raw, sizeof(raw), out);
}

static void cleanup_ctx(EVP_MD_CTX **ctx) {
  EVP_MD_CTX_free(*ctx);
}

int sha256_file(const char *path, char out[static SHA256_HEX],
                struct error *err) {
  /* Without waiting for somebody to write to it, if it is a FIFO. */
  _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return error_set(err, errno, "cannot open '%s'", path);
  struct stat st;
  if (fstat(fd, &st) < 0)
    return error_set(err, errno, "cannot read '%s'", path);
  if (!S_ISREG(st.st_mode))
    return error_set(err, 0, "'%s' is no regular file", path);
  _cleanup_(cleanup_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
    return error_set(err, 0, "cannot start a SHA-256 digest");
  char chunk[1 << 15];
  for (;;) {
    ssize_t n = read(fd, chunk, sizeof(chunk));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return error_set(err, errno, "cannot read '%s'", path);
    if (n == 0)
      break;
    if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1)
      return error_set(err, 0, "cannot digest '%s'", path);
  }
  uint8_t raw[SHA256_BYTES];
  if (EVP_DigestFinal_ex(ctx, raw, NULL) != 1)
    return error_set(err, 0, "cannot digest '%s'", path);
  hex_encode(raw, sizeof(raw), out);
  return 0;
}
