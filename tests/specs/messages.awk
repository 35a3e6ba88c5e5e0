# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints the sentences among the string literals of C sources, one a line:
# literals that only blanks part are one, and a sentence has words in a row.
BEGIN {
  RS = "^$"
}
{
  n = length($0)
  text = ""
  for (i = 1; i <= n; i++) {
    c = substr($0, i, 1)
    if (c == "/" && substr($0, i, 2) == "/*") {
      i += index(substr($0, i), "*/")
    } else if (c == "'") {
      i += substr($0, i + 1, 1) == "\\" ? 3 : 2
    } else if (c == "\"") {
      while ((c = substr($0, ++i, 1)) != "\"")
        text = text (c == "\\" ? substr($0, ++i, 1) : c)
    } else if (c !~ /[ \t\n]/) {
      if (text ~ /[a-z]+,? ([a-z]|%)[a-z]/)
        print text
      text = ""
    }
  }
}
