"""A first service on the LAN."""

import pulumi
import pulumi_berth as berth
from pulumi_kubernetes.apps.v1 import Deployment

config = pulumi.Config()

load_balancer = berth.LoadBalancer(
    "berth",
    image=config.require("image"),
    keep_crds=config.require_bool("keepCrds"),
)
lan = berth.Eip(
    "lan",
    address=config.require("addresses"),
    protocol="layer2",
    opts=pulumi.ResourceOptions(depends_on=[load_balancer]),
)

labels = {"app": "page"}
deployment = Deployment(
    "page",
    spec={
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "page", "image": config.require("page"), "ports": [{"containerPort": 8080}]}]},
        },
    },
)
page = berth.ExposedService(
    "page",
    selector=labels,
    ports=[{"port": 80, "target_port": 8080}],
    eip=lan.name,
    opts=pulumi.ResourceOptions(depends_on=[deployment]),
)

pulumi.export("address", page.address)
pulumi.export("url", page.url)
