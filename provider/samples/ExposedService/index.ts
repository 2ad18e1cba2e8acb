import * as berth from "@berth/pulumi";

const page = new berth.ExposedService("page", {
  selector: { app: "page" },
  ports: [{ port: 80, targetPort: 8080 }],
  eip: "office",
});

export const url = page.url;
