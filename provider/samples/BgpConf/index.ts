import * as berth from "@berth/pulumi";

new berth.BgpConf("default", { as: 65000 });
