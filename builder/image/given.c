/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/given.h"

#include "base/host.h"
#include "image/bundle.h"
#include "image/contents.h"
#include "spec/addons.h"
#include "spec/cni.h"
#include <string.h>

/* What kubeadm's images are called, up to 1.24 and from then on. */
static const char *const repositories[] = {"registry.k8s.io", "k8s.gcr.io"};

static bool has_known_names(const struct payload *p) {
  for (size_t i = 0; i < ARRAY_SIZE(repositories); i++)
    if (strcmp(p->image_repository, repositories[i]) == 0)
      return true;
  return false;
}

/* A seed is made from the spec alone, which does not say what the images of a
 * folder are called. */
static int check_names(const struct spec *spec, const struct payload *p,
                       struct error *err) {
  if (has_known_names(p))
    return 0;
  bool debian = p->source && strcmp(p->source, "debian") == 0;
  return error_at(err, spec->kubernetes.payload_where,
                  "the images of the payload '%s' are called '%s/...', and "
                  "kubeadm asks for '%s/...'; %s",
                  spec->kubernetes.payload, p->image_repository,
                  repositories[0],
                  debian ? "it is the payload 'debian': write that"
                         : "give them these names");
}

static int check_machine(const struct spec *spec, const struct payload *p,
                         struct error *err) {
  const char *own = host_architecture(), *suite = contents_suite(spec);
  if (own && p->architecture && strcmp(p->architecture, own) != 0)
    return error_at(err, spec->kubernetes.payload_where,
                    "the payload '%s' is made for %s, and this machine is %s; "
                    "use one that was made for it",
                    spec->kubernetes.payload, p->architecture, own);
  if (p->debian && strcmp(p->debian, suite) != 0)
    return error_at(err, spec->kubernetes.payload_where,
                    "the bundle '%s' has the packages of Debian's %s, and the "
                    "image is Debian %d, %s; make the bundle with the same "
                    "'image.debian'",
                    spec->kubernetes.payload, p->debian, spec->image.debian,
                    suite);
  return 0;
}

static bool has_image(const struct payload *p, const char *image) {
  for (size_t i = 0; i < p->images.n; i++)
    if (strcmp(p->images.v[i].name, image) == 0)
      return true;
  return false;
}

/* Those of network.cni are called as their projects call them. */
static int check_network(const struct spec *spec, const struct payload *p,
                         struct error *err) {
  const char *name;
  size_t len;
  for (size_t i = 0; (name = cni_image_name(spec, i, &len)); i++) {
    const char *image = cni_image(spec, name, len);
    if (!image || !has_image(p, image))
      return error_at(err, spec->kubernetes.payload_where,
                      "the payload '%s' has no image %s, and cni %s needs it; "
                      "add it, or write `cni: vxlan`",
                      spec->kubernetes.payload, image ? image : name,
                      cni_name(spec->network.cni));
  }
  return 0;
}

/* So are those of add-ons. */
static int check_addons(const struct spec *spec, const struct payload *p,
                        struct error *err) {
  const char *image;
  for (size_t k = 0; k < spec->addons.n; k++) {
    enum addon a = (enum addon)spec->addons.v[k].name;
    for (size_t i = 0; (image = addon_image(spec, a, i)); i++)
      if (!has_image(p, image))
        return error_at(err, spec->kubernetes.payload_where,
                        "the payload '%s' has no image %s, and the add-on %s "
                        "needs it; add it, or leave the add-on out",
                        spec->kubernetes.payload, image, addon_name(a));
  }
  return 0;
}

static int check(const struct spec *spec, const struct payload *p,
                 struct error *err) {
  if (!payload_is(p, spec->kubernetes.version_text))
    return error_at(err, spec->kubernetes.payload_where,
                    "the payload '%s' is Kubernetes %s, not %s; write "
                    "'version: %s', or another payload",
                    spec->kubernetes.payload, p->kubernetes,
                    spec->kubernetes.version_text, p->kubernetes);
  if (check_names(spec, p, err) < 0 || check_network(spec, p, err) < 0 ||
      check_addons(spec, p, err) < 0)
    return -1;
  return check_machine(spec, p, err);
}

int given_open(const struct spec *spec, struct payload *ret,
               struct error *err) {
  _cleanup_payload_ struct payload p = {0};
  _cleanup_error_ struct error own = {0};
  const char *path = spec->kubernetes.payload;
  int r = bundle_is_file(path) ? bundle_open(path, &p, &own)
                               : payload_open(path, &p, &own);
  if (r < 0 && own.kind == ERROR_MISSING) {
    error_move(err, &own);
    return -1;
  }
  if (r < 0)
    return error_at(err, spec->kubernetes.payload_where,
                    "%s; write 'debian', 'pkgs.k8s.io', a folder with a "
                    "manifest.json or a bundle",
                    own.faults[0].msg);
  if (check(spec, &p, err) < 0)
    return -1;
  *ret = p;
  p = (struct payload){0};
  return 0;
}
