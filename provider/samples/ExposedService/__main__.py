import pulumi
import pulumi_berth as berth

page = berth.ExposedService(
    "page",
    selector={"app": "page"},
    ports=[{"port": 80, "target_port": 8080}],
    eip="office",
)

pulumi.export("url", page.url)
