import pulumi
import pulumi_berth as berth

config = pulumi.Config()

speakers = berth.BgpConf("default", as_=65000)
router = berth.BgpPeer(
    "router",
    conf={"neighbor_address": "172.30.0.1", "peer_as": 65001},
    password=config.get_secret("routerPassword"),
)

pulumi.export(
    "frr",
    router.router_config(
        vendor="frr",
        as_=speakers.as_,
        nodes=["172.30.0.0/24"],
        pools=["192.0.2.10-192.0.2.40"],
    ),
)
