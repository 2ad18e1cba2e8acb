package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		_, err := berth.NewBgpConf(ctx, "default", &berth.BgpConfArgs{As: pulumi.Int(65000)})
		return err
	})
}
