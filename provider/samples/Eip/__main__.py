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
pulumi.export("gateway", office.address_at(index=-1))
pulumi.export("isOfOffice", office.contains(address="192.0.2.20"))
pulumi.export("reserved", berth.get_address_output(addresses=["2001:db8::/64"], index=9).address)
