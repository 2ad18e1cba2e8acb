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
		ctx.Export("size", office.PoolSize)
		return nil
	})
}
