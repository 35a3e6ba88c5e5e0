/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses of what others serve.
 *
 * image.mirror: the address of a Debian mirror. It becomes an argument of
 * mmdebstrap and a line of the image's sources.list, so it is nothing but an
 * address: mmdebstrap would take options, files and whole lines in its place,
 * some of which run commands as root.
 */
#pragma once

#include <stdbool.h>

#define MIRROR_RULE                                                            \
  "an address like http://mirror.example/debian or file:///srv/debian"

/*
 * NULL for an address of http, https or file (a mirror on this machine: three
 * slashes and a path) that has no user in it; else what is wrong, to be put
 * behind "'mirror' ".
 */
const char *mirror_fault(const char *text);

/*
 * kubernetes.payload.packages, which becomes a line of apt's sources, and
 * .registry, a part of an image's name for skopeo.
 */
#define PACKAGES_RULE                                                          \
  "an address like https://mirror.example/kubernetes/core:/stable:/"
#define REGISTRY_RULE                                                          \
  "a registry like mirror.example:5000/k8s, with http:// in front when it "    \
  "has "                                                                       \
  "no TLS"

/* kubernetes.images: names with a registry and a tag, as a kubelet asks
 * containerd for them: what a pod calls docker.io/busybox:1.36 is
 * docker.io/library/busybox:1.36 there. */
#define IMAGE_RULE "a whole name like docker.io/library/busybox:1.36"
#define IMAGE_PATTERN                                                          \
  "^(?=[^/]*[.:]|localhost/)(?!docker\\.io/[^/]*$)"                            \
  "(?!index\\.docker\\.io/)[A-Za-z0-9][-.A-Za-z0-9]*(:[0-9]{1,5})?"            \
  "(/[a-z0-9]([-._a-z0-9]*[a-z0-9])?)+:[A-Za-z0-9_][-._A-Za-z0-9]{0,127}$"
bool image_name_ok(const char *text);

/* kubernetes.payload.proxy, as apt and skopeo take it from the environment. */
#define PROXY_RULE "an address like http://proxy.example:3128"

/* nodes.libvirt, which becomes an argument of virsh
 * (https://libvirt.org/uri.html). */
#define LIBVIRT_RULE "an address of libvirt like qemu+ssh://root@host1/system"
#define LIBVIRT_PATTERN                                                        \
  "^[a-z][a-z0-9]*(\\+[a-z][a-z0-9]*)?://[!-.0-~]*/[!-~]*$"
bool libvirt_uri_ok(const char *text);

/* As mirror_fault; none takes a user, which would stand in every error. */
const char *packages_fault(const char *text);
const char *proxy_fault(const char *text);
const char *registry_fault(const char *text);
