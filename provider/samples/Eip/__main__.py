import pulumi
import pulumi_berth as berth

office = berth.Eip(
    "office",
    address="192.0.2.10-192.0.2.40",
    exclude=["192.0.2.20"],
    protocol="layer2",
    is_default=True,
)

pulumi.export("size", office.pool_size)
