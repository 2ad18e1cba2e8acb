package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		_, err := berth.NewBgpPeer(ctx, "router", &berth.BgpPeerArgs{
			Conf:     &berth.BgpPeerConfArgs{NeighborAddress: pulumi.String("172.30.0.1"), PeerAs: pulumi.Int(65001)},
			Password: settings.RequireSecret("routerPassword"),
		})
		return err
	})
}
