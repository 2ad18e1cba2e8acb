import pulumi
import pulumi_berth as berth

config = pulumi.Config()

berth.BgpPeer(
    "router",
    conf={"neighbor_address": "172.30.0.1", "peer_as": 65001},
    password=config.get_secret("routerPassword"),
)
