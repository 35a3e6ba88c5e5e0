/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Archives of plain files as POSIX has them (IEEE Std 1003.1, pax, "ustar
 * Interchange Format"): for each file a header, its bytes, zeros up to a whole
 * block; at the end two blocks of zeros.
 */
#pragma once

#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define USTAR_BLOCK 512
#define USTAR_END (2 * USTAR_BLOCK)

/* The header of a file of root's. Fails for a name of more than 99 bytes, and
 * for more bytes than 11 octal digits tell, 8 GiB. */
int ustar_header(const char *name, uint64_t size, mode_t mode, uint64_t mtime,
                 uint8_t out[static USTAR_BLOCK],
                 struct error *err) _must_check_;

/* How many zeros follow on so many bytes. */
size_t ustar_padding(uint64_t size);

/* A plain file of an archive that was read; all points into its bytes. */
struct ustar_entry {
  char name[256]; /* as it stands there, whatever it is */
  mode_t mode;    /* permission bits */
  const void *data;
  size_t len;
};

/*
 * The next plain file from *pos on, which starts at 0; others are passed over.
 * 1: ret has it; 0: the archive ends. Wrong bytes, also an archive that is cut,
 * are an error. So are extensions (pax, GNU), which names of more than 255
 * bytes need.
 */
int ustar_next(const void *data, size_t len, size_t *pos,
               struct ustar_entry *ret, struct error *err) _must_check_;

/* Whether these first bytes are those of an archive. */
bool ustar_probe(const void *data, size_t len);
