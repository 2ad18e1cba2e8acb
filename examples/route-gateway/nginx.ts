/** Where requests go: to the active colour, but for the canary's share and those that ask for one by header. */
export interface Routing {
  readonly active: string;
  readonly canary: string;
  /** The canary's share, in percent. */
  readonly percent: number;
  /** The address of each colour's Service inside the cluster. */
  readonly upstreams: Readonly<Record<string, string>>;
}

/** The configuration of nginx for a routing. */
export function nginxConf({ active, canary, percent, upstreams }: Routing): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path /tmp/${name};`);
  const share = percent > 0 ? `${percent}% ${canary};` : "";
  return `daemon off;
worker_processes 2;
pid /tmp/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${temporary.join("\n  ")}
${Object.entries(upstreams)
  .map(([name, address]) => `  upstream ${name} { server ${address}:8080; }`)
  .join("\n")}
  split_clients $request_id $share { ${share} * ${active}; }
  map $http_x_canary $chosen { always ${canary}; never ${active}; default $share; }
  server {
    listen 8080;
    location = /healthz { return 200; }
    location / { proxy_pass http://$chosen; }
  }
}
`;
}
