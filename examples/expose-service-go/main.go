// A first service on the LAN.
package main

import (
	"berth.dev/sdk/go/berth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	settings := config.New(ctx, "")

	loadBalancer, err := berth.NewLoadBalancer(ctx, "berth", &berth.LoadBalancerArgs{
		Image:    pulumi.String(settings.Require("image")),
		KeepCrds: pulumi.BoolRef(settings.RequireBool("keepCrds")),
	})
	if err != nil {
		return err
	}
	lan, err := berth.NewEip(ctx, "lan", &berth.EipArgs{
		Address:  pulumi.String(settings.Require("addresses")),
		Protocol: pulumi.String("layer2"),
	}, pulumi.DependsOn([]pulumi.Resource{loadBalancer}))
	if err != nil {
		return err
	}

	labels := pulumi.StringMap{"app": pulumi.String("page")}
	deployment, err := newDeployment(ctx, "page", settings.Require("page"), labels)
	if err != nil {
		return err
	}
	page, err := berth.NewExposedService(ctx, "page", &berth.ExposedServiceArgs{
		Selector: labels,
		Ports:    berth.ExposedServicePortsArray{&berth.ExposedServicePortsArgs{Port: pulumi.Int(80), TargetPort: pulumi.Int(8080)}},
		Eip:      lan.Name,
	}, pulumi.DependsOn([]pulumi.Resource{deployment}))
	if err != nil {
		return err
	}

	ctx.Export("address", page.Address)
	ctx.Export("url", page.Url)
	return nil
}

// newDeployment declares a Deployment by its type token. The typed SDK (pulumi-kubernetes/sdk/v4) does the same, and takes minutes to compile.
func newDeployment(ctx *pulumi.Context, name, image string, labels pulumi.StringMap) (pulumi.Resource, error) {
	container := pulumi.Map{
		"name":  pulumi.String(name),
		"image": pulumi.String(image),
		"ports": pulumi.Array{pulumi.Map{"containerPort": pulumi.Int(8080)}},
	}
	spec := pulumi.Map{
		"replicas": pulumi.Int(2),
		"selector": pulumi.Map{"matchLabels": labels},
		"template": pulumi.Map{
			"metadata": pulumi.Map{"labels": labels},
			"spec":     pulumi.Map{"containers": pulumi.Array{container}},
		},
	}
	deployment := &struct{ pulumi.CustomResourceState }{}
	inputs := pulumi.Map{"apiVersion": pulumi.String("apps/v1"), "kind": pulumi.String("Deployment"), "spec": spec}
	return deployment, ctx.RegisterResource("kubernetes:apps/v1:Deployment", name, inputs, deployment, pulumi.Version("4.34.2"))
}
