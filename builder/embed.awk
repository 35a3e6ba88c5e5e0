# SPDX-License-Identifier: GPL-3.0-or-later
#
# Turns the files named on standard input ("NAME" or "NAME x" when executable,
# sorted) into the C table of builder/base/embedded.h.
BEGIN {
  print "#include \"base/embedded.h\"\n"
}
{
  printf "static const unsigned char data_%d[] = {", NR
  command = "od -An -v -tu1 " $1
  bytes = 0
  while ((command | getline line) > 0) {
    count = split(line, byte, " ")
    for (i = 1; i <= count; i++)
      printf "%s%s", byte[i], ","
    bytes += count
    print ""
  }
  close(command)
  print "0};"
  rows[NR] = sprintf("  {\"%s\", data_%d, %d, %s},", $1, NR, bytes,
                     $2 == "x" ? "true" : "false")
}
END {
  print "\nconst struct embedded embedded[] = {"
  for (i = 1; i <= NR; i++)
    print rows[i]
  print "};\nconst size_t n_embedded = " NR ";"
}
