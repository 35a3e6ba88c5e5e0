/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A payload that the spec gives: a folder, or a bundle, which is a file. What
 * is wrong with it is a fault of the spec.
 */
#pragma once

#include "base/error.h"
#include "image/payload.h"
#include "spec/spec.h"

/*
 * Opens it, as far as its manifest tells: of this version, for this machine and
 * the image's Debian, with images of the names that kubeadm asks for. A
 * bundle's dir stays NULL. The caller payload_done's.
 */
int given_open(const struct spec *spec, struct payload *ret,
               struct error *err) _must_check_;
