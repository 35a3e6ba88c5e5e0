/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed schema: the spec's format, for editors and validators. */
#include "cmd/cli.h"

#include "spec/schema.h"
#include <errno.h>
#include <getopt.h>

int cmd_schema(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option none[] = {{0}};
  (void)cli;
  if (cli_getopt(argc, argv, "", none, err) == '?')
    return -1;
  if (argc > optind)
    return error_usage(err, "schema takes no argument: kubeseed schema");
  json_t *schema = spec_schema();
  int r = json_dumpf(schema, stdout, JSON_INDENT(2));
  int why = errno;
  json_decref(schema);
  if (r < 0)
    return error_set(err, why, "cannot write to standard output");
  putchar('\n');
  return 0;
}
