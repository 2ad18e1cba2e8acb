package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		speakers, err := berth.NewBgpConf(ctx, "default", &berth.BgpConfArgs{As: pulumi.Int(65000)})
		if err != nil {
			return err
		}
		router, err := berth.NewBgpPeer(ctx, "router", &berth.BgpPeerArgs{
			Conf:     &berth.BgpPeerConfArgs{NeighborAddress: pulumi.String("172.30.0.1"), PeerAs: pulumi.Int(65001)},
			Password: settings.GetSecret("routerPassword"),
		})
		if err != nil {
			return err
		}
		frr, err := router.RouterConfig(ctx, &berth.BgpPeerRouterConfigArgs{
			Vendor: pulumi.String("frr"),
			As:     speakers.As,
			Nodes:  pulumi.StringArray{pulumi.String("172.30.0.0/24")},
			Pools:  pulumi.StringArray{pulumi.String("192.0.2.10-192.0.2.40")},
		})
		if err != nil {
			return err
		}
		ctx.Export("frr", frr)
		return nil
	})
}
