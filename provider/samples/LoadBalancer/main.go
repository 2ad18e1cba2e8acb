package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		loadBalancer, err := berth.NewLoadBalancer(ctx, "berth", &berth.LoadBalancerArgs{
			Image:    pulumi.String("example/berth:0.1.0"),
			LogLevel: pulumi.String("info"),
		})
		if err != nil {
			return err
		}
		ctx.Export("namespace", loadBalancer.Namespace)
		return nil
	})
}
