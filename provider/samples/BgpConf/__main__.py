import pulumi_berth as berth

berth.BgpConf("default", as_=65000)
