# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server keeps in etcd."""
import addons


class Kube:
    def __init__(self):
        self.config = False  # kubeadm-config
        # What nodes join by; where nobody joins, the first objects are all there.
        self.cluster_info = False
        self.objects = set()  # (kind, name) of those first ones
        self.closed = 0  # what strangers are told of cluster-info, or 0
        self.ca = None
        self.tokens = {}  # id: (secret, when it expires)
        self.nodes = {}  # name: number of the disk that registered it
        self.marked = set()  # as control-plane nodes
        self.applied = {}  # manifest's text: when it was
        self.addons = addons.Addons()
        self.kinds = 0  # when the kind that one of them brings was first there

    def token_is_known(self, token, now):
        ident, _, secret = token.partition(".")
        known = self.tokens.get(ident)
        return bool(known) and known[0] == secret and now < known[1]
