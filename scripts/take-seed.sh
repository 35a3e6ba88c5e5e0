#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# take-seed.sh - at its next boot this machine takes its seed once more, if that is
# another one by then: with the certificates that `kubeseed seed` has made anew
#
# A member leaves its seed alone otherwise (step "wipe"). What its first boot did is
# not done again; what it runs is started anew where the seed has it otherwise.
# Nothing else happens now.
set -eu
rm -f /var/lib/kubeseed/steps/wipe
sync -f /
rm -f /etc/cloud/cloud-init.disabled
sync -f /
echo "attach the new seed, and boot: switch the machine off and on"
