/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed image: bake the node image, or show where it is. */
#include "cmd/cli.h"
#include "image/store.h"
#include <getopt.h>
#include <stdio.h>

static const struct option options[] = {
    {"force", no_argument, NULL, 'f'},
    {"verify", no_argument, NULL, 'V'},
    {0},
};

int cmd_image(struct cli *cli, int argc, char **argv, struct error *err) {
  struct image_options o = {0};
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (c == '?')
      return -1;
    o.force |= c == 'f';
    o.verify |= c == 'V';
  }
  if (optind + 1 != argc)
    return error_usage(err, "image needs one spec: kubeseed image SPEC");
  _cleanup_cluster_ struct cluster c;
  _cleanup_free_ char *path = NULL;
  if (cluster_load(cli, argv[optind], &c, err) < 0 ||
      image_ensure(&cli->log, &c.plan, &o, &path, err) < 0)
    return -1;
  (void)puts(path);
  return 0;
}
