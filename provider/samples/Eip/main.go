package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		office, err := berth.NewEip(ctx, "office", &berth.EipArgs{
			Address:   pulumi.String("192.0.2.10-192.0.2.40"),
			Exclude:   pulumi.StringArray{pulumi.String("192.0.2.20")},
			Protocol:  pulumi.String("layer2"),
			IsDefault: pulumi.Bool(true),
		})
		if err != nil {
			return err
		}
		gateway, err := office.AddressAt(ctx, &berth.EipAddressAtArgs{Index: pulumi.Int(-1)})
		if err != nil {
			return err
		}
		isOfOffice, err := office.Contains(ctx, &berth.EipContainsArgs{Address: pulumi.String("192.0.2.20")})
		if err != nil {
			return err
		}
		reserved := berth.GetAddressOutput(ctx, berth.GetAddressOutputArgs{
			Addresses: pulumi.StringArray{pulumi.String("2001:db8::/64")},
			Index:     pulumi.Int(9),
		})
		ctx.Export("size", office.PoolSize)
		ctx.Export("gateway", gateway)
		ctx.Export("isOfOffice", isOfOffice)
		ctx.Export("reserved", reserved.Address())
		return nil
	})
}
