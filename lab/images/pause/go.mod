module berth.dev/lab/images/pause

go 1.24.0
