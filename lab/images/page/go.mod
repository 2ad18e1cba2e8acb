module berth.dev/lab/images/page

go 1.24.0
