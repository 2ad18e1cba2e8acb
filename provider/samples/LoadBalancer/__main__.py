import pulumi
import pulumi_berth as berth

load_balancer = berth.LoadBalancer("berth", image="example/berth:0.1.0", log_level="info")

pulumi.export("namespace", load_balancer.namespace)
