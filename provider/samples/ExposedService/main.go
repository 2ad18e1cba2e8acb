package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		page, err := berth.NewExposedService(ctx, "page", &berth.ExposedServiceArgs{
			Selector: pulumi.StringMap{"app": pulumi.String("page")},
			Ports:    berth.ExposedServicePortsArray{&berth.ExposedServicePortsArgs{Port: pulumi.Int(80), TargetPort: pulumi.Int(8080)}},
			Eip:      pulumi.String("office"),
		})
		if err != nil {
			return err
		}
		ctx.Export("url", page.Url)
		return nil
	})
}
